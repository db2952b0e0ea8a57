//! Every notation of a position, and what is none.

use super::*;

fn near(text: &str, lat: f64, lon: f64) -> Option<String> {
    let read = position(text);
    match read {
        Ok(p) if (p.lat - lat).abs() < 6e-6 && (p.lon - lon).abs() < 6e-6 => None,
        other => Some(format!("{text:?}: {other:?}")),
    }
}

#[test]
fn every_notation_of_one_place_is_that_place() {
    let (lat, lon) = (31.520_278, 74.358_611);
    let wrong: Vec<String> = [
        "31.520278, 74.358611",
        "31.520278,74.358611",
        "(31.520278, 74.358611)",
        "31.520278 74.358611",
        "31.520278;74.358611",
        "31.520278 / 74.358611",
        "31,520278 74,358611",
        "31,520278; 74,358611",
        "31,520278, 74,358611",
        "\u{a0}31.520278,\u{a0}74.358611",
        "۳۱٫۵۲۰۲۷۸، ۷۴٫۳۵۸۶۱۱",
        "POINT (74.358611 31.520278)",
        "point(74.358611 31.520278)",
        "SRID=4326;POINT(74.358611 31.520278)",
        "POINT Z (74.358611 31.520278 210)",
        "31.520278N 74.358611E",
        "N31.520278 E74.358611",
        "74.358611 E, 31.520278 N",
        "31.520278° N, 74.358611° E",
        "lat 31.520278 lon 74.358611",
        "Longitude: 74.358611, Latitude: 31.520278",
        "عرض بلد 31.520278 طول بلد 74.358611",
        "31°31'13\"N 74°21'31\"E",
        "31°31′13″ N, 74°21′31″ E",
        "31° 31' 13.0\" N 74° 21' 31.0\" E",
        "N 31° 31' 13\" E 74° 21' 31\"",
        "31º31’13”N, 74º21’31”E",
        "31°31'13\" 74°21'31\"",
        "31 31 13 N 74 21 31 E",
        "31 31 13 74 21 31",
        "31:31:13 N, 74:21:31 E",
        "31-31-13 N 74-21-31 E",
        "31°31.21668'N 74°21.51666'E",
        "31 31.21668, 74 21.51666",
        "31°31'13,0\"N 74°21'31,0\"E",
        "https://maps.example/?q=31.520278,74.358611",
    ]
    .iter()
    .filter_map(|text| near(text, lat, lon))
    .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn south_and_west_are_negative_and_said_once() {
    let right = |text: &str| position(text).map(|p| (p.lat, p.lon));
    assert_eq!(right("33.9S 18.4W"), Ok((-33.9, -18.4)));
    assert_eq!(right("-33.9, -18.4"), Ok((-33.9, -18.4)));
    assert_eq!(right("\u{2212}33.9, 18.4"), Ok((-33.9, 18.4)));
    assert_eq!(right("-0.5 18.4"), Ok((-0.5, 18.4)));
    assert_eq!(right("-33.9 -18.4"), Ok((-33.9, -18.4)));
    assert_eq!(right("31.5 - 74.3"), Ok((31.5, 74.3)));
    assert_eq!(right("-33.9S 18.4E"), Err(Code::E501));
    assert_eq!(
        right("28.700944700000, -100.514561000000"),
        Ok((28.700_944_7, -100.514_561))
    );
}

#[test]
fn what_is_no_position_is_refused() {
    for text in [
        "",
        "31.5",
        "31.5, 74.3, 12.1",
        "Lahore",
        "31°61'N 74°21'E",
        "31.5.2, 74",
        "N N",
        "31.5N 74.3N",
        "POINT (74)",
        "POINT EMPTY",
        "31°31.5'13\"N 74°E",
    ] {
        assert_eq!(
            position(text).map(|p| (p.lat, p.lon)),
            Err(Code::E501),
            "{text}"
        );
    }
    assert_eq!(position("131.5, 274.3"), Err(Code::E401));
    assert_eq!(position("95N 74E"), Err(Code::E401));
}

#[test]
fn both_orders_are_given_unless_the_text_says_which_is_which() {
    let read = position("74.3587,31.5204").unwrap();
    assert_eq!(read.point().map(Point::lat), Some(74.3587));
    assert_eq!(
        read.swapped().map(|p| (p.lat(), p.lon())),
        Some((31.5204, 74.3587))
    );
    let read = position("100.5, 13.7").unwrap();
    assert_eq!(
        (read.point(), read.swapped().map(Point::lon)),
        (None, Some(100.5))
    );
    assert_eq!(position("74.3587N,31.5204E").unwrap().swapped(), None);
}

#[test]
fn a_coordinate_of_its_own_column_is_read_in_every_notation() {
    for (text, degrees) in [
        ("74.358611", 74.358_611),
        ("74,358611", 74.358_611),
        ("\u{a0}72.8717", 72.871_7),
        ("\u{2212}1.5506", -1.550_6),
        ("74.358611°E", 74.358_611),
        ("E 74.358611", 74.358_611),
        ("74°21'31\"E", 74.358_611),
        ("1.5506 W", -1.550_6),
        ("۷۴٫۳۵۸۶۱۱", 74.358_611),
    ] {
        let read = coordinate(text, false).unwrap();
        assert!((read - degrees).abs() < 6e-7, "{text}: {read}");
    }
    for text in [
        "",
        "N/A",
        "74.3 31.5",
        "74,3,5",
        "inf",
        "NaN",
        "12-12-12-12",
        "74.3,5",
    ] {
        assert!(coordinate(text, false).is_err(), "{text}");
    }
    assert_eq!(coordinate("490.320,299", true), Ok(490_320.299));
}

proptest::proptest! {
    #[test]
    fn degrees_written_and_read_are_the_same(lat in -89.0..89.0_f64, lon in -179.0..179.0_f64) {
        let (lat, lon) = ((lat * 1e6).round() / 1e6, (lon * 1e6).round() / 1e6);
        for text in [format!("{lat}, {lon}"), format!("POINT ({lon} {lat})"), format!("lat {lat} lon {lon}")] {
            let read = position(&text).unwrap();
            proptest::prop_assert_eq!((read.lat, read.lon), (lat, lon));
        }
    }
}

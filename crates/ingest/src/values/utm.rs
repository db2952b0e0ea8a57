//! UTM metres to degrees on WGS 84, for records kept by surveyors' grids: `42N 512345 3912345`.

use naqsha_model::{Code, Point};

/// Half-axis and flattening of WGS 84.
const A: f64 = 6_378_137.0;
const F: f64 = 1.0 / 298.257_223_563;
/// Scale on the central meridian.
const K0: f64 = 0.999_6;
const FALSE_EASTING: f64 = 500_000.0;
const FALSE_NORTHING: f64 = 10_000_000.0;

/// Reads a zone with its letter, an easting and a northing; none where the text is no such thing, E401 off the grid.
///
/// The letter is a hemisphere or a latitude band: `S` means the band of 32 to 40° north where the northing lies in it.
pub(crate) fn point(text: &str) -> Option<Result<Point, Code>> {
    let upper = text.to_ascii_uppercase();
    let bare = upper.replace("UTM", " ").replace("ZONE", " ");
    let mut words = bare
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '/'))
        .filter(|word| !word.is_empty() && *word != "M" && *word != "E" && *word != "N");
    let (first, second) = (words.next()?, words.next()?);
    let digits = first
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(first.len());
    let (zone, letter) = first.split_at(digits);
    let zone: u8 = zone.parse().ok().filter(|zone| (1..=60).contains(zone))?;
    let (letter, easting) = match letter {
        "" if second.len() == 1 => (second, words.next()?),
        "" => ("N", second),
        letter => (letter, second),
    };
    let northing = words.next()?;
    if words.next().is_some() || letter.len() != 1 {
        return None;
    }
    let letter = letter
        .chars()
        .next()
        .filter(|c| ('C'..='X').contains(c) && !matches!(c, 'I' | 'O'))?;
    let metres = |text: &str| {
        let number = text.trim_end_matches(['M', 'E', 'N']);
        let whole = number.split('.').next().unwrap_or_default();
        let long = (6..=8).contains(&whole.len())
            && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        long.then(|| fast_float2::parse::<f64, _>(number.as_bytes()).ok())
            .flatten()
    };
    let (easting, northing) = (metres(easting)?, metres(northing)?);
    let band_s = (3_540_000.0..4_430_000.0).contains(&northing);
    let north = letter >= 'N' && (letter != 'S' || band_s);
    if !(100_000.0..=900_000.0).contains(&easting) || !(0.0..=FALSE_NORTHING).contains(&northing) {
        return Some(Err(Code::E401));
    }
    let (lat, lon) = degrees(zone, north, easting, northing);
    Some(Point::new(lon, lat).map_err(|_range| Code::E401))
}

/// Latitude and longitude of an easting and northing, in degrees.
///
/// Krüger's series in the third flattening to its sixth power: below a micrometre inside a zone.
pub(crate) fn degrees(zone: u8, north: bool, easting: f64, northing: f64) -> (f64, f64) {
    let n = F / (2.0 - F);
    let (n2, n3) = (n * n, n * n * n);
    let n4 = n2 * n2;
    let radius = A / (1.0 + n) * (1.0 + n2 / 4.0 + n4 / 64.0 + n4 * n2 / 256.0);
    let beta = [
        n / 2.0 - 2.0 / 3.0 * n2 + 37.0 / 96.0 * n3 - n4 / 360.0,
        n2 / 48.0 + n3 / 15.0 - 437.0 / 1440.0 * n4,
        17.0 / 480.0 * n3 - 37.0 / 840.0 * n4,
        4397.0 / 161_280.0 * n4,
    ];
    let northing = if north {
        northing
    } else {
        northing - FALSE_NORTHING
    };
    let (xi, eta) = (
        northing / (K0 * radius),
        (easting - FALSE_EASTING) / (K0 * radius),
    );
    let (mut xi1, mut eta1) = (xi, eta);
    for (j, b) in [2.0, 4.0, 6.0, 8.0].into_iter().zip(beta) {
        xi1 -= b * (j * xi).sin() * (j * eta).cosh();
        eta1 -= b * (j * xi).cos() * (j * eta).sinh();
    }
    let chi = (xi1.sin() / eta1.cosh()).asin();
    // Conformal to geographic latitude by fixed points: the eccentricity is small, each step gains two digits.
    let e = (F * (2.0 - F)).sqrt();
    let tau = chi.sin().atanh();
    let mut phi = chi;
    for _ in 0..8 {
        phi = (tau + e * (e * phi.sin()).atanh()).tanh().asin();
    }
    let meridian = f64::from(zone) * 6.0 - 183.0;
    (
        phi.to_degrees(),
        meridian + eta1.sinh().atan2(xi1.cos()).to_degrees(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text, latitude, longitude by PROJ 9 (EPSG:32600 and 32700 + zone to EPSG:4326).
    const BY_PROJ: [(&str, f64, f64); 10] = [
        ("42N 512345 3912345", 35.354_316_158_4, 69.135_873_469_3),
        ("41R 300000 2800000", 25.303_166_706_0, 61.013_381_549_4),
        (
            "43N 430000.5 3500000.25",
            31.633_054_702_2,
            74.261_848_251_4,
        ),
        (
            "UTM zone 42S 650000mE 3760000mN",
            33.969_843_236_2,
            70.623_637_815_8,
        ),
        ("43 S 322000 3730000", 33.695_050_455_2, 73.079_480_300_2),
        ("42 512345 2750000", 24.864_954_295_5, 69.122_203_792_8),
        (
            "10N 490320.299 5458606.9208",
            49.280_140_226_6,
            -123.133_088_282_8,
        ),
        ("34S 261878 6243186", -33.924_866_340_5, 18.424_062_095_9),
        ("56H 334873 6252266", -33.857_000_796_6, 151.214_997_834_3),
        ("30U 699375E, 5710164N", 51.507_381_445_8, -0.126_954_179_0),
    ];

    #[test]
    fn degrees_equal_those_of_proj_to_a_millimetre() {
        for (text, lat, lon) in BY_PROJ {
            let read = point(text).unwrap().unwrap();
            let off = (read.lat() - lat).abs().max((read.lon() - lon).abs());
            assert!(off < 1e-8, "{text}: {read:?} is {off} degrees from PROJ's");
        }
    }

    #[test]
    fn numbers_that_are_no_grid_are_left_to_the_other_notations() {
        for text in [
            "31.52, 74.35",
            "31 31 13 N 74 21 31 E",
            "42N",
            "42N 512345",
            "604/23",
            "61N 512345 3912345",
            "42I 512345 3912345",
        ] {
            assert_eq!(point(text), None, "{text}");
        }
        assert_eq!(point("42N 950000 3912345"), Some(Err(Code::E401)));
    }
}

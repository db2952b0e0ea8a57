//! The golden table of messy values, row by row: what each must become, and what is not built yet.

use std::collections::BTreeMap;

use jiff::Timestamp;
use naqsha_model::{Code, TimePrecision};

use crate::Reference;
use crate::locate::{Reading, set_right};
use crate::profile::{Profile, TimeForm, ValueMap, shipped_profiles};
use crate::reference::NamedStation;
use crate::values::date::{DateRules, Order, date};
use crate::values::fir_number::fir_number;
use crate::values::moment::MomentReader;
use crate::values::number::{distance_bearing, money, quantity};
use crate::values::position::position;
use crate::values::redact::redact;
use crate::values::section::written;

const TABLE: &str = include_str!("../tests/golden_values.csv");

/// What the parsers make of a value, in the words of the table where it is exact.
fn actual(kind: &str, raw: &str) -> String {
    let reference = Reference::embedded();
    let rules = DateRules {
        order: Order::Dmy,
        pivot: 69,
    };
    let or_code = |result: Result<String, Code>| result.unwrap_or_else(|code| code.to_string());
    match kind {
        "sections" => or_code(written(raw, "PPC-1860", &reference.statutes)),
        "fir_number" => or_code(
            fir_number(raw, 69).map(|(n, year)| format!("{n} / {}", year.unwrap_or_default())),
        ),
        "date" => or_code(date(raw, rules).map(|read| match read.remark {
            Some(Code::W309) | None if read.first == read.last => read.first.to_string(),
            remark => {
                let code = remark.map(|code| format!(" {code}")).unwrap_or_default();
                format!("{}/{} {}{code}", read.first, read.last, read.precision)
            }
        })),
        "datetime" => datetime(raw),
        "qty" => {
            let units = ValueMap::new(&BTreeMap::from([("Letters".to_owned(), "l".to_owned())]));
            or_code(quantity(raw, None, &units).map(|q| {
                let code = q.remark.map(|code| format!(" {code}")).unwrap_or_default();
                format!("{} {}{code}", (q.value * 1e4).round() / 1e4, q.unit)
            }))
        }
        "money" => or_code(money(raw).map(|(n, currency)| {
            if currency == "PKR" {
                n.to_string()
            } else {
                format!("{n} {currency}")
            }
        })),
        "distance" => distance_bearing(raw).map_or("-".to_owned(), |(km, b)| {
            format!("{} km {b}", (km * 1e3).round() / 1e3)
        }),
        "pii_cnic" | "pii_phone" | "pii_relation" | "pii_account" => redact(raw)
            .codes
            .first()
            .map(ToString::to_string)
            .unwrap_or_default(),
        "latlon" if raw.ends_with("in columns lat,lon") => in_columns(raw),
        "station" => station(raw, &reference),
        "latlon" => or_code(position(raw).map(|p| format!("{:.5},{:.5}", p.lat, p.lon))),
        "district" => or_code(reference.districts.find(raw).map(|found| {
            let remark = found
                .remark
                .map(|code| format!(" ({code}"))
                .unwrap_or_default();
            format!(
                "{}{remark}",
                found.district.code.clone().unwrap_or_default()
            )
        })),
        _ => "not built".to_owned(),
    }
}

/// A pair in two columns that say latitude first; the stated district holds the pair the other way round.
fn in_columns(raw: &str) -> String {
    let (lat, rest) = raw.split_once(',').unwrap();
    let (lon, _) = rest.split_once(' ').unwrap();
    match set_right(lon.parse().unwrap(), lat.parse().unwrap(), |_| true) {
        Reading::Swapped(_) => "W402".to_owned(),
        other => format!("{other:?}"),
    }
}

/// A station alone; one of which only the spelling is in question, beside a district.
fn station(raw: &str, reference: &Reference) -> String {
    let find = |district| {
        reference
            .stations
            .find("PUNJAB-POLICE", raw, district, &reference.districts)
    };
    let lahore = reference.districts.find("Lahore").unwrap().id;
    match (find(None), find(Some(lahore)).unwrap()) {
        (
            _,
            NamedStation {
                name,
                remark: Some(code),
                ..
            },
        ) => format!("{name} {code}"),
        (Err(code), _) => code.to_string(),
        (Ok(named), _) => named.key,
    }
}

fn datetime(raw: &str) -> String {
    let (_, toml) = shipped_profiles()
        .iter()
        .find(|(id, _)| *id == "punjab.fir")
        .unwrap();
    let profile = Profile::parse(toml).unwrap();
    let (moment, remarks) = MomentReader::new(&profile)
        .read(TimeForm::DateTimeRange, raw)
        .unwrap();
    let local = |t: Timestamp| {
        let zoned = profile.zone.to_datetime(t);
        format!(
            "{zoned}{}",
            if profile.zone.to_offset(t).seconds() == 21_600 {
                "+06:00"
            } else {
                "+05:00"
            }
        )
    };
    let code = remarks.iter().flatten().find(|code| **code != Code::W309);
    match (code, moment.start, moment.end, moment.precision) {
        (Some(code), None, _, TimePrecision::Day) => format!("{code} day {}", moment.first),
        (Some(code), Some(start), _, precision) => format!("{code} {precision} {}", local(start)),
        (None, Some(start), Some(end), _) => format!("{} to {}", local(start), local(end)),
        (None, Some(start), None, _) => local(start),
        other => format!("{other:?}"),
    }
}

/// The expected words of the table in the exact form of [`actual`], where the table explains rather than states.
fn expected(kind: &str, raw: &str, words: &str) -> String {
    let first = words.split(' ').next().unwrap_or_default();
    let code = Some(first).filter(|word| Code::parse(word).is_ok());
    let exact = match (kind, raw) {
        ("date", "45385") => "2024-04-03/2024-04-03 day W308",
        ("date", "15 رمضان 1445") => "2024-03-24/2024-03-26 day W307",
        ("datetime", "2009-04-15 00:00") => "W304 day 2009-04-15",
        ("datetime", "2009-10-31 23:30") => "W305 hour 2009-10-31T23:30:00+06:00",
        ("datetime", "12-03-24 رات 10/11 بجے") => {
            "2024-03-12T22:00:00+05:00 to 2024-03-12T23:00:00+05:00"
        }
        ("qty", "1 maund 5 kg") => "42.3242 kg W506",
        ("qty", "40 tola") => "466.552 g W506",
        ("qty", "2931 Letters") => "2931 l W502",
        ("qty", "2 Pkts (1200 gms each)") => "2400 g W502",
        ("money", "USD 5000") => "5000 USD",
        ("station", "ٹھانہ سول لائن") => "Civil Lines W409",
        ("station", _) => first,
        ("latlon", _) if code.is_some() => first,
        ("sections" | "fir_number" | "date" | "pii_cnic" | "pii_phone" | "pii_relation", _)
            if code.is_some() =>
        {
            code.unwrap_or_default()
        }
        ("date", _) => words.split(' ').next().unwrap(),
        ("district", _) => words
            .split(" renamed")
            .next()
            .unwrap()
            .split(" split")
            .next()
            .unwrap(),
        _ => words,
    };
    exact.to_owned()
}

#[test]
fn golden_values_become_what_the_table_says() {
    let mut tested = 0;
    let mut wrong = Vec::new();
    let mut table = csv::ReaderBuilder::new();
    for record in table.flexible(true).from_reader(TABLE.as_bytes()).records() {
        let record = record.unwrap();
        let [kind, raw, words] = [0, 1, 2].map(|i| record.get(i).unwrap());
        // Rows with a source of their own state exactly what must come out.
        let wanted = match record.get(3) {
            Some(_source) => words.to_owned(),
            None => expected(kind, raw, words),
        };
        let right = actual(kind, raw) == wanted;
        if !right {
            wrong.push(format!(
                "{kind} {raw:?}: {} instead of {}",
                actual(kind, raw),
                wanted
            ));
        }
        tested += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // 54 of the domain study, then our own with their sources.
    assert_eq!(tested, 54 + 35);
}

proptest::proptest! {
    #[test]
    fn no_parser_panics_on_any_text(text in ".{0,60}", unit in proptest::option::of(".{0,8}")) {
        let reference = Reference::embedded();
        let rules = DateRules { order: Order::Dmy, pivot: 69 };
        let units = ValueMap::default();
        drop((written(&text, "PPC-1860", &reference.statutes), fir_number(&text, 69), date(&text, rules)));
        let _when = (crate::values::time::date_time(&text, rules), crate::values::date::month(&text));
        drop((quantity(&text, unit.as_deref(), &units), money(&text), distance_bearing(&text), position(&text), crate::values::position::coordinate(&text, true)));
        drop((redact(&text), reference.districts.find(&text).is_ok(), crate::text::slug(&text)));
        let _found = reference.gazetteer.find(&text);
    }

    #[test]
    fn no_parser_panics_on_near_misses(text in "[0-9۰-۹/.,:() -]{0,12}(PPC|ATA|kg|gms|maund|lac|hrs|رات|بجے|km|N|E|Mar|رمضان)?[0-9۰-۹/.,:() A-Ca-c-]{0,12}") {
        let reference = Reference::embedded();
        let rules = DateRules { order: Order::Dmy, pivot: 69 };
        let units = ValueMap::default();
        drop((written(&text, "PPC-1860", &reference.statutes), fir_number(&text, 69), date(&text, rules)));
        drop((crate::values::time::date_time(&text, rules), quantity(&text, None, &units), money(&text)));
        drop((distance_bearing(&text), position(&text), crate::values::position::coordinate(&text, true), redact(&text)));
    }
}

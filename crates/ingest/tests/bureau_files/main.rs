//! Bureau returns through their profiles: cases, places by name, sections, personal data, the report, generated files.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::io::Cursor;

use naqsha_ingest::{
    Ingested, LinkageSecret, Outcome, Profile, Reference, ReportInput, Settings, UsualQuantities,
    Verdict, ingest, shipped_profiles, write_report,
};
use naqsha_model::{Category, Code, Incident, LocationMethod, Precision, Substance};

mod profiles;

const ANF: &str =
    "FIR No,PS ANF,RD,Date of Seizure,U/S,Place of Seizure,Drug,Qty,Unit,Accused Name,CNIC\n";

fn profile(id: &str) -> Profile {
    let (_, toml) = shipped_profiles()
        .iter()
        .find(|(name, _)| *name == id)
        .unwrap();
    Profile::parse(toml).unwrap()
}

fn settings() -> Settings {
    Settings {
        secret: Some(LinkageSecret::new([7; 32])),
        ..Settings::received(
            "2026-01-02T03:04:05Z".parse().unwrap(),
            "2026-01-02".parse().unwrap(),
        )
    }
}

fn run(id: &str, text: &str) -> (Ingested, Vec<Incident>) {
    run_with(id, text, &settings(), &[])
}

fn run_with(
    id: &str,
    text: &str,
    settings: &Settings,
    held: &[Verdict],
) -> (Ingested, Vec<Incident>) {
    let mut taken = Vec::new();
    let mut sink = |chunk: Vec<Incident>| {
        taken.extend(chunk);
        Ok(held.to_vec())
    };
    let done = ingest(
        Cursor::new(text),
        &profile(id),
        &Reference::embedded(),
        settings,
        &mut sink,
    )
    .unwrap();
    assert_eq!(
        done.rows,
        done.accepted + done.rejected + done.duplicate + done.skipped
    );
    (done, taken)
}

fn anf(rows: &[&str]) -> String {
    format!("{ANF}{}\n", rows.join("\n"))
}

#[test]
fn lines_of_a_case_are_one_incident() {
    let (done, taken) = run(
        "anf.seizure",
        &anf(&[
            "12/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,\"Check post, Chaman\",Charas,\"1,250\",KGs,Aslam,1",
            "13/24,PS ANF Quetta,RD Bln,04-04-2024,9-C CNSA,Chaman,Heroin,2,KG,X,2",
            "12/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,\"Check post, Chaman\",Ice,500,Gms,Aslam,1",
            "12/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,\"Check post, Chaman\",Ice,500,Gms,Aslam,1",
            "12/24,PS ANF Quetta,RD Bln,05-04-2024,9-C CNSA,\"Check post, Chaman\",Opium,1,KG,Aslam,1",
        ]),
    );
    assert_eq!(
        (done.rows, done.accepted, done.duplicate, done.incidents),
        (5, 3, 2, 2)
    );
    assert_eq!((done.codes[&Code::D701], done.codes[&Code::D702]), (1, 1));
    let case = taken
        .iter()
        .find(|i| i.case.as_ref().unwrap().number == "12")
        .unwrap();
    let lines: Vec<(&str, f64)> = case
        .seizures
        .iter()
        .map(|s| (s.substance.code(), s.kilograms.unwrap()))
        .collect();
    assert_eq!(
        lines,
        [("cannabis_resin", 1250.0), ("methamphetamine", 0.5)]
    );
    assert_eq!(
        (case.case.as_ref().unwrap().year, case.unit.as_deref()),
        (Some(2024), Some("ANF-RD-BAL"))
    );
    assert_eq!(case.category, Category::DrugTrafficking);
    assert_eq!(case.offences[0].section, "9(c)");
}

#[test]
fn a_bad_line_keeps_its_whole_case_back() {
    let (done, taken) = run(
        "anf.seizure",
        &anf(&[
            "12/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman,Charas,10,KGs,,",
            "12/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman,Heroin,plenty,KG,,",
        ]),
    );
    assert_eq!(
        (done.rejected, taken.len(), done.codes[&Code::E501]),
        (2, 0, 2)
    );
}

#[test]
fn a_town_by_name_is_as_coarse_as_the_town() {
    let (_, taken) = run(
        "anf.seizure",
        &anf(&[
            "1/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman,Charas,10,KGs,,",
            "2/24,PS ANF Karachi,RD Sindh,۰۳-۰۴-۲۰۲۴,9-C CNSA,کراچی,Charas,10,KGs,,",
        ]),
    );
    let resolution = |i: &Incident| i.location.cell().map(|cell| u8::from(cell.resolution()));
    assert_eq!(
        (resolution(&taken[0]), resolution(&taken[1])),
        (Some(6), Some(4))
    );
    assert_eq!(
        (taken[0].location.method, taken[0].location.precision()),
        (LocationMethod::Gazetteer, Precision::Locality)
    );
    assert_eq!(taken[0].provenance.warnings, [Code::W403]);
    assert_eq!(
        taken[0].occurred, taken[1].occurred,
        "Urdu digits are digits"
    );
}

#[test]
fn damage_is_told_by_its_code() {
    for (row, code) in [
        (
            "12-Dec,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman,Charas,10,KGs,,",
            Code::E110,
        ),
        (
            "Dec-24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman,Charas,10,KGs,,",
            Code::E110,
        ),
        (
            "n/a!,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman,Charas,10,KGs,,",
            Code::E111,
        ),
        (
            "1/24,PS ANF Quetta,RD Bln,04/13/2024,9-C CNSA,Chaman,Charas,10,KGs,,",
            Code::E301,
        ),
        (
            "1/24,PS ANF Quetta,RD Bln,03-04-2031,9-C CNSA,Chaman,Charas,10,KGs,,",
            Code::E302,
        ),
        (
            "1/24,PS ANF Quetta,RD Moon,03-04-2024,9-C CNSA,Chaman,Charas,10,KGs,,",
            Code::E203,
        ),
        (
            "1/24,PS ANF Quetta,RD Bln,03-04-2024,9-C XYZ,Chaman,Charas,10,KGs,,",
            Code::E201,
        ),
        (
            "1/24,PS ANF Quetta,RD Bln,03-04-2024,34 PPC,Chaman,Charas,10,KGs,,",
            Code::E202,
        ),
        (
            "1/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Sahiwal,Charas,10,KGs,,",
            Code::E406,
        ),
        (
            "1/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman,Charas,-10,KGs,,",
            Code::E504,
        ),
        (
            "1/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman,Charas,10,Ltr,,",
            Code::E505,
        ),
        (
            ",PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman,Charas,10,KGs,,",
            Code::E101,
        ),
    ] {
        let (done, taken) = run("anf.seizure", &anf(&[row]));
        assert_eq!(
            (done.rejected, done.codes.get(&code), taken.len()),
            (1, Some(&1), 0),
            "{row}: {:?}",
            done.codes
        );
    }
}

#[test]
fn no_personal_data_is_kept_or_reported() {
    let text = anf(&[
        "1/24,PS ANF Quetta,RD Bln,45385,9-C CNSA,Chaman near house of Aslam s/o Ghulam 35202-1234567-1,Charas,10,KGs,=HYPERLINK(1),3520212345671",
    ]);
    let (done, taken) = run("anf.seizure", &text);
    assert_eq!(
        (
            done.warned,
            done.codes.get(&Code::P601),
            done.codes.get(&Code::P602)
        ),
        (1, Some(&1), Some(&1))
    );
    let reference = Reference::embedded();
    let (profile, settings) = (profile("anf.seizure"), settings());
    let input = ReportInput {
        profile: &profile,
        reference: &reference,
        settings: &settings,
        outcomes: &done.outcomes,
    };
    let mut report = Vec::new();
    assert_eq!(
        write_report(Cursor::new(&text), input, &mut report).unwrap(),
        1
    );
    let report = String::from_utf8(report).unwrap();
    for secret in ["Aslam", "Ghulam", "1234567", "HYPERLINK"] {
        assert!(!format!("{taken:?}").contains(secret), "{secret} is kept");
        assert!(!report.contains(secret), "{secret} is in {report}");
    }
    let mut rows = csv::Reader::from_reader(report.trim_start_matches('\u{feff}').as_bytes());
    assert_eq!(
        rows.headers().unwrap().iter().skip(11).collect::<Vec<_>>(),
        [
            "naqsha_row",
            "naqsha_outcome",
            "naqsha_codes",
            "naqsha_fixed"
        ]
    );
    let row = rows.records().next().unwrap().unwrap();
    assert_eq!(
        (&row[11], &row[12], &row[13]),
        ("1", "warned", "W308 W403 P601 P602")
    );
    assert_eq!(&row[14], r#"{"Date of Seizure":"2024-04-03"}"#);
}

#[test]
fn a_column_full_of_personal_data_holds_the_batch() {
    let rows: Vec<String> = (1..=40)
        .map(|n| {
            let phone = if n <= 3 { " 0300-1234567" } else { "" };
            format!("{n}/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman{phone},Charas,10,KGs,,")
        })
        .collect();
    let (done, _) = run(
        "anf.seizure",
        &anf(&rows.iter().map(String::as_str).collect::<Vec<_>>()),
    );
    assert_eq!(
        (done.held, done.columns_with_personal_data.as_slice()),
        (Some(Code::P603), &["Place of Seizure".to_owned()][..])
    );
}

#[test]
fn categories_follow_from_sections() {
    let header = "نمبر مقدمہ,تھانہ,ضلع,تاریخ و وقت وقوعہ,تاریخ و وقت رپورٹ,جرم,جائے وقوعہ و فاصلہ تھانہ سے,ملزم\n";
    let row = |n: u8, sections: &str, place: &str| {
        format!(
            "{n}/24,ٹھانہ سٹی,لاہور,12-03-24 رات 10/11 بجے,13-03-2024 09:30,{sections},{place},x\n"
        )
    };
    let text = format!(
        "{header}{}{}{}{}",
        row(1, "3(2) PTPA", "بمسافت 10 کلومیٹر مشرق"),
        row(2, "14 PECA/420 ت پ", "نزد ریلوے اسٹیشن لاہور"),
        row(3, "۳۰۲/۳۴ ت پ", "-"),
        row(4, "11H/11N ATA", "-")
    );
    let (done, taken) = run("punjab.fir", &text);
    assert_eq!(
        (done.accepted, done.skipped, done.codes.get(&Code::I901)),
        (3, 1, Some(&1)),
        "{:?}",
        done.codes
    );
    let categories: Vec<&str> = taken.iter().map(|i| i.category.code()).collect();
    assert_eq!(categories, ["HT", "CY", "TF"]);
    assert_eq!(
        (taken[0].location.precision(), taken[0].location.cell()),
        (Precision::District, None)
    );
    assert_eq!(taken[0].location.district.as_deref(), Some("Lahore"));
    assert_eq!(taken[1].location.precision(), Precision::Locality);
    assert!(taken[0].occurred.unwrap().end.is_some());
    assert!(done.codes.contains_key(&Code::W409));
}

#[test]
fn what_the_sink_held_is_a_duplicate_in_every_row_of_the_case() {
    let text = anf(&[
        "12/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman,Charas,10,KGs,,",
        "12/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman,Ice,500,Gms,,",
    ]);
    let (done, _) = run_with(
        "anf.seizure",
        &text,
        &settings(),
        &[Verdict {
            row: 1,
            code: Code::D702,
        }],
    );
    assert_eq!(
        (done.duplicate, done.incidents, done.codes[&Code::D702]),
        (2, 0, 2)
    );
    assert_eq!(done.outcomes.of(2), (Outcome::Duplicate, &[Code::D702][..]));
}

/// A card links records, whatever its script of digits; what stands for "unknown" links nothing.
#[test]
fn an_identity_card_becomes_a_key_and_nothing_else() {
    let row = |number: &str, card: &str| {
        format!("{number}/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman,Charas,10,KGs,,{card}")
    };
    let cards = [
        "35202-1234567-1",
        "۳۵۲۰۲۱۲۳۴۵۶۷۱",
        "0000000000000",
        "12",
        "3.52021E+12",
        "",
    ];
    let rows: Vec<String> = (1..)
        .zip(cards)
        .map(|(n, card)| row(&n.to_string(), card))
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let (done, taken) = run("anf.seizure", &anf(&rows));
    let keys: Vec<_> = taken
        .iter()
        .map(|incident| incident.details().linkage.person_keys.as_slice())
        .collect();
    assert_eq!(keys[0].len(), 1);
    assert_eq!(keys, [keys[0], keys[0], &[], &[], &[], &[]]);
    assert_eq!(done.columns[&Code::E112], [("CNIC".to_owned(), 1)].into());
    let (_, without) = run("anf.seizure", &anf(&[&row("1", "")]));
    assert_eq!(
        without[0].content, taken[0].content,
        "a result file, sent again, has no cards and changes nothing"
    );
}

#[test]
fn a_quantity_beyond_what_is_usual_is_looked_at() {
    let row = |number: u32, quantity: &str| {
        format!(
            "{number}/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman,Heroin,{quantity},KG,,"
        )
    };
    let rows = [row(1, "9"), row(2, "11"), row(3, "11000")];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let warned = |settings: &Settings| {
        let (done, taken) = run_with("anf.seizure", &anf(&rows), settings, &[]);
        assert_eq!((done.accepted, taken.len()), (3, 3));
        done.columns.get(&Code::W503).cloned().unwrap_or_default()
    };
    assert_eq!(warned(&settings()), [("Qty".to_owned(), 1)].into());
    let history = (0..1_000).map(|n| (Substance::Heroin, f64::from(n) / 100.0));
    let learned = Settings {
        usual: UsualQuantities::learned(history),
        ..settings()
    };
    assert_eq!(warned(&learned), [("Qty".to_owned(), 2)].into());
}

#[test]
fn equal_records_in_other_files_have_equal_digests() {
    let one = "12/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman,Charas,10,KGs,,";
    let other = "0012/2024,ANF quetta,RD Balochistan,3.4.2024,9C CNSA,Chaman,Hashish,10,Kgs.,,";
    let (_, a) = run("anf.seizure", &anf(&[one]));
    let (_, b) = run(
        "anf.seizure",
        &anf(&[
            "1/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman,Charas,1,KG,,",
            other,
        ]),
    );
    let b = b
        .iter()
        .find(|i| i.case.as_ref().unwrap().number == "12")
        .unwrap();
    assert_eq!((a[0].natural_key, a[0].content), (b.natural_key, b.content));
    let (_, c) = run("anf.seizure", &anf(&[&one.replace(",10,", ",11,")]));
    assert_eq!(c[0].natural_key, a[0].natural_key);
    assert_ne!(c[0].content, a[0].content);
}

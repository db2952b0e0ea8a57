//! Files as they travel: compressed, archived, in UTF-16, with ragged rows and totals; and what hides in layers.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use naqsha_ingest::{
    Code, IngestError, Ingested, Profile, Reference, ReportInput, Settings, Verdict, ingest,
    shipped_profiles, write_report,
};
use naqsha_model::Incident;

const HEADER: &str = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,Last outcome category,Context\n";
const ROW: &str = ",2016-07,X,X,-1.55,53.59,On or near Y,E1,B,Drugs,,\n";

fn profile(more_input: &str) -> Profile {
    let (_, toml) = shipped_profiles()
        .iter()
        .find(|(id, _)| *id == "open.police-uk")
        .unwrap();
    Profile::parse(&toml.replace("[input]", &format!("[input]\n{more_input}"))).unwrap()
}

fn settings() -> Settings {
    Settings::received(
        "2026-01-02T03:04:05Z".parse().unwrap(),
        "2026-01-02".parse().unwrap(),
    )
}

fn run(bytes: &[u8], more_input: &str) -> Result<(Ingested, Vec<Incident>), IngestError> {
    let mut taken = Vec::new();
    let mut sink = |chunk: Vec<Incident>| {
        taken.extend(chunk);
        Ok(Vec::<Verdict>::new())
    };
    let done = ingest(
        Cursor::new(bytes),
        &profile(more_input),
        &Reference::embedded(),
        &settings(),
        &mut sink,
    )?;
    assert_eq!(
        done.rows,
        done.accepted + done.rejected + done.duplicate + done.skipped
    );
    Ok((done, taken))
}

fn taken(bytes: &[u8], more_input: &str) -> usize {
    run(bytes, more_input).unwrap().1.len()
}

fn refused(bytes: &[u8], more_input: &str) -> (Code, String) {
    match run(bytes, more_input) {
        Err(IngestError::Refused(refusal)) => (refusal.code, refusal.detail),
        other => panic!("not refused: {other:?}"),
    }
}

fn text(rows: usize) -> String {
    format!("{HEADER}{}", ROW.repeat(rows))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut out);
    for (name, bytes) in members {
        let (mut entry, config) = archive
            .new_file(*name)
            .compression_method(rawzip::CompressionMethod::DEFLATE)
            .start()
            .unwrap();
        let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
        writer.write_all(bytes).unwrap();
        let (encoder, descriptor) = writer.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    out
}

#[test]
fn the_same_rows_come_out_of_every_wrapping() {
    let text = text(3000);
    let bytes = text.as_bytes();
    let (_, plain) = run(bytes, "").unwrap();
    assert_eq!(plain.len(), 3000);
    let junk: &[u8] = &[0, 5, 22, 7];
    let two_frames = [zstd(&bytes[..1000]), zstd(&bytes[1000..])].concat();
    for packed in [
        gzip(bytes),
        zstd(bytes),
        two_frames,
        zip(&[("cases.csv", bytes)]),
        zip(&[
            ("__MACOSX/._cases.csv", junk),
            ("a/.DS_Store", junk),
            ("a/cases.csv", bytes),
        ]),
    ] {
        let (done, taken) = run(&packed, "").unwrap();
        assert_eq!(taken.len(), 3000);
        let same = taken.iter().zip(&plain).all(|(a, b)| {
            (a.occurred, a.category, a.location.cell())
                == (b.occurred, b.category, b.location.cell())
        });
        assert!(same && done.accepted == 3000);
    }
}

#[test]
fn the_report_of_a_packed_file_is_the_report_of_its_text() {
    let text = text(40) + ",someday,X,X,,,Y,E1,B,Drugs,,\n";
    let report = |bytes: &[u8]| {
        let (done, _) = run(bytes, "").unwrap();
        let input = ReportInput {
            profile: &profile(""),
            reference: &Reference::embedded(),
            settings: &settings(),
            outcomes: &done.outcomes,
        };
        let mut out = Vec::new();
        write_report(Cursor::new(bytes), input, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let plain = report(text.as_bytes());
    assert!(plain.contains("41,rejected,E301"), "{plain}");
    assert_eq!(report(&zip(&[("a.csv", text.as_bytes())])), plain);
    assert_eq!(report(&zstd(text.as_bytes())), plain);
}

#[test]
fn the_member_is_the_only_one_or_the_one_the_profile_names() {
    let text = text(2);
    let two = zip(&[
        ("read me.txt", b"hello"),
        ("2024/cases-05.csv", text.as_bytes()),
    ]);
    let (code, detail) = refused(&two, "");
    assert_eq!(code, Code::B908);
    assert!(detail.contains("archive_member"), "{detail}");
    for name in ["2024/cases-05.csv", "cases-05.csv", "cases-*.csv"] {
        assert_eq!(
            taken(&two, &format!("archive_member = \"{name}\"")),
            2,
            "{name}"
        );
    }
    assert_eq!(refused(&two, "archive_member = \"x.csv\"").0, Code::B908);
    assert_eq!(refused(&zip(&[]), "").0, Code::B906);
}

#[test]
fn layers_are_refused() {
    let text = text(2);
    for stacked in [
        gzip(&gzip(text.as_bytes())),
        zstd(&gzip(text.as_bytes())),
        zip(&[("a.csv.gz", &gzip(text.as_bytes()))]),
    ] {
        let (code, detail) = refused(&stacked, "");
        assert_eq!(code, Code::B908);
        assert!(detail.contains("compress it once"), "{detail}");
    }
}

#[test]
fn damage_anywhere_in_an_archive_is_b907() {
    let lines: String = (0..5000)
        .map(|i| ROW.replace("-1.55", &format!("-1.{:05}", i * 7919 % 100_000)))
        .collect();
    let whole = zip(&[("a.csv", format!("{HEADER}{lines}").as_bytes())]);
    assert_eq!(taken(&whole, ""), 5000);
    assert_eq!(refused(&whole[..whole.len() - 1000], "").0, Code::B907);
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x55;
    assert_eq!(refused(&damaged, "").0, Code::B907);
    let whole = zstd(format!("{HEADER}{lines}").as_bytes());
    assert_eq!(refused(&whole[..whole.len() - 7], "").0, Code::B907);
}

#[test]
fn bombs_end_early() {
    let bomb = text(400_000);
    for packed in [zstd(bomb.as_bytes()), zip(&[("a.csv", bomb.as_bytes())])] {
        let (code, detail) = refused(&packed, "");
        assert_eq!(code, Code::B909);
        assert!(detail.contains("100:1"), "{detail}");
    }
    // Skippable frames: nothing comes out, whatever goes in.
    let frame = [
        b"\x50\x2a\x4d\x18\x00\x00\x10\x00".to_vec(),
        vec![0; 1 << 20],
    ]
    .concat();
    let (code, detail) = refused(&[frame.repeat(20), zstd(HEADER.as_bytes())].concat(), "");
    assert_eq!(code, Code::B909, "{detail}");
    let few = [frame, zstd(text(2).as_bytes())].concat();
    assert_eq!(taken(&few, ""), 2);
    let many: Vec<(String, Vec<u8>)> = (0..101).map(|i| (format!("{i}"), Vec::new())).collect();
    let many: Vec<(&str, &[u8])> = many
        .iter()
        .map(|(n, b)| (n.as_str(), b.as_slice()))
        .collect();
    assert_eq!(refused(&zip(&many), "").0, Code::B909);
}

#[test]
fn other_documents_in_zip_clothing_are_named() {
    for (member, words) in [
        ("xl/workbook.bin", "xlsb"),
        ("content.xml", "OpenDocument"),
        ("word/document.xml", "Word"),
    ] {
        let (code, detail) = refused(&zip(&[(member, b"x")]), "");
        assert_eq!(code, Code::B908);
        assert!(detail.contains(words), "{detail}");
    }
}

#[test]
fn unicode_text_of_spreadsheets_is_read_in_both_byte_orders() {
    let text = format!("\u{feff}{}", text(2000)).replace(',', "\t");
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [little.clone(), big, gzip(&little)] {
        assert_eq!(taken(&bytes, ""), 2000);
    }
    assert_eq!(refused(&little[..little.len() - 1], "").0, Code::B901);
    // Without its mark it is binary.
    assert_eq!(refused(&little[2..], "").0, Code::B908);
}

#[test]
fn rows_with_blank_cells_too_many_or_too_few_at_their_end_are_whole() {
    let more = ROW.replace('\n', ",,,\n");
    let fewer = ROW.replace(",,\n", "\n");
    assert_eq!(
        taken(format!("{HEADER}{ROW}{more}{fewer}").as_bytes(), ""),
        3
    );
    let more = ROW.replace('\n', ",,x\n");
    assert_eq!(
        refused(format!("{HEADER}{ROW}{more}").as_bytes(), "").0,
        Code::B908
    );
    let broken = ROW.replace("On or near Y", "On or\nnear Y");
    assert_eq!(
        refused(format!("{HEADER}{ROW}{broken}").as_bytes(), "").0,
        Code::B908
    );
    let wide_header = HEADER.replace('\n', ",,\n");
    assert_eq!(
        taken(
            format!("{wide_header}{more}", more = ROW.replace('\n', ",,\n")).as_bytes(),
            ""
        ),
        1
    );
}

#[test]
fn a_row_of_totals_is_skipped_with_its_code() {
    let (done, taken) = run(format!("{HEADER}{ROW}Total,,,,,,,,,1,,\n").as_bytes(), "").unwrap();
    assert_eq!((done.rows, done.skipped, taken.len()), (2, 1, 1));
    assert_eq!(done.codes[&Code::B910], 1);
}

#[test]
fn a_table_of_numbers_is_b910() {
    let (code, detail) = refused(b"Year,District,Total Cases\n2019,Lahore,12\n", "");
    assert_eq!(code, Code::B910);
    assert!(
        detail.contains("Year") && detail.contains("Total Cases"),
        "{detail}"
    );
}

#[test]
fn headers_stand_below_banners_and_above_each_other() {
    let (first, second) = HEADER.trim().split_once(' ').unwrap();
    let names: Vec<&str> = second.split(',').collect();
    let upper = format!("{first}{}\n", ",".repeat(names.len() - 1));
    let file = format!("Punjab Police,,\nReturn for July,,,\n{upper}{second}\n{ROW}");
    assert_eq!(taken(file.as_bytes(), "header_row = 3\nheader_rows = 2"), 1);
}

#[test]
fn a_format_other_than_the_declared_one_is_b908() {
    let (code, detail) = refused(br#"{"type":"FeatureCollection","features":[]}"#, "");
    assert_eq!(code, Code::B908);
    assert!(
        detail.contains("geojson") && detail.contains("csv"),
        "{detail}"
    );
}

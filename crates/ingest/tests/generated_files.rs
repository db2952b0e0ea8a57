//! Synthetic bureau files: the same for the same seed, and what becomes of each row is what the truth beside it says.

#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "helpers of tests fail by panicking; counts are small"
)]

mod generated;

use std::collections::BTreeMap;
use std::io::Cursor;

use generated::{Files, TruthRow, generated, ingest_file, profile, profile_of, truth};
use naqsha_ingest::{
    Code, GenerateSettings, Ingested, Reference, ReportInput, Verdict, digest, ingest,
    manifest_says_synthetic, write_report,
};
use naqsha_model::Incident;

#[test]
fn generated_files_are_the_same_for_the_same_seed_and_synthetic() {
    let files = generated(&GenerateSettings::new(3_000, 7, 0.1));
    assert_eq!(files, generated(&GenerateSettings::new(3_000, 7, 0.1)));
    assert_ne!(files, generated(&GenerateSettings::new(3_000, 8, 0.1)));
    let manifest = std::str::from_utf8(&files["MANIFEST.toml"]).unwrap();
    for (name, bytes) in files.iter().filter(|(name, _)| *name != "MANIFEST.toml") {
        assert!(
            manifest_says_synthetic(manifest, &digest(&bytes[..]).unwrap()),
            "{name}"
        );
    }
    let other = digest(&b"other"[..]).unwrap();
    assert!(!manifest_says_synthetic(manifest, &other));
    assert!(!manifest_says_synthetic("synthetic = false", &other));
}

#[test]
fn clean_files_are_accepted_to_the_row() {
    let files = generated(&GenerateSettings::new(4_000, 1, 0.0));
    let mut categories = BTreeMap::new();
    let mut incidents = 0;
    for (name, bytes) in bureau_files(&files) {
        let (done, taken) = ingest_file(name, bytes);
        assert_eq!(
            (done.held, done.accepted),
            (None, done.rows),
            "{name}: {:?}",
            done.codes
        );
        assert!(
            name.contains(".xlsx") || taken.iter().all(|i| i.location.cell().is_some()),
            "every place is found"
        );
        incidents += done.incidents;
        for (category, n) in &done.categories {
            *categories.entry(category.code()).or_insert(0) += n;
        }
    }
    assert_eq!(incidents, 4_000);
    assert_eq!(
        categories.keys().copied().collect::<Vec<_>>(),
        ["CY", "DT", "HT", "TF"]
    );
}

/// The files that bureaus would send.
fn bureau_files(files: &Files) -> impl Iterator<Item = (&str, &[u8])> {
    files
        .iter()
        .filter(|(name, _)| matches!(name.rsplit_once('.'), Some((_, "csv" | "xlsx"))))
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
}

/// What was measured over all files.
#[derive(Debug, Default)]
struct Score {
    rows: u64,
    accepted: u64,
    right: u64,
    /// What went wrong, how often, and the first row of it.
    wrong: BTreeMap<String, (u64, String)>,
}

impl Score {
    fn note(&mut self, what: String, file: &str, row: u64) {
        let first = || (0, format!("{file} row {row}"));
        self.wrong.entry(what).or_insert_with(first).0 += 1;
    }
}

#[test]
fn every_row_of_messy_files_gets_what_the_truth_says() {
    let files = generated(&GenerateSettings::new(20_000, 3, 0.6));
    let truth = truth(&files["truth.parquet"]);
    let mut score = Score::default();
    let mut seen = std::collections::BTreeSet::new();
    for (name, bytes) in bureau_files(&files) {
        seen.insert(profile_of(name).to_owned());
        let (done, taken) = ingest_file(name, bytes);
        let expected = &truth[name];
        assert_eq!(done.rows, expected.len() as u64, "{name}");
        assert_eq!(
            done.rows,
            done.accepted + done.rejected + done.duplicate + done.skipped
        );
        let by_row: BTreeMap<u64, &Incident> =
            taken.iter().map(|i| (i.provenance.row, i)).collect();
        for (row, truth) in (1..).zip(expected) {
            score.rows += 1;
            let (outcome, codes) = done.outcomes.of(row);
            let word = if outcome.word() == "warned" {
                "accepted"
            } else {
                outcome.word()
            };
            let codes: Vec<&str> = codes.iter().map(|code| code.code()).collect();
            let told =
                word == truth.outcome && truth.codes.iter().all(|c| codes.contains(&c.as_str()));
            if !told {
                let what = format!(
                    "{word} {codes:?}, not {} {:?} ({})",
                    truth.outcome, truth.codes, truth.mess
                );
                score.note(what, name, row);
            }
            if let Some(incident) = by_row.get(&row).filter(|_| word == "accepted") {
                score.accepted += 1;
                match wrong_field(incident, truth) {
                    None => score.right += 1,
                    Some(what) => score.note(format!("{what} ({})", truth.mess), name, row),
                }
            }
        }
    }
    assert!(score.wrong.is_empty(), "{:#?}", score.wrong);
    assert_eq!(seen.len(), 5, "{seen:?}");
    assert!(score.right * 1000 >= score.accepted * 999 && score.accepted > 10_000);
}

/// What an accepted incident says otherwise than the truth.
fn wrong_field(incident: &Incident, truth: &TruthRow) -> Option<String> {
    let category = match incident.category.subtype() {
        Some(subtype) => format!("{}/{subtype}", incident.category.code()),
        None => incident.category.code().to_owned(),
    };
    if category != truth.category {
        return Some(format!("category {category}, not {}", truth.category));
    }
    let when = incident.occurred.or(incident.reported)?;
    let (begin, end) = (when.days.first().date(), when.days.last().date());
    let day = truth.day?;
    let length = end.since(begin).unwrap().get_days();
    let most = if truth.precision == "month" { 31 } else { 2 };
    if day < begin || day > end || length > most {
        return Some(format!("{begin} to {end}, not {day}"));
    }
    let (lon, lat) = truth.point?;
    let point = incident.location.point()?;
    let apart = (point.lon() - lon).abs().max((point.lat() - lat).abs());
    (apart > 0.02).then(|| format!("{} {}, not {lon} {lat}", point.lon(), point.lat()))
}

/// Parts of names that many have, and words of addresses.
const COMMON: [&str; 17] = [
    "synthetic",
    "muhammad",
    "ghulam",
    "abdul",
    "noor",
    "syed",
    "khan",
    "mian",
    "haji",
    "allah",
    "house",
    "street",
    "محمد",
    "غلام",
    "خان",
    "حاجی",
    "اللہ",
];

/// Words of a planted text that give its person away: numbers without their signs, and the rarer parts of names.
fn tokens(text: &str) -> Vec<String> {
    let plain = plain(text);
    let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
    if digits.len() >= 4 {
        return vec![digits];
    }
    text.split_whitespace()
        .map(str::to_lowercase)
        .filter(|word| word.chars().count() >= 5 && !COMMON.contains(&word.as_str()))
        .collect()
}

/// Lower-case, with ASCII digits, without anything between them.
fn plain(text: &str) -> String {
    text.to_lowercase()
        .chars()
        .map(|c| match c {
            '\u{6f0}'..='\u{6f9}' => char::from_digit(u32::from(c) - 0x6f0, 10).unwrap(),
            '\u{660}'..='\u{669}' => char::from_digit(u32::from(c) - 0x660, 10).unwrap(),
            c => c,
        })
        .filter(|c| c.is_alphanumeric())
        .collect()
}

#[test]
fn personal_data_planted_in_files_is_neither_kept_nor_reported() {
    let mut settings = GenerateSettings::new(9_000, 5, 0.3);
    settings.private = 0.4;
    let files = generated(&settings);
    let truth = truth(&files["truth.parquet"]);
    let (mut planted, mut leaked) = (0_u32, Vec::new());
    let (mut flagged, mut false_alarms) = (0_u32, Vec::new());
    for (name, bytes) in bureau_files(&files) {
        let (done, taken) = ingest_file(name, bytes);
        let report = report(name, bytes, &done);
        let mut kept: BTreeMap<u64, String> = BTreeMap::new();
        for incident in &taken {
            kept.insert(incident.provenance.row, plain(&format!("{incident:?}")));
        }
        for ((row, truth), line) in (1..).zip(&truth[name]).zip(&report) {
            let (_, codes) = done.outcomes.of(row);
            let line = plain(line);
            let in_kept_text = truth.mess.contains("private_in_kept_text");
            if codes
                .iter()
                .any(|code| matches!(code, Code::P601 | Code::P602))
            {
                flagged += 1;
                if !in_kept_text {
                    false_alarms.push(format!("{name} row {row} ({})", truth.mess));
                }
            }
            for (column, text) in &truth.private {
                planted += 1;
                let stored = kept.get(&row).map_or("", String::as_str);
                if tokens(text)
                    .iter()
                    .any(|t| stored.contains(t) || line.contains(t))
                {
                    leaked.push(format!("{name} row {row} {column}: {text}"));
                }
            }
        }
    }
    assert!(
        planted > 4_000 && flagged > 1_000,
        "{planted} planted, {flagged} found"
    );
    let (missed, false_alarm) = (leaked.len() as f64, false_alarms.len() as f64);
    assert!(
        missed <= 0.005 * f64::from(planted),
        "{} of {planted}: {leaked:#?}",
        leaked.len()
    );
    assert!(
        false_alarm <= 0.02 * f64::from(flagged),
        "{false_alarms:#?}"
    );
}

/// The lines of the report, without the header.
fn report(name: &str, bytes: &[u8], done: &Ingested) -> Vec<String> {
    let mut out = Vec::new();
    let input = ReportInput {
        profile: &profile(profile_of(name)),
        reference: &Reference::embedded(),
        settings: &generated::settings(),
        outcomes: &done.outcomes,
    };
    write_report(Cursor::new(bytes), input, &mut out).unwrap();
    let mut lines = Vec::new();
    for record in csv::Reader::from_reader(&out[..]).records() {
        lines.push(record.unwrap().iter().collect::<Vec<_>>().join(" | "));
    }
    lines
}

#[test]
fn fixing_the_report_and_sending_it_back_takes_exactly_the_missing_rows() {
    let files = generated(&GenerateSettings::new(4_000, 11, 0.7));
    let name = "punjab.fir-001.csv";
    let mut store = BTreeMap::new();
    // Without the total under the table: a clerk does not correct that into a record.
    let table = files[name].trim_ascii_end();
    let end = table.iter().rposition(|&byte| byte == b'\n').unwrap();
    let table = &table[..=end];
    let first = send(table, &mut store);
    let mut out = Vec::new();
    let input = ReportInput {
        profile: &profile("punjab.fir"),
        reference: &Reference::embedded(),
        settings: &generated::settings(),
        outcomes: &first.outcomes,
    };
    write_report(Cursor::new(table), input, &mut out).unwrap();
    let mut reader = csv::Reader::from_reader(&out[..]);
    let header = reader.headers().unwrap().clone();
    let mut fixed = csv::Writer::from_writer(Vec::new());
    fixed.write_record(&header).unwrap();
    for record in reader.records() {
        let record = record.unwrap();
        let was_rejected = record.iter().any(|cell| cell == "rejected");
        let cells = header.iter().zip(&record).map(|(column, cell)| {
            let right = match column.trim_start_matches('\u{feff}') {
                "FIR No" => Some(format!("9{}/25", &record[header.len() - 4])),
                "District" => Some("Lahore".to_owned()),
                "Date/Time of Report" => Some("15-03-2025".to_owned()),
                "U/S" => Some("14 PECA".to_owned()),
                "Status" => Some("U/I".to_owned()),
                "Latitude" | "Longitude" => Some(String::new()),
                _ => None,
            };
            right
                .filter(|_| was_rejected)
                .unwrap_or_else(|| cell.to_owned())
        });
        fixed.write_record(cells.collect::<Vec<_>>()).unwrap();
    }
    let fixed = fixed.into_inner().unwrap();
    let second = send(&fixed, &mut store);
    assert!(first.rejected > 50, "{:?}", first.codes);
    assert_eq!(
        (second.accepted, second.rejected),
        (first.rejected, 0),
        "{:?}",
        second.codes
    );
    assert_eq!(
        (second.rows, second.duplicate),
        (first.rows, first.accepted + first.duplicate),
    );
    assert_eq!(second.skipped, first.skipped);
}

/// Ingests a file of the Punjab into a store that knows what it holds.
fn send(
    bytes: &[u8],
    store: &mut BTreeMap<naqsha_model::NaturalKey, naqsha_model::ContentDigest>,
) -> Ingested {
    let mut sink = |incidents: Vec<Incident>| {
        let mut verdicts = Vec::new();
        for incident in incidents {
            let key = incident.natural_key.unwrap();
            match store.get(&key) {
                None => {
                    store.insert(key, incident.content);
                }
                Some(held) => verdicts.push(Verdict {
                    row: incident.provenance.row,
                    code: if *held == incident.content {
                        Code::D701
                    } else {
                        Code::D702
                    },
                }),
            }
        }
        Ok(verdicts)
    };
    let (profile, reference, settings) = (
        profile("punjab.fir"),
        Reference::embedded(),
        generated::settings(),
    );
    ingest(
        Cursor::new(bytes),
        &profile,
        &reference,
        &settings,
        &mut sink,
    )
    .unwrap()
}

#[test]
fn profiles_name_the_files_that_are_made_for_them() {
    let files = generated(&GenerateSettings::new(500, 2, 0.0));
    for (name, _) in bureau_files(&files) {
        assert_eq!(profile(profile_of(name)).id(), profile_of(name));
    }
    assert_eq!(bureau_files(&files).count(), 5);
    // Small as it is, the truth has a row for each of theirs.
    assert_eq!(truth(&files["truth.parquet"]).len(), 5);
}

//! Canaries: personal data planted wherever a bureau's file can hold it is in nothing that the program keeps or says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use naqsha_tests::program::naqsha;
use serde_json::json;

/// What nobody may find, as it is written and as its digits alone.
const CANARIES: [&str; 9] = [
    "35202-7654321-9",
    "3520276543219",
    "0301-7654321",
    "3017654321",
    "Zulfiqar",
    "Rehmatullah",
    "canary@example.org",
    "36SCBL0000001123456702",
    "LEB-7654",
];

/// An ANF return with canaries in a kept text, in dropped columns, and where a date, a drug, a quantity and a section
/// should stand.
const FILE: &str = "\
FIR No,PS ANF,RD,Date of Seizure,U/S,Place of Seizure,Drug,Qty,Unit,Accused Name,Father Name,CNIC,Cell No,Address
1/24,PS ANF Multan,RD Punjab,03-04-2024,9C CNSA,\"Multan, Zulfiqar s/o Rehmatullah, CNIC 35202-7654321-9, LEB-7654\",Charas,5,KG,Zulfiqar,Rehmatullah,35202-7654321-9,0301-7654321,House of Zulfiqar
2/24,PS ANF Multan,RD Punjab,04-04-2024,9C CNSA,Multan call 0301-7654321 or canary@example.org IBAN PK36SCBL0000001123456702,Charas,5,KG,-,-,۳۵۲۰۲-۷۶۵۴۳۲۱-۹,-,-
3/24,PS ANF Multan,RD Punjab,35202-7654321-9,9C CNSA,Multan,Charas,5,KG,-,-,-,-,-
4/24,PS ANF Multan,RD Punjab,05-04-2024,9C CNSA,Multan,0301-7654321,5,KG,-,-,-,-,-
5/24,PS ANF Multan,RD Punjab,05-04-2024,9C CNSA,Multan,Charas,35202-7654321-9,KG,-,-,-,-,-
6/24,PS ANF Multan,RD Punjab,05-04-2024,35202-7654321-9,Multan,Charas,5,KG,-,-,-,-,-
35202-7654321-9,PS ANF Multan,RD Punjab,05-04-2024,9C CNSA,Multan,Charas,5,KG,-,-,-,-,-
8/24,PS ANF Multan,RD Punjab,05-04-2024,9C CNSA,Multan,Charas,5,KG,-,-,-,-,-
9/24,PS ANF Multan,RD Punjab,05-04-2024,9C CNSA,Multan,Charas,5,KG,-,-,-,-,-
10/24,PS ANF Multan,RD Punjab,05-04-2024,9C CNSA,Multan,Charas,5,KG,-,-,-,-,-
";

struct Bureau {
    folder: tempfile::TempDir,
}

impl Bureau {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = naqsha();
        command.arg("-vv").arg("--data").arg(self.path("store"));
        command.args(arguments).output().unwrap()
    }

    /// Every file below the store, as text; what is compressed is read back first.
    fn kept(&self) -> Vec<(String, String)> {
        let mut kept = Vec::new();
        let mut folders = vec![self.path("store")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    kept.push((path.display().to_string(), text(&path)));
                }
            }
        }
        kept
    }
}

fn text(path: &Path) -> String {
    if path
        .extension()
        .is_none_or(|extension| extension != "parquet")
    {
        return String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    }
    let request = json!({ "holder": "parquet", "sheets": [], "skip": 0, "header_rows": null, "columns": 256,
        "field_bytes": 65_536 });
    let read = naqsha()
        .arg("read-table")
        .arg(request.to_string())
        .current_dir("/")
        .stdin(fs::File::open(path).unwrap())
        .output()
        .unwrap();
    let rows = String::from_utf8_lossy(&read.stdout).into_owned();
    assert!(
        rows.contains("place_text"),
        "the file was read: {rows:?} {read:?}"
    );
    rows
}

fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}

#[test]
fn nothing_that_is_kept_or_said_holds_a_canary() {
    let folder = tempfile::tempdir().unwrap();
    let bureau = Bureau { folder };
    let file = bureau.path("return.csv");
    let sound = |n| {
        format!("{n}/24,PS ANF Multan,RD Punjab,05-04-2024,9C CNSA,Multan,Charas,5,KG,-,-,-,-,-\n")
    };
    let sound = (11..40).map(sound).collect::<Vec<_>>().concat();
    fs::write(&file, format!("{FILE}{sound}")).unwrap();
    let (file, report) = (file.to_str().unwrap(), bureau.path("report.csv"));
    let out = bureau.path("incidents.csv");
    let mut spoken = Vec::new();
    for arguments in [
        &["init"][..],
        &["profile", "check", "anf.seizure", file],
        &["ingest", "--dry-run", "--profile", "anf.seizure", file],
        &[
            "ingest",
            "--profile",
            "anf.seizure",
            "--report",
            report.to_str().unwrap(),
            file,
        ],
        &["--json", "ingest", "--profile", "anf.seizure", file],
        &["ingest", "--profile", "punjab.fir", file],
        &["batch", "list"],
        &[
            "export",
            "incidents",
            "--format",
            "csv",
            "--out",
            out.to_str().unwrap(),
        ],
    ] {
        spoken.push((format!("{arguments:?}"), said(&bureau.run(arguments))));
    }
    let taken = &spoken[3].1;
    assert!(taken.contains("39 rows: 34 accepted"), "{taken}");
    let mut everything = spoken;
    everything.push(("report".to_owned(), fs::read_to_string(&report).unwrap()));
    everything.push((
        "export".to_owned(),
        fs::read_to_string(&out).unwrap_or_default(),
    ));
    everything.extend(bureau.kept());
    assert!(
        everything
            .iter()
            .any(|(place, _)| place.ends_with(".parquet"))
    );
    for (place, words) in &everything {
        let digits = words.replace(['-', ' '], "");
        for canary in CANARIES {
            let found = words.contains(canary) || digits.contains(&canary.replace('-', ""));
            assert!(!found, "{canary} is in {place}: {words}");
        }
    }
}

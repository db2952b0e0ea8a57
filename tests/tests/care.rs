//! A deployer's care of a store, with the program: verify, doctor, backup, restore, and what earlier versions said.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, which the lints do not know as tests"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use naqsha_tests::program::{naqsha, run};
use naqsha_tests::server::Server;
use serde_json::Value;

const LAHORE: &str =
    "time,lon,lat,category\n2024-03-02 10:00,74.33,31.55,DT\n2024-03-03 11:00,74.34,31.56,DT\n";
const PESHAWAR: &str = "time,lon,lat,category\n2025-01-05 10:00,71.52,34.01,TF\n";

fn store(folder: &Path) -> PathBuf {
    let store = folder.join("store");
    run(&store, &["init"]);
    store
}

fn ingest(store: &Path, name: &str, text: &str) -> String {
    let file = store.with_file_name(name);
    fs::write(&file, text).unwrap();
    let set = [
        "--set",
        "date=time",
        "--set",
        "lon=lon",
        "--set",
        "lat=lat",
        "--set",
        "category=category",
    ];
    let file = file.to_str().unwrap();
    let args = [
        &["ingest", "--profile", "open.generic-points"],
        &set[..],
        &[file],
    ]
    .concat();
    run(store, &args)["batch"].as_str().unwrap().to_owned()
}

/// Runs a command that need not succeed.
fn tried(store: &Path, args: &[&str]) -> Output {
    let mut command = naqsha();
    command.arg("--data").arg(store).args(args);
    command.output().unwrap()
}

fn export(store: &Path, params: &[&str]) -> Result<Vec<u8>, Option<i32>> {
    let out = store.with_file_name("out.geojson");
    let params = params.iter().flat_map(|param| ["--param", param]);
    let args: Vec<&str> = ["export", "incidents", "--out", out.to_str().unwrap()]
        .into_iter()
        .chain(params)
        .collect();
    let output = tried(store, &args);
    if output.status.success() {
        Ok(fs::read(&out).unwrap())
    } else {
        Err(output.status.code())
    }
}

fn serving(store: &Path) -> Server {
    let config = store.with_file_name("naqsha.toml");
    fs::write(&config, "").unwrap();
    Server::over(&config, store)
}

/// Layers, days, and the status of the answer.
fn answers(server: &Server, expected: &[(&str, &str, u16)]) {
    for &(layer, days, status) in expected {
        let answer = server.get(&format!("/collections/{layer}/items?datetime={days}"));
        assert_eq!(answer.status, status, "{layer} {days}");
    }
}

fn file_of(store: &Path, batch: &str) -> PathBuf {
    store.join(format!("incidents/{batch}-00000.parquet"))
}

#[test]
fn damage_is_named_and_what_it_does_not_touch_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let lahore = ingest(&store, "lahore.csv", LAHORE);
    ingest(&store, "peshawar.csv", PESHAWAR);
    assert_eq!(run(&store, &["verify"])["whole"], true);
    assert!(tried(&store, &["doctor"]).status.success());
    let whole = export(&store, &["datetime=2025-01-01/2025-12-31"]).unwrap();

    let path = file_of(&store, &lahore);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(&path, &bytes).unwrap();

    let output = tried(&store, &["verify"]);
    assert_eq!(output.status.code(), Some(4));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains(&format!("incidents/{lahore}-00000.parquet")),
        "{said}"
    );
    assert!(said.contains("2 records"), "{said}");
    assert_eq!(
        export(&store, &[]),
        Err(Some(4)),
        "it may hold what is asked"
    );
    assert_eq!(
        export(&store, &["datetime=2024-03-01/2024-03-31"]),
        Err(Some(4))
    );
    assert_eq!(
        export(&store, &["datetime=2025-01-01/2025-12-31"]),
        Ok(whole)
    );

    // What the kept index counts is right whatever became of the file; records are read from the file.
    answers(
        &serving(&store),
        &[
            ("incidents", "2024-03-01/2024-03-31", 500),
            ("counts", "2024-03-01/2024-03-31", 200),
            ("incidents", "2025-01-01/2025-12-31", 200),
        ],
    );
    fs::remove_dir_all(store.join("index")).unwrap();
    answers(
        &serving(&store),
        &[
            ("incidents", "2024-03-01/2024-03-31", 500),
            ("counts", "2024-03-01/2024-03-31", 500),
            ("incidents", "2025-01-01/2025-12-31", 200),
            ("counts", "2025-01-01/2025-12-31", 200),
            ("hotspots", "2025-01-01/2025-12-31", 200),
        ],
    );

    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(
        tried(&store, &["doctor"]).status.code(),
        Some(4),
        "its length is seen"
    );
}

#[test]
fn a_backup_comes_back_as_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    ingest(&store, "lahore.csv", LAHORE);
    let withdrawn = ingest(&store, "peshawar.csv", PESHAWAR);
    run(&store, &["batch", "withdraw", &withdrawn, "--reason", "x"]);
    let (copy, back) = (folder.path().join("copy"), folder.path().join("back"));
    let told = run(&store, &["backup", "--out", copy.to_str().unwrap()]);
    assert_eq!(
        (&told["data_version"], &told["batches"]),
        (&3.into(), &2.into())
    );
    assert_eq!(run(&copy, &["verify"])["whole"], true);
    run(&back, &["restore", "--from", copy.to_str().unwrap()]);
    assert_eq!(run(&back, &["verify"])["whole"], true);
    assert_eq!(export(&back, &[]), export(&store, &[]));
    assert_eq!(export(&back, &["as_of=2"]), export(&store, &["as_of=2"]));
    let again = tried(&store, &["restore", "--from", copy.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(1), "never over a store");
    assert_eq!(
        run(&back, &["batch", "list"]),
        run(&store, &["batch", "list"])
    );
}

#[test]
fn an_earlier_version_answers_as_it_did_then() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut shown = vec![export(&store, &[]).unwrap()];
    let lahore = ingest(&store, "lahore.csv", LAHORE);
    shown.push(export(&store, &[]).unwrap());
    ingest(&store, "peshawar.csv", PESHAWAR);
    shown.push(export(&store, &[]).unwrap());
    run(&store, &["batch", "withdraw", &lahore, "--reason", "x"]);
    shown.push(export(&store, &[]).unwrap());
    run(&store, &["batch", "restore", &lahore]);
    shown.push(export(&store, &[]).unwrap());
    assert_ne!(shown[2], shown[3]);
    for (version, bytes) in shown.iter().enumerate() {
        assert_eq!(
            export(&store, &[&format!("as_of={version}")]).as_ref(),
            Ok(bytes)
        );
    }
    assert_eq!(export(&store, &["as_of=5"]), Err(Some(2)));

    let server = serving(&store);
    let items = "/collections/incidents/items?limit=10";
    let then = server.get(&format!("{items}&as_of=3"));
    assert_eq!(then.header("x-data-version"), "3");
    let count = |path: &str| server.json(path)["numberMatched"].as_u64();
    assert_eq!(count(&format!("{items}&as_of=3")), Some(1));
    assert_eq!(count(items), Some(3));
    assert_eq!(server.get(&format!("{items}&as_of=5")).status, 404);
    assert_eq!(server.get(&format!("{items}&as_of=-1")).status, 400);
    run(&store, &["batch", "withdraw", &lahore, "--reason", "again"]);
    assert_eq!(
        count(&format!("{items}&as_of=4")),
        Some(3),
        "also while it serves on"
    );
}

#[test]
fn compacting_says_what_it_freed_and_changes_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    ingest(&store, "lahore.csv", LAHORE);
    ingest(&store, "peshawar.csv", PESHAWAR);
    let (newest, first) = (export(&store, &[]), export(&store, &["as_of=1"]));
    assert!(newest.is_ok() && first.is_ok() && newest != first);
    fs::write(store.join("incidents/left.parquet.tmp"), "half").unwrap();
    fs::write(store.join("index/left.index"), "stale").unwrap();
    let said = run(&store, &["compact"]);
    let amount = |files, bytes| serde_json::json!({ "files": files, "bytes": bytes });
    assert_eq!(said["unnamed"], amount(1, 4), "{said}");
    assert_eq!(said["indexes"], amount(1, 5), "{said}");
    let ledger = said["ledger_bytes"].as_u64().unwrap();
    assert_eq!(said["freed_bytes"], 9 + ledger);
    assert_eq!(export(&store, &[]), newest);
    assert_eq!(export(&store, &["as_of=1"]), first);
    assert_eq!(run(&store, &["verify"])["whole"], true);
    let again = tried(&store, &["compact"]);
    assert!(String::from_utf8_lossy(&again.stdout).starts_with("0 bytes freed"));
}

/// Anybody on the machine who reads one of the secrets can link persons, or sign for a log that was written anew.
#[cfg(unix)]
#[test]
fn a_secret_that_others_may_read_is_found() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    fs::write(store.join("linkage.secret"), "ab".repeat(32)).unwrap();
    let found = |file: &str, mode: u32| {
        let path = store.join(file);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let mut command = naqsha();
        command.args(["--json", "--data"]).arg(&store);
        let output = command.arg("doctor").output().unwrap();
        let lines = String::from_utf8(output.stdout).unwrap();
        let findings = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let coded: Vec<_> = findings
            .filter(|finding| finding["code"] == "secret-open-to-others")
            .collect();
        (output.status.code(), coded)
    };
    for file in ["audit.secret", "linkage.secret"] {
        assert_eq!(found("linkage.secret", 0o600), (Some(0), Vec::new()));
        for mode in [0o644, 0o640, 0o604] {
            let (code, coded) = found(file, mode);
            assert_eq!((code, coded.len()), (Some(1), 1), "{file} {mode:o}");
            assert_eq!(coded[0]["verdict"], "wrong");
            let seen = coded[0]["seen"].as_str().unwrap();
            assert!(seen.contains(file), "{seen}");
        }
        found(file, 0o600);
    }
}

/// The records of the audit log, as `audit list` gives them; that it was asked is the last.
fn logged(store: &Path) -> Vec<Value> {
    let mut command = naqsha();
    command.args(["--json", "--data"]).arg(store);
    let output = command.args(["audit", "list"]).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let record = |line: &str| serde_json::from_str(line).unwrap();
    lines.lines().map(record).collect()
}

/// What a record says was done, whether it was allowed, and to what.
fn words(told: &Value) -> [&str; 3] {
    ["action", "decision", "resource"].map(|name| told[name].as_str().unwrap())
}

/// What an operator takes out of the store is in the log like what is done to it.
#[test]
fn what_is_taken_out_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let lahore = ingest(&store, "lahore.csv", LAHORE);
    export(&store, &["datetime=2024-03-02/2024-03-02"]).unwrap();
    let log = logged(&store);
    let [_key, ingested, exported, listed] = log.as_slice() else {
        panic!("{log:?}")
    };
    let batch = format!("batch:{lahore}");
    assert_eq!(words(ingested), ["ingest", "allowed", &batch]);
    assert_eq!(words(exported), ["download", "allowed", "layer:incidents"]);
    assert_eq!(
        (&exported["rows"], &exported["data_version"]),
        (&1.into(), &1.into())
    );
    assert_eq!(words(listed), ["read_audit", "allowed", "audit"]);
}

/// A file that became no batch is in the log with the code for it, unless it was only tried out.
#[test]
fn a_file_that_is_refused_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let lahore = ingest(&store, "lahore.csv", LAHORE);
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let private = file("private.csv", "time,lon,lat,category,cnic\n");
    let bad = file("bad.csv", &LAHORE.replace("2024-03-02 10:00", "never"));
    let columns = ["date=time", "lon=lon", "lat=lat", "category=category"];
    let taken = |path: &Path, dry: bool| {
        let mut args = vec!["ingest", "--profile", "open.generic-points"];
        args.extend(columns.iter().flat_map(|pair| ["--set", pair]));
        args.extend(dry.then_some("--dry-run"));
        args.push(path.to_str().unwrap());
        tried(&store, &args).status.success()
    };
    assert!(!taken(&private, true) && !taken(&private, false));
    assert!(taken(&store.with_file_name("lahore.csv"), false));
    assert!(!taken(&bad, false));
    let log = logged(&store);
    let [_key, _ingested, refused, again, held, _listed] = log.as_slice() else {
        panic!("{log:?}")
    };
    let [action, decision, resource] = words(refused);
    assert_eq!((action, decision), ("ingest", "denied"));
    let (digest, code) = resource.split_once(' ').unwrap();
    assert!(
        digest.starts_with("file:") && digest.len() == 69,
        "{digest}"
    );
    assert_eq!(code, "E103");
    let known = format!("file:{lahore} B902");
    assert_eq!(words(again), ["ingest", "denied", &known]);
    let [action, decision, resource] = words(held);
    assert_eq!((action, decision), ("ingest", "allowed"));
    assert!(
        resource.starts_with("batch:") && resource.ends_with(" held B904"),
        "{resource}"
    );
}

/// The audit log through the program: what each command left in it, and a store that was set back behind its checkpoints.
#[test]
fn a_store_that_was_set_back_is_behind_its_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let lahore = ingest(&store, "lahore.csv", LAHORE);
    let listed = || {
        let told = |told: &Value| {
            let word = |name: &str| told[name].as_str().unwrap().to_owned();
            assert_eq!(
                (&told["role"], &told["decision"]),
                (&"operator".into(), &"allowed".into())
            );
            (
                told["record"].as_u64().unwrap(),
                word("action"),
                word("resource"),
            )
        };
        logged(&store).iter().map(told).collect::<Vec<_>>()
    };
    let ingested = (2, "ingest".to_owned(), format!("batch:{lahore}"));
    let seen = (3, "read_audit".to_owned(), "audit".to_owned());
    assert_eq!(listed()[1..], [ingested, seen]);

    // Now and then an attacker has a copy of the folder, and puts it back once something was withdrawn.
    let copy = folder.path().join("copy");
    let checkpoints = store.join("audit/checkpoints.jsonl");
    run(&store, &["backup", "--out", copy.to_str().unwrap()]);
    fs::remove_file(&checkpoints).unwrap();
    run(&store, &["batch", "withdraw", &lahore, "--reason", "x"]);
    let whole = run(&store, &["audit", "verify"]);
    assert_eq!(
        (&whole["whole"], &whole["records"], &whole["checkpoints"]),
        (&true.into(), &5.into(), &1.into()),
        "{whole}"
    );
    assert_eq!(whole["unknown"], serde_json::json!([]), "{whole}");
    let actions: Vec<String> = listed().into_iter().map(|(_, action, _)| action).collect();
    assert_eq!(
        actions,
        [
            "key_create",
            "ingest",
            "read_audit",
            "backup",
            "withdraw",
            "read_audit"
        ]
    );

    for name in ["ledger.sqlite-wal", "ledger.sqlite-shm"] {
        fs::remove_file(store.join(name)).ok();
    }
    fs::copy(copy.join("ledger.sqlite"), store.join("ledger.sqlite")).unwrap();
    let kept = checkpoints.to_str().unwrap();
    for words in [&["verify"][..], &["audit", "verify", "--checkpoints", kept]] {
        let output = tried(&store, words);
        assert_eq!(output.status.code(), Some(4), "{words:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(
            said.contains("records 5 to 5, which a checkpoint knows of"),
            "{said}"
        );
    }
    // The copy itself is whole, and what is restored of it goes on from there.
    assert_eq!(run(&copy, &["audit", "verify"])["whole"], true);
    let back = folder.path().join("back");
    run(&back, &["restore", "--from", copy.to_str().unwrap()]);
    assert_eq!(run(&back, &["audit", "verify"])["records"], 5);
    let output = tried(&back, &["audit", "list"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.lines().nth(4).unwrap().contains("restore_backup"),
        "{said}"
    );
}

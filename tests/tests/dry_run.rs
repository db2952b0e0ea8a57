//! A dry run says what the real run does, for every bureau's file, and leaves nothing behind.

use std::path::Path;

use naqsha_tests::program::naqsha;
use serde_json::Value;

#[test]
fn a_dry_run_says_what_the_real_run_does() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let run = |arguments: &[&str]| {
        let mut command = naqsha();
        command.arg("--data").arg(&store).arg("--json");
        let output = command.args(arguments).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    run(&["init"]);
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/sample/pakistan");
    for file in [
        "anf.seizure-001.csv",
        "ctd.tf-001.csv",
        "punjab.fir-001.csv",
        "fia.cyber.complaint-001.xlsx",
        "ngo.victim_support-001.xlsx",
    ] {
        let (profile, _) = file.rsplit_once('-').unwrap();
        let path = sample.join(file);
        let file = path.to_str().unwrap();
        let before = run(&["batch", "list"]);
        let mut dry = run(&["ingest", "--dry-run", "--profile", profile, file]);
        assert_eq!(run(&["batch", "list"]), before, "{file}");
        let mut real = run(&["ingest", "--profile", profile, file]);
        assert_eq!(
            (&dry["dry_run"], &real["dry_run"]),
            (&true.into(), &false.into())
        );
        assert!(real["accepted"].as_u64().unwrap() > 0, "{real}");
        for told in [&mut dry, &mut real] {
            let told = told.as_object_mut().unwrap();
            // What only a run that stores something can say.
            for field in ["dry_run", "data_version", "revised", "replaced", "review"] {
                told.remove(field);
            }
        }
        assert_eq!(dry, real, "{file}");
    }
}

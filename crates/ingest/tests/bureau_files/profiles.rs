//! What a profile asks for, does not understand, or does not know of a file.

use std::io::Cursor;

use naqsha_ingest::{Profile, Reference, Settings, check, ingest, shipped_profiles};
use naqsha_model::{Category, Code};

use crate::{anf, profile, settings};

#[test]
fn generic_points_need_their_columns_named() {
    let text = "x,y,when,kind,note\n67.0,30.2,2024-05-06 10:20,DT,hello\n67.0,30.2,06/05/2024,ADJ/OT,\n67,95,06/05/2024,DT,\n";
    let mut with = settings();
    let outcome = |with: &Settings| {
        ingest(
            Cursor::new(text),
            &profile("open.generic-points"),
            &Reference::embedded(),
            with,
            &mut |_| Ok(Vec::new()),
        )
    };
    assert!(outcome(&with).unwrap_err().to_string().contains("--set"));
    for (name, column) in [
        ("lon", "x"),
        ("lat", "y"),
        ("date", "when"),
        ("category", "kind"),
    ] {
        with.set.insert(name.to_owned(), column.to_owned());
    }
    assert_eq!(outcome(&with).unwrap_err().code(), Some(Code::E103));
    with.set.insert("drop".to_owned(), "rest".to_owned());
    let done = outcome(&with).unwrap();
    assert_eq!(
        (done.accepted, done.rejected, done.codes[&Code::E401]),
        (2, 1, 1)
    );
    with.set.insert("category".to_owned(), "TF".to_owned());
    assert_eq!(
        outcome(&with).unwrap().categories[&Category::TerrorFinancing],
        2
    );
    with.set.insert("crs".to_owned(), "EPSG:1".to_owned());
    assert!(outcome(&with).unwrap_err().to_string().contains("EPSG:1"));
}

#[test]
fn profiles_say_what_they_do_not_understand() {
    let base = "profile = \"x.y\"\nversion = \"1\"\nagency = \"XY\"\nrecord_stage = \"fir\"\ndefault_category = \"DT\"\ntimezone = \"Asia/Karachi\"\n";
    assert!(Profile::parse(base).is_ok());
    for (more, word) in [
        ("colour = 1\n", "colour"),
        (
            "[[field]]\nfrom = [\"A\"]\nto = \"linkage.person_keys\"\n",
            "hmac",
        ),
        (
            "[[field]]\nfrom = [\"A\"]\nto = \"victims.name\"\n",
            "victims.name",
        ),
        ("[input]\nformat = \"docx\"\n", "docx"),
        ("[drop]\nhash = { CNIC = \"x\" }\n", "hash"),
        (
            "[[field]]\nfrom = [\"قوم\"]\nto = \"description\"\n",
            "never taken",
        ),
        (
            "[[field]]\nfrom = [\"A\"]\nto = \"modus.tf_channel\"\nmap = { X = \"hundi\" }\n",
            "hundi",
        ),
    ] {
        let error = Profile::parse(&format!("{base}{more}")).unwrap_err();
        let whole = format!("{error} {:?}", std::error::Error::source(&error));
        assert!(whole.contains(word), "{whole}");
    }
    for (id, toml) in shipped_profiles() {
        assert_eq!(
            Profile::parse(toml)
                .unwrap_or_else(|e| panic!("{id}: {e:?}"))
                .id(),
            *id
        );
    }
}

#[test]
fn check_names_what_a_profile_does_not_know() {
    let text = anf(&["1/24,PS ANF Quetta,RD Moon,03-04-2024,9-C CNSA,Chaman,Moondust,10,KGs,,"])
        .replace("Accused Name", "Shoe size");
    let found = check(
        Cursor::new(text),
        &profile("anf.seizure"),
        &Reference::embedded(),
        &settings(),
    )
    .unwrap();
    assert_eq!(
        (found.rows, found.unmapped.as_slice()),
        (1, &["Shoe size".to_owned()][..])
    );
    assert_eq!(found.unmapped_values["RD"]["RD Moon"], 1);
    assert_eq!(found.unmapped_values["Drug"]["Moondust"], 1);
}

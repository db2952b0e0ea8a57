//! Names of stations, as registers write them.

use crate::Reference;

fn named(agency: &str, text: &str, district: Option<&str>) -> String {
    let reference = Reference::embedded();
    let district = district.map(|name| reference.districts.find(name).unwrap().id);
    match reference
        .stations
        .find(agency, text, district, &reference.districts)
    {
        Ok(named) => {
            let remark = named
                .remark
                .map(|code| format!(" {code}"))
                .unwrap_or_default();
            format!("{}{remark}", named.key)
        }
        Err(code) => code.to_string(),
    }
}

#[test]
fn a_name_of_many_districts_needs_its_district() {
    let punjab = "PUNJAB-POLICE";
    assert_eq!(named(punjab, "PS Saddar", None), "E406");
    assert_eq!(named(punjab, "تھانہ سول لائن", None), "E406");
    for text in [
        "PS Saddar",
        "Thana Sadar",
        "تھانہ صدر",
        "P.S. Saddar Lahore",
        "Saddar Lahore",
    ] {
        assert_eq!(
            named(punjab, text, Some("Lahore")),
            "saddar-lahore",
            "{text}"
        );
    }
    assert_eq!(named(punjab, "PS Saddar Lahore", None), "saddar-lahore");
    assert_eq!(
        named(punjab, "ٹھانہ سول لائن", Some("Lahore")),
        "civil-lines-lahore W409"
    );
    assert_eq!(named(punjab, "PS Modal Toun", Some("Multan")), "modal-toun");
    assert_eq!(
        named(punjab, "PS Saddar Jaranwala", Some("Faisalabad")),
        "saddar-jaranwala"
    );
    assert_eq!(
        named(punjab, "PS Saddar Kot Addu", Some("Muzaffargarh")),
        "saddar-kot-addu",
        "not the one of its former parent"
    );
    assert_eq!(named(punjab, "PS", None), "E101");
}

#[test]
fn stations_of_an_agency_have_one_key_however_they_are_written() {
    for text in ["PS ANF Multan", "ANF Multan", "Multan", "تھانہ ملتان"] {
        assert_eq!(named("ANF", text, None), "anf/multan", "{text}");
    }
    assert_eq!(
        named("CTD-PUNJAB", "CTD-PS-DGKHAN", None),
        "ctd-punjab/dera-ghazi-khan"
    );
    assert_eq!(
        named("FIA", "AML Circle Quetta", None),
        "fia/aml/cft-circle-quetta"
    );
    assert_eq!(
        named("NCCIA", "Cyber Crime Circle Gilgit", None),
        "nccia/nccia-gilgit"
    );
}

/// A deployer writes names as registers do, or without the words that all of them have.
#[test]
fn a_deployers_station_is_found_however_its_table_calls_it() {
    for name in ["Kahna", "PS Kahna", "P.S. Kahna", "تھانہ Kahna"] {
        let table = format!(
            "agency,name,district,lat,lon,uncertainty_m\nPUNJAB-POLICE,{name},Lahore,31.37,74.37,150\n"
        );
        let reference = Reference::embedded().with_stations(&table).unwrap();
        let lahore = reference.districts.find("Lahore").unwrap().id;
        let stations = &reference.stations;
        let named = stations
            .find(
                "PUNJAB-POLICE",
                "PS Kahna",
                Some(lahore),
                &reference.districts,
            )
            .unwrap();
        let (point, metres) = stations.get(named.registered.unwrap()).site.unwrap();
        assert_eq!(
            (named.key.as_str(), point.lon(), metres.get()),
            ("punjab-police/kahna-lahore", 74.37, 150.0),
            "{name}"
        );
    }
}

#[test]
fn a_deployers_table_is_checked_line_by_line() {
    for (table, reason) in [
        ("name\nx\n", "line 1: the columns"),
        (
            "agency,name,district\nA,b,Atlantis\n",
            "line 2: district \"Atlantis\": E404",
        ),
        ("agency,name,lat,lon\nA,b,31,\n", "line 2: lon and lat"),
        (
            "agency,name,lat,lon\nA,b,131,74\n",
            "line 2: longitude 74, latitude 131",
        ),
        ("agency,name,kind\nA,b,moving\n", "line 2: kind is"),
    ] {
        let error = Reference::embedded()
            .with_stations(table)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(reason), "{error}");
    }
}

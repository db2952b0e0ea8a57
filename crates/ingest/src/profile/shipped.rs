//! The profiles that ship with the program.

/// Each id with the text of the file that is named after it.
macro_rules! shipped {
    ($($id:literal),+ $(,)?) => {
        &[$(($id, include_str!(concat!("../../../../schemas/profiles/", $id, ".toml")))),+]
    };
}

/// Every shipped profile: its id and its TOML text, in id order.
pub const fn shipped_profiles() -> &'static [(&'static str, &'static str)] {
    shipped![
        "anf.seizure",
        "ctd.tf",
        "fia.cyber.complaint",
        "ngo.victim_support",
        "open.aggravated-assaults",
        "open.cdmx-car-jackings",
        "open.chicago-aggravated-assaults",
        "open.chicago-crimes",
        "open.cincinnati-burglary",
        "open.cod-homicides",
        "open.eurepoc",
        "open.generic-points",
        "open.iom-missing-migrants",
        "open.memphis-robberies",
        "open.nyc-homicides",
        "open.nyc-shootings",
        "open.nyc-vehicle-thefts",
        "open.pk-suicide-attacks",
        "open.police-uk",
        "open.police-uk-extract",
        "open.ransomware-attacks",
        "open.san-francisco-robberies",
        "open.tempe-opioid-calls",
        "open.ucdp-ged",
        "open.vancouver-thefts",
        "punjab.fir",
    ]
}

#[cfg(test)]
mod tests {
    use super::shipped_profiles;
    use crate::profile::Profile;

    #[test]
    fn every_shipped_profile_is_read_and_says_its_own_id() {
        let shipped = shipped_profiles();
        assert!(shipped.is_sorted_by_key(|(id, _)| id));
        for (id, toml) in shipped {
            match Profile::parse(toml) {
                Ok(profile) => assert_eq!(profile.id(), *id),
                Err(error) => unreachable!("{id}: {error:?}"),
            }
        }
    }
}

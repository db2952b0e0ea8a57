//! The profiles that ship with the program.

/// Every shipped profile: its id and its TOML text, in id order.
pub const fn shipped_profiles() -> &'static [(&'static str, &'static str)] {
    &[
        (
            "anf.seizure",
            include_str!("../../../../schemas/profiles/anf.seizure.toml"),
        ),
        (
            "ctd.tf",
            include_str!("../../../../schemas/profiles/ctd.tf.toml"),
        ),
        (
            "open.generic-points",
            include_str!("../../../../schemas/profiles/open.generic-points.toml"),
        ),
        (
            "open.police-uk",
            include_str!("../../../../schemas/profiles/open.police-uk.toml"),
        ),
        (
            "open.ucdp-ged",
            include_str!("../../../../schemas/profiles/open.ucdp-ged.toml"),
        ),
        (
            "punjab.fir",
            include_str!("../../../../schemas/profiles/punjab.fir.toml"),
        ),
    ]
}

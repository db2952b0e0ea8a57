//! Goods seized: what, how much as reported, how much in kilograms.

use crate::coded::coded;

coded! {
    /// A seized substance or good.
    Substance, "substance" {
        /// Heroin.
        Heroin = "heroin",
        /// Opium (afeem).
        Opium = "opium",
        /// Morphine.
        Morphine = "morphine",
        /// Cannabis resin (charas, hashish, garda).
        CannabisResin = "cannabis_resin",
        /// Cannabis herb (bhang, ganja).
        CannabisHerb = "cannabis_herb",
        /// Methamphetamine (ice, crystal).
        Methamphetamine = "methamphetamine",
        /// Amphetamine.
        Amphetamine = "amphetamine",
        /// MDMA.
        Mdma = "mdma",
        /// Cocaine.
        Cocaine = "cocaine",
        /// Acetic anhydride, a precursor.
        AceticAnhydride = "acetic_anhydride",
        /// Hydrochloric acid, a precursor.
        HydrochloricAcid = "hydrochloric_acid",
        /// Ephedrine or pseudoephedrine, precursors.
        Ephedrine = "ephedrine_pseudoephedrine",
        /// Another precursor.
        OtherPrecursor = "other_precursor",
        /// Diazepam or another psychotropic.
        Psychotropic = "diazepam_other_psychotropic",
        /// Tramadol.
        Tramadol = "tramadol",
        /// Poppy straw.
        PoppyStraw = "poppy_straw",
        /// Another drug.
        OtherDrug = "other_drug",
        /// Currency.
        Currency = "currency",
        /// Arms.
        Arms = "arms",
        /// Ammunition.
        Ammunition = "ammunition",
        /// Explosives.
        Explosives = "explosives",
        /// Fuel.
        Fuel = "fuel",
        /// Other goods.
        OtherGoods = "other_goods",
    }
}

/// One line of a seizure. Kilograms of different substances are never summed.
#[derive(Debug, Clone, PartialEq)]
pub struct Seizure {
    /// What was seized.
    pub substance: Substance,
    /// Quantity as reported.
    pub quantity: Option<f64>,
    /// Unit as reported, mapped by the profile (`kg`, `g`, `l`, `tablet`).
    pub unit: Option<String>,
    /// Bulk weight in kilograms (UNODC: no purity adjustment, 1 l = 1 kg).
    pub kilograms: Option<f64>,
}

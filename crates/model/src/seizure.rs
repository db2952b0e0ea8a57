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

coded! {
    /// A unit of measure of what was seized.
    Unit, "unit" {
        /// Kilogram.
        Kilogram = "kg",
        /// Gram.
        Gram = "g",
        /// Milligram.
        Milligram = "mg",
        /// Tola, 11.6638 g.
        Tola = "tola",
        /// Seer, 0.93310 kg.
        Seer = "seer",
        /// Maund, 37.3242 kg.
        Maund = "maund",
        /// Litre.
        Litre = "l",
        /// Millilitre.
        Millilitre = "ml",
        /// Tablet.
        Tablet = "tablet",
        /// Ampoule.
        Ampoule = "ampoule",
        /// Plant.
        Plant = "plant",
        /// Acre.
        Acre = "acre",
        /// Packet of unknown weight.
        Packet = "packet",
        /// Item.
        Item = "item",
        /// Pakistani rupee.
        Rupee = "pkr",
        /// US dollar.
        Dollar = "usd",
    }
}

coded! {
    /// The rule by which a quantity became kilograms.
    Conversion, "conversion" {
        /// Metric mass.
        Mass = "mass",
        /// One litre weighs one kilogram (UNODC).
        Volume = "litre_1kg",
        /// A legacy unit of weight (tola, seer, maund).
        LegacyWeight = "legacy_weight",
        /// The trade maund of 40 kg.
        TradeMaund = "maund_40kg",
        /// A tablet of 0.25 g, assumed.
        TabletMass = "tablet_0.25g",
    }
}

impl Unit {
    /// The rule by which this unit becomes kilograms, where one does.
    pub const fn conversion(self) -> Option<Conversion> {
        match self {
            Self::Kilogram | Self::Gram | Self::Milligram => Some(Conversion::Mass),
            Self::Litre | Self::Millilitre => Some(Conversion::Volume),
            Self::Tola | Self::Seer | Self::Maund => Some(Conversion::LegacyWeight),
            Self::Tablet => Some(Conversion::TabletMass),
            _ => None,
        }
    }
}

coded! {
    /// Where goods were hidden.
    Concealment, "concealment" {
        /// A cavity of a vehicle.
        VehicleCavity = "vehicle_cavity",
        /// Luggage.
        Luggage = "luggage",
        /// Swallowed.
        BodyIngested = "body_ingested",
        /// On the body.
        BodyConcealed = "body_concealed",
        /// A parcel.
        Parcel = "parcel",
        /// A container.
        Container = "container",
        /// A residence.
        Residence = "residence",
        /// A field.
        Field = "field",
        /// Elsewhere.
        Other = "other",
        /// Not known.
        Unknown = "unknown",
    }
}

/// One line of a seizure. Kilograms of different substances are never summed.
#[derive(Debug, Clone, PartialEq)]
pub struct Seizure {
    /// What was seized.
    pub substance: Substance,
    /// Quantity as reported.
    pub quantity: Option<f64>,
    /// Unit as reported, mapped by the profile.
    pub unit: Option<Unit>,
    /// Bulk weight in kilograms (UNODC: no purity adjustment, 1 l = 1 kg).
    pub kilograms: Option<f64>,
    /// The rule by which [`Self::kilograms`] was found.
    pub conversion: Option<Conversion>,
    /// Purity in hundredths of the weight; never applied to it.
    pub purity_percent: Option<f64>,
    /// Whether a forensic report exists, where the source says so.
    pub forensic_report: Option<bool>,
    /// Where it was hidden.
    pub concealment: Option<Concealment>,
}

impl Seizure {
    /// A line of which only the substance is known.
    pub const fn of(substance: Substance) -> Self {
        Self {
            substance,
            quantity: None,
            unit: None,
            kilograms: None,
            conversion: None,
            purity_percent: None,
            forensic_report: None,
            concealment: None,
        }
    }
}

//! How an offence was committed: typologies as closed sets, never finer than the source states.
//!
//! Sources: FATF (raise, move, store, use) and Pakistan's terror-financing risk assessment for the channels; IC-TIP and
//! the CTDC codebook for acts, means, exploitation and recruiters.

use crate::Members;
use crate::coded::coded;

coded! {
    /// A stage of terror financing (FATF).
    TfStage, "stage of terror financing" {
        /// Funds are raised.
        Raise = "raise",
        /// Funds are moved.
        Move = "move",
        /// Funds are stored.
        Store = "store",
        /// Funds are used.
        Use = "use",
    }
}

coded! {
    /// A channel of terror financing.
    TfChannel, "channel of terror financing" {
        /// Hawala or hundi.
        HawalaHundi = "hawala_hundi",
        /// A cash courier.
        CashCourier = "cash_courier",
        /// A bank account.
        BankAccount = "bank_account",
        /// Branchless banking (mobile wallets).
        BranchlessBanking = "branchless_banking",
        /// A charity or other non-profit.
        NpoCharity = "npo_charity",
        /// Cash donations (chanda).
        CashDonation = "cash_donation",
        /// Hides of sacrificed animals.
        QurbaniHides = "qurbani_hides",
        /// Crowdfunding on social media.
        CrowdfundingSocial = "crowdfunding_social",
        /// Virtual assets.
        VirtualAsset = "virtual_asset",
        /// Trade-based.
        TradeBased = "trade_based",
        /// Real estate.
        RealEstate = "real_estate",
        /// Extortion (bhatta).
        Extortion = "extortion",
        /// Kidnapping for ransom.
        KidnappingRansom = "kidnapping_ransom",
        /// Proceeds of drugs.
        DrugProceeds = "drug_proceeds",
        /// Robbery, bank heists.
        RobberyBankHeist = "robbery_bank_heist",
        /// Proceeds of smuggling.
        SmugglingProceeds = "smuggling_proceeds",
        /// Funding from abroad.
        ForeignFunding = "foreign_funding",
        /// Precious metals.
        PreciousMetals = "precious_metals",
        /// Another channel.
        Other = "other",
    }
}

coded! {
    /// A form of exploitation (purpose of trafficking).
    Exploitation, "form of exploitation" {
        /// Sexual exploitation.
        Sexual = "sexual",
        /// Forced labour.
        ForcedLabour = "forced_labour",
        /// Domestic servitude.
        DomesticServitude = "domestic_servitude",
        /// Bonded labour.
        BondedLabour = "bonded_labour",
        /// Forced begging.
        ForcedBegging = "forced_begging",
        /// Forced marriage.
        ForcedMarriage = "forced_marriage",
        /// Removal of organs.
        OrganRemoval = "organ_removal",
        /// Children as camel jockeys.
        CamelJockeyChild = "camel_jockey_child",
        /// Forced criminality.
        ForcedCriminality = "forced_criminality",
        /// Recruitment into armed groups.
        ArmedRecruitment = "armed_recruitment",
        /// Another form.
        Other = "other",
    }
}

coded! {
    /// An act of trafficking in persons.
    TipAct, "act of trafficking" {
        /// Recruiting.
        Recruit = "recruit",
        /// Transporting.
        Transport = "transport",
        /// Transferring.
        Transfer = "transfer",
        /// Harbouring.
        Harbour = "harbour",
        /// Receiving.
        Receive = "receive",
    }
}

coded! {
    /// A means of control over a victim (CTDC names).
    ControlMeans, "means of control" {
        /// Debt bondage.
        DebtBondage = "debt_bondage",
        /// Takes earnings.
        TakesEarnings = "takes_earnings",
        /// Threats.
        Threats = "threats",
        /// Psychological abuse.
        PsychologicalAbuse = "psychological_abuse",
        /// Physical abuse.
        PhysicalAbuse = "physical_abuse",
        /// Sexual abuse.
        SexualAbuse = "sexual_abuse",
        /// False promises.
        FalsePromises = "false_promises",
        /// Psychoactive substances.
        PsychoactiveSubstances = "psychoactive_substances",
        /// Restricts movement.
        RestrictsMovement = "restricts_movement",
        /// Restricts medical care.
        RestrictsMedicalCare = "restricts_medical_care",
        /// Excessive working hours.
        ExcessiveHours = "excessive_hours",
        /// Threat of law enforcement.
        ThreatOfLawEnforcement = "threat_of_law_enforcement",
        /// Withholds necessities.
        WithholdsNecessities = "withholds_necessities",
        /// Withholds documents.
        WithholdsDocuments = "withholds_documents",
        /// Another means.
        Other = "other",
    }
}

coded! {
    /// Who recruited a victim.
    Recruiter, "recruiter" {
        /// An agent.
        Agent = "agent",
        /// A sub-agent.
        SubAgent = "sub_agent",
        /// Family.
        Family = "family",
        /// An intimate partner.
        IntimatePartner = "intimate_partner",
        /// A friend.
        Friend = "friend",
        /// Somebody met online.
        Online = "online",
        /// An employer.
        Employer = "employer",
        /// Somebody else.
        Other = "other",
        /// Not known.
        Unknown = "unknown",
    }
}

coded! {
    /// Complicity of officials.
    Patronage, "patronage" {
        /// None is alleged.
        NoneAlleged = "none_alleged",
        /// Alleged.
        OfficialComplicityAlleged = "official_complicity_alleged",
        /// An official is charged.
        OfficialCharged = "official_charged",
        /// Not known.
        Unknown = "unknown",
    }
}

coded! {
    /// An abuse of smuggled migrants.
    SmugglingAbuse, "abuse of smuggled migrants" {
        /// Extortion on the way.
        ExtortionEnRoute = "extortion_en_route",
        /// Torture.
        Torture = "torture",
        /// Abandonment.
        Abandonment = "abandonment",
        /// Confinement.
        Confinement = "confinement",
        /// Death.
        Death = "death",
        /// Sexual violence.
        SexualViolence = "sexual_violence",
    }
}

coded! {
    /// What a cybercrime was.
    CyberType, "type of cybercrime" {
        /// Unauthorised access.
        UnauthorisedAccess = "unauthorised_access",
        /// Interference with data.
        DataInterference = "data_interference",
        /// Interference with a system.
        SystemInterference = "system_interference",
        /// Malware, ransomware.
        MalwareRansomware = "malware_ransomware",
        /// Interception.
        Interception = "interception",
        /// Online fraud.
        OnlineFraud = "online_fraud",
        /// Misuse of an identity.
        IdentityMisuse = "identity_misuse",
        /// Impersonation, fake profiles.
        Impersonation = "impersonation",
        /// Harassment, stalking.
        HarassmentStalking = "harassment_stalking",
        /// Sextortion, extortion.
        SextortionExtortion = "sextortion_extortion",
        /// Offence against dignity.
        DignityOffence = "dignity_offence",
        /// Child sexual abuse material.
        Csam = "csam",
        /// Hate speech.
        HateSpeech = "hate_speech",
        /// Cyber terrorism.
        CyberTerrorism = "cyber_terrorism",
        /// SIM offence.
        SimOffence = "sim_offence",
        /// Spoofing.
        Spoofing = "spoofing",
        /// False information.
        Disinformation = "disinformation",
        /// Another type.
        Other = "other",
    }
}

coded! {
    /// Whether an offence needs the network.
    CyberRelation, "relation to the network" {
        /// It exists only on networks.
        Dependent = "dependent",
        /// It is an older offence carried by networks.
        Enabled = "enabled",
        /// No relation.
        None = "none",
    }
}

/// How an offence was committed, as far as the source states it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modus {
    /// Stages of terror financing.
    pub tf_stage: Members<TfStage>,
    /// Channels of terror financing.
    pub tf_channel: Members<TfChannel>,
    /// Forms of exploitation.
    pub exploitation: Members<Exploitation>,
    /// Acts of trafficking.
    pub tip_act: Members<TipAct>,
    /// Means of control.
    pub control_means: Members<ControlMeans>,
    /// Who recruited.
    pub recruiter: Members<Recruiter>,
    /// Complicity of officials.
    pub patronage: Option<Patronage>,
    /// Abuses of smuggled migrants.
    pub smuggling_abuse: Members<SmugglingAbuse>,
    /// Type of cybercrime.
    pub cyber_type: Option<CyberType>,
    /// Relation to the network.
    pub cyber_relation: Option<CyberRelation>,
    /// Platform it happened on, at most 40 letters.
    pub platform: Option<String>,
    /// Circumstances that the source states one way or the other.
    pub circumstances: Circumstances,
}

coded! {
    /// A circumstance that any category may have.
    Circumstance, "circumstance" {
        /// Sent by courier.
        Courier = "courier",
        /// On the dark web.
        Darkweb = "darkweb",
        /// Paid or held in virtual assets.
        VirtualAsset = "virtual_asset",
        /// In a context of terrorism.
        TerrorismContext = "terrorism_context",
        /// By an organised group.
        OrganisedGroup = "organised_group",
    }
}

/// Circumstances stated as present or as absent; not stated is neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Circumstances {
    present: Members<Circumstance>,
    absent: Members<Circumstance>,
}

impl Circumstances {
    /// States a circumstance; what was stated before no longer counts.
    pub fn state(&mut self, circumstance: Circumstance, present: bool) {
        let without =
            |set: Members<Circumstance>| set.iter().filter(|c| *c != circumstance).collect();
        (self.present, self.absent) = (without(self.present), without(self.absent));
        let side = if present {
            &mut self.present
        } else {
            &mut self.absent
        };
        side.insert(circumstance);
    }

    /// What is stated of a circumstance, if anything.
    pub fn get(self, circumstance: Circumstance) -> Option<bool> {
        match (
            self.present.contains(circumstance),
            self.absent.contains(circumstance),
        ) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circumstance_is_present_absent_or_not_stated() {
        let mut stated = Circumstances::default();
        assert_eq!(stated.get(Circumstance::Courier), None);
        stated.state(Circumstance::Courier, false);
        stated.state(Circumstance::Courier, true);
        stated.state(Circumstance::Darkweb, false);
        assert_eq!(stated.get(Circumstance::Courier), Some(true));
        assert_eq!(stated.get(Circumstance::Darkweb), Some(false));
    }
}

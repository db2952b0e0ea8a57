//! The incident: one record of one agency, as accepted.

use jiff::Timestamp;

use crate::coded::coded;
use crate::{
    Agency, Category, Code, ContentDigest, Day, Details, Grading, Location, NaturalKey, Occurred,
    Offence, Precision, Seizure, Status,
};

coded! {
    /// Which register a record comes from. Stages are never summed: a complaint is not a case.
    RecordStage, "record stage" {
        /// A complaint.
        Complaint = "complaint",
        /// An inquiry.
        Inquiry = "inquiry",
        /// A first information report.
        Fir = "fir",
        /// A seizure.
        Seizure = "seizure",
        /// A suspicious-transaction report passed on.
        StrReferral = "str_referral",
        /// A report of a civil-society organisation.
        NgoReport = "ngo_report",
        /// Open sources.
        Osint = "osint",
    }
}

coded! {
    /// How an offence came to notice: reported and proactive detection are always separable.
    DetectionMode, "detection mode" {
        /// The victim reported it.
        VictimReport = "victim_report",
        /// A third party reported it.
        ThirdPartyReport = "third_party_report",
        /// Found by patrols, checkpoints, raids.
        Proactive = "proactive",
        /// Led by intelligence.
        IntelligenceLed = "intelligence_led",
        /// Found at a border check.
        BorderCheck = "border_check",
        /// Found by financial intelligence.
        FinancialIntelligence = "financial_intelligence",
        /// Referred by a civil-society organisation.
        NgoReferral = "ngo_referral",
        /// Referred from abroad.
        ForeignReferral = "foreign_referral",
        /// Not stated.
        Unknown = "unknown",
    }
}

coded! {
    /// Handling of a record (3×5×2 system).
    HandlingCode, "handling code" {
        /// Lawful sharing permitted.
        Permitted = "P",
        /// Sharing under conditions.
        Conditional = "C",
    }
}

impl HandlingCode {
    /// Whether an agency that is none of the record's own may read it, where the record names these recipients.
    ///
    /// Under conditions nobody may by being named alone: the conditions are words between those who share, and no part of
    /// the record.
    pub fn opens_to<'a>(self, agency: &str, recipients: impl IntoIterator<Item = &'a str>) -> bool {
        match self {
            Self::Permitted => recipients.into_iter().any(|named| named == agency),
            Self::Conditional => false,
        }
    }
}

/// With whom a record may be shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handling {
    /// Handling code.
    pub code: HandlingCode,
    /// Codes of agencies it may be released to, beyond its owner; whether they read it is [`HandlingCode::opens_to`].
    pub releasable_to: Vec<String>,
    /// First day on which it may be part of a public release, where it is under embargo.
    pub public_embargo_until: Option<Day>,
}

/// The case number of a record in its agency's register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseReference {
    /// Number within station and year.
    pub number: String,
    /// Year; FIR numbers restart every year.
    pub year: Option<i16>,
    /// Police station, normalised.
    pub station: Option<String>,
}

/// Where a record came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// 1-based data row in the file.
    pub row: u64,
    /// Warnings it was accepted with, in code order.
    pub warnings: Vec<Code>,
}

/// One record of one agency. Profile, batch and time of receipt are the batch's and stand there.
///
/// There is no field for a name, an identity number, a phone or an address.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Who sent it.
    pub agency: Agency,
    /// Unit within the agency.
    pub unit: Option<String>,
    /// Which register it comes from.
    pub stage: RecordStage,
    /// What it is counted as.
    pub category: Category,
    /// Sections of law cited, principal first.
    pub offences: Vec<Offence>,
    /// Case number.
    pub case: Option<CaseReference>,
    /// When it happened.
    pub occurred: Option<Occurred>,
    /// When it was reported.
    pub reported: Option<Occurred>,
    /// Where it happened.
    pub location: Location,
    /// Goods seized.
    pub seizures: Vec<Seizure>,
    /// How it came to notice.
    pub detection: DetectionMode,
    /// With whom it may be shared.
    pub handling: Handling,
    /// How far it can be trusted.
    pub grading: Grading,
    /// The source's own words for what it was (crime type, nature of complaint), personal data removed.
    pub description: Option<String>,
    /// Status, as the source last stated it.
    pub status: Option<Status>,
    /// What most records do not have; none where this one has nothing of it.
    pub details: Option<Box<Details>>,
    /// When the record was received.
    pub received_at: Timestamp,
    /// By which a repeat of the same record is known; none where the source gives no identity.
    pub natural_key: Option<NaturalKey>,
    /// By which a repeat with other content is known; zero where there is no natural key to repeat.
    pub content: ContentDigest,
    /// Where in the file it stood and what was said about it.
    pub provenance: Provenance,
}

/// A record whose parts contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// A seizure without anything seized.
    #[error("a seizure record without seized goods")]
    SeizureWithoutGoods,
    /// A report of a civil-society organisation that is located more finely than a district.
    #[error("a civil-society report located more finely than a district")]
    NgoReportTooFine,
    /// More than one principal offence.
    #[error("more than one principal offence")]
    SeveralPrincipals,
}

impl Incident {
    /// A record of which nothing more is known than who sent it, from which register, what it is counted as, and
    /// where in which delivery it stood.
    pub fn bare(
        agency: Agency,
        stage: RecordStage,
        category: Category,
        received_at: Timestamp,
        row: u64,
    ) -> Self {
        Self {
            agency,
            unit: None,
            stage,
            category,
            offences: Vec::new(),
            case: None,
            occurred: None,
            reported: None,
            location: Location::area(Precision::None),
            seizures: Vec::new(),
            detection: DetectionMode::Unknown,
            handling: Handling {
                code: HandlingCode::Permitted,
                releasable_to: Vec::new(),
                public_embargo_until: None,
            },
            grading: Grading::UNJUDGED,
            description: None,
            status: None,
            details: None,
            received_at,
            natural_key: None,
            content: ContentDigest(0),
            provenance: Provenance {
                row,
                warnings: Vec::new(),
            },
        }
    }

    /// What most records do not have, empty where this one has nothing of it.
    pub fn details(&self) -> &Details {
        static NOTHING: std::sync::LazyLock<Details> = std::sync::LazyLock::new(Details::default);
        self.details.as_deref().unwrap_or(&NOTHING)
    }

    /// What most records do not have, to be filled in.
    pub fn details_mut(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }

    /// Checks what no single part can: a store takes only records that pass.
    ///
    /// # Errors
    /// The first [`Contradiction`].
    pub fn check(&self) -> Result<(), Contradiction> {
        if self.stage == RecordStage::Seizure && self.seizures.is_empty() {
            return Err(Contradiction::SeizureWithoutGoods);
        }
        if self.stage == RecordStage::NgoReport
            && (self.location.point().is_some() || self.location.precision() < Precision::District)
        {
            return Err(Contradiction::NgoReportTooFine);
        }
        if self
            .offences
            .iter()
            .filter(|offence| offence.principal)
            .count()
            > 1
        {
            return Err(Contradiction::SeveralPrincipals);
        }
        Ok(())
    }

    /// The time a question about time asks for: when it happened, else when it was reported.
    pub fn when(&self) -> Option<Occurred> {
        self.occurred.or(self.reported)
    }
}

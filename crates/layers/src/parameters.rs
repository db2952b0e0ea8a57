//! The query parameters of layers: one list, from which parsing, queryables and OpenAPI are made.

/// A query parameter that a layer understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Parameter {
    /// Category codes, comma separated.
    Category,
    /// Subtypes of `ADJ`, comma separated.
    Subtype,
    /// Record stages, comma separated.
    Stage,
    /// Agencies, comma separated.
    Agency,
    /// Location bases, comma separated.
    Basis,
    /// Whether one of each cluster counts.
    Deduplicated,
    /// Time interval.
    Datetime,
    /// Length of a step.
    Period,
    /// What the last step is compared with.
    Baseline,
    /// H3 resolution of the answer.
    Resolution,
    /// How far a record reaches.
    BandwidthM,
    /// Radius of the neighbourhood in grid steps.
    K,
    /// False-discovery rate below which a cell is hot or cold.
    Alpha,
    /// How far apart events are near.
    SpaceM,
    /// How many days apart events are near.
    Days,
    /// What a scan compares with.
    Model,
    /// An ordered pair of categories.
    Pair,
    /// How far from the border.
    WithinKm,
    /// Null model.
    Null,
    /// Seed of the Monte-Carlo null.
    Seed,
    /// What records without a cell are spread by.
    Apportion,
    /// What a record weighs.
    Weight,
    /// What events are divided by.
    Denominator,
    /// Named study area.
    StudyArea,
    /// Least count of a returned cell.
    NMin,
    /// Whether the test is tried on shuffled maps.
    Calibrate,
    /// An earlier version of the data.
    AsOf,
    /// Model of a forecast.
    ForecastModel,
    /// Days that a forecast is about.
    Horizon,
}

/// A model of the layer `forecast`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ForecastModelName {
    /// Near-repeat weights.
    #[default]
    Prospective,
    /// The density of the last days.
    Kde,
    /// A background, and events that set off others.
    SelfExciting,
}

impl ForecastModelName {
    /// Every model.
    pub const ALL: [Self; 3] = [Self::Prospective, Self::Kde, Self::SelfExciting];

    pub(crate) fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|model| model.code() == code)
    }

    /// The code used in parameters and metadata.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Prospective => "prospective",
            Self::Kde => "kde",
            Self::SelfExciting => "self-exciting",
        }
    }
}

/// How a parameter's values look, for OpenAPI and queryables.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ParameterKind {
    /// Comma-separated members of a closed list.
    ChoiceList(&'static [&'static str]),
    /// Comma-separated free strings.
    TextList,
    /// One member of a closed list.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// One free string.
    Text,
    /// RFC 3339 instant, date, or interval with `/` and `..`.
    Interval,
    /// Whole number in a closed range.
    Integer {
        /// Least value.
        min: i64,
        /// Greatest value.
        max: i64,
    },
    /// Real number in an open range.
    Number {
        /// Values are greater than this.
        above: f64,
        /// Values are less than this.
        below: f64,
    },
}

/// The closed lists of codes, in the order of the model's enums; a test holds them against it.
pub(crate) const CATEGORIES: &[&str] = &["TF", "DT", "HT", "CY", "ADJ"];
pub(crate) const SUBTYPES: &[&str] = &["SM", "ML", "AR", "KR", "EX", "FL", "CS", "OT"];
pub(crate) const STAGES: &[&str] = &[
    "complaint",
    "inquiry",
    "fir",
    "seizure",
    "str_referral",
    "ngo_report",
    "osint",
];
pub(crate) const PERIODS: &[&str] = &["week", "month", "quarter", "year"];
pub(crate) const BASELINES: &[&str] = &["previous", "year_before"];
/// What a scan may compare with.
pub(crate) const MODELS: &[&str] = &["stp", "poisson"];
/// Ordered pairs of the four categories.
pub(crate) const PAIRS: &[&str] = &[
    "TF-DT", "TF-HT", "TF-CY", "DT-TF", "DT-HT", "DT-CY", "HT-TF", "HT-DT", "HT-CY", "CY-TF",
    "CY-DT", "CY-HT",
];
pub(crate) const BASES: &[&str] = &[
    "occurrence",
    "seizure",
    "exploitation",
    "victim_residence",
    "server_or_account",
    "registering_station",
    "border_point",
    "abroad",
    "unknown",
];

/// What layers of counts understand: which records, where, and how much of the map is returned.
pub(crate) const OF_COUNTS: [Parameter; 11] = [
    Parameter::Category,
    Parameter::Subtype,
    Parameter::Stage,
    Parameter::Agency,
    Parameter::Basis,
    Parameter::Deduplicated,
    Parameter::Datetime,
    Parameter::Resolution,
    Parameter::StudyArea,
    Parameter::NMin,
    Parameter::AsOf,
];

/// What layers that test each cell's neighbourhood understand beside [`OF_COUNTS`].
pub(crate) const OF_TESTS: [Parameter; 4] = [
    Parameter::K,
    Parameter::Alpha,
    Parameter::Null,
    Parameter::Seed,
];

const WEIGHT: &str = "What a record weighs: one (count, the default), or the days of imprisonment that the law threatens what it cites with, of \
                      records that were reported (harm) or that controls found (harm_proactive); the two are never added.";

/// The members of several lists in documentation order; `N` is how many there are.
pub(crate) const fn joined<const N: usize>(lists: &[&[Parameter]]) -> [Parameter; N] {
    let mut all = [Parameter::Category; N];
    let (mut filled, mut next) = (0, 0);
    while next < Parameter::ALL.len() {
        if is_in(lists, Parameter::ALL[next]) {
            all[filled] = Parameter::ALL[next];
            filled += 1;
        }
        next += 1;
    }
    assert!(filled == N, "N is the number of distinct members");
    all
}

const fn is_in(lists: &[&[Parameter]], wanted: Parameter) -> bool {
    let mut list = 0;
    while list < lists.len() {
        let mut member = 0;
        while member < lists[list].len() {
            if lists[list][member] as u8 == wanted as u8 {
                return true;
            }
            member += 1;
        }
        list += 1;
    }
    false
}

impl Parameter {
    /// Every parameter, in documentation order.
    pub const ALL: &'static [Self] = &[
        Self::Category,
        Self::Subtype,
        Self::Stage,
        Self::Agency,
        Self::Basis,
        Self::Deduplicated,
        Self::Datetime,
        Self::Period,
        Self::Baseline,
        Self::Resolution,
        Self::BandwidthM,
        Self::K,
        Self::Alpha,
        Self::SpaceM,
        Self::Days,
        Self::Model,
        Self::Pair,
        Self::WithinKm,
        Self::Null,
        Self::Seed,
        Self::Apportion,
        Self::Weight,
        Self::Denominator,
        Self::StudyArea,
        Self::NMin,
        Self::Calibrate,
        Self::AsOf,
    ];

    /// Name in a query string.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Subtype => "subtype",
            Self::Stage => "stage",
            Self::Agency => "agency",
            Self::Basis => "basis",
            Self::Deduplicated => "deduplicated",
            Self::Datetime => "datetime",
            Self::Period => "period",
            Self::Baseline => "baseline",
            Self::Resolution => "resolution",
            Self::BandwidthM => "bandwidth_m",
            Self::K => "k",
            Self::Alpha => "alpha",
            Self::SpaceM => "space_m",
            Self::Days => "days",
            Self::Model | Self::ForecastModel => "model",
            Self::Pair => "pair",
            Self::WithinKm => "within_km",
            Self::Null => "null",
            Self::Seed => "seed",
            Self::Apportion => "apportion",
            Self::Weight => "weight",
            Self::Denominator => "denominator",
            Self::StudyArea => "study_area",
            Self::NMin => "n_min",
            Self::Calibrate => "calibrate",
            Self::AsOf => "as_of",
            Self::Horizon => "horizon",
        }
    }

    /// How its values look.
    pub const fn kind(self) -> ParameterKind {
        match self {
            Self::Category => ParameterKind::ChoiceList(CATEGORIES),
            Self::Subtype => ParameterKind::ChoiceList(SUBTYPES),
            Self::Stage => ParameterKind::ChoiceList(STAGES),
            Self::Basis => ParameterKind::ChoiceList(BASES),
            Self::Agency => ParameterKind::TextList,
            Self::Deduplicated | Self::Calibrate => ParameterKind::Flag,
            Self::Datetime => ParameterKind::Interval,
            Self::Resolution => ParameterKind::Integer { min: 3, max: 9 },
            Self::K => ParameterKind::Integer { min: 1, max: 3 },
            Self::Alpha => ParameterKind::Number {
                above: 0.0,
                below: 1.0,
            },
            Self::Null => ParameterKind::Choice(&["exact", "mc", "normal"]),
            Self::Apportion => ParameterKind::Choice(&["none", "area", "population"]),
            Self::Weight => ParameterKind::Choice(&["count", "harm", "harm_proactive"]),
            Self::Denominator => ParameterKind::Choice(&["category", "population"]),
            Self::Period => ParameterKind::Choice(PERIODS),
            Self::Baseline => ParameterKind::Choice(BASELINES),
            Self::Days => ParameterKind::Integer { min: 1, max: 366 },
            Self::WithinKm => ParameterKind::Number {
                above: 0.0,
                below: 1_000.0,
            },
            Self::Model => ParameterKind::Choice(MODELS),
            Self::Pair => ParameterKind::Choice(PAIRS),
            Self::BandwidthM | Self::SpaceM => ParameterKind::Number {
                above: 0.0,
                below: 1_000_000.0,
            },
            Self::StudyArea => ParameterKind::Text,
            Self::ForecastModel => ParameterKind::Choice(&["prospective", "kde", "self-exciting"]),
            Self::Horizon => ParameterKind::Integer { min: 1, max: 92 },
            Self::Seed | Self::NMin | Self::AsOf => ParameterKind::Integer {
                min: 0,
                max: i64::MAX,
            },
        }
    }

    /// What it does, in a sentence.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Category => "Categories to count, separated by commas: TF, DT, HT, CY, ADJ.",
            Self::Subtype => "Subtypes of adjacent crimes (ADJ), separated by commas.",
            Self::Stage => {
                "Record stages to count. Stages are never comparable: a complaint is not a case."
            }
            Self::Agency => "Agencies whose records are counted; several separated by commas.",
            Self::Basis => "What a record's place is the place of; several with commas.",
            Self::Deduplicated => {
                "Whether records of different agencies that are probably one matter count once (true); as reported (false) is the default."
            }
            Self::Datetime => {
                "Instant, date, or interval such as 2024-01-01/2024-12-31 or 2024-01-01/..; days that touch it count."
            }
            Self::Period => {
                "Length of a step: week (from Monday), month, quarter or year. Only complete steps are used; the answer says which."
            }
            Self::Baseline => {
                "What the last step is compared with: the one before (previous) or the same one a year earlier (year_before)."
            }
            Self::BandwidthM => {
                "How far a record reaches, in metres. Left out, it follows from the resolution; the answer says what it was."
            }
            Self::Resolution => {
                "H3 resolution of the answer. Records located more coarsely are excluded and counted."
            }
            Self::K => "Neighbourhood: cells within k grid steps.",
            Self::Alpha => "Cells with q at or below alpha are hot or cold.",
            Self::SpaceM => {
                "How far apart two events are near each other, in metres, from cell centre to cell centre. Left out, a cell and those around it; the answer says what it was."
            }
            Self::Days => "How many days apart two events are near each other, at most.",
            Self::Model => {
                "What is compared with: stp, place and time beside each other (space-time permutation); poisson, the people in the cells or their area."
            }
            Self::WithinKm => {
                "Only cells whose centre is at most so many kilometres from the border on land."
            }
            Self::Pair => {
                "Ordered pair of categories, such as TF-DT: is TF surrounded by DT? Left out, each cell has its strongest pair."
            }
            Self::Null => {
                "Null model: exact permutation law, Monte-Carlo permutations, or the normal approximation."
            }
            Self::Seed => "Seed of the Monte-Carlo permutations; the exact null does not use it.",
            Self::Apportion => {
                "What records located only to a district or tehsil are spread over its cells by: area, population, or none (the default: they are excluded and counted). What is spread is modelled."
            }
            Self::Weight => WEIGHT,
            Self::Denominator => {
                "What events are divided by: the category's own (the default; TF, DT and CY have none here), or the population whatever the category."
            }
            Self::StudyArea => {
                "Name of the study area. Zero counts inside it are data; cells outside are absent."
            }
            Self::NMin => {
                "Only cells with at least this count are returned; the statistics still use every cell."
            }
            Self::Calibrate => {
                "Whether the answer also says what its test finds on the same map shuffled, where there is nothing to find."
            }
            Self::AsOf => {
                "Version of the data, as X-Data-Version gave it: the answer is the one that was given then."
            }
            Self::ForecastModel => {
                "Model of the forecast: near-repeat weights (prospective), density of the last days (kde), or background and aftershocks (self-exciting)."
            }
            Self::Horizon => "Days that the forecast is about, from the one after the last day on.",
        }
    }
}

/// A parameter that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{parameter}: {reason}")]
pub struct ParameterError {
    /// Name as given.
    pub parameter: String,
    /// What is wrong with it and what would be right.
    pub reason: String,
}

impl ParameterError {
    /// Notes what is wrong with a parameter.
    pub fn new(parameter: &str, reason: impl Into<String>) -> Self {
        Self {
            parameter: parameter.to_owned(),
            reason: reason.into(),
        }
    }
}

//! A checked question about one layer, read from `name=value` pairs as a query string or a command line gives them.

use std::collections::BTreeSet;

use h3o::Resolution;
use naqsha_model::{Adjacent, Basis, Category, CategorySet, DayRange, RecordStage};

use crate::description::LayerDescription;
use crate::interval::parse_interval;
use crate::parameters::{ForecastModelName, PAIRS, Parameter, ParameterError, ParameterKind};
use crate::period::{Baseline, Period};

/// Null model of a local statistic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NullModel {
    /// Exact conditional permutation law.
    Exact,
    /// Monte-Carlo permutations.
    MonteCarlo,
    /// Normal approximation.
    Normal,
}

impl NullModel {
    /// The code used in parameters and metadata.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::MonteCarlo => "mc",
            Self::Normal => "normal",
        }
    }

    fn parse(code: &str) -> Option<Self> {
        let all = [Self::Exact, Self::MonteCarlo, Self::Normal];
        all.into_iter().find(|null| null.code() == code)
    }
}

/// What a scan compares the cases of a place with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScanModel {
    /// Cases of the place and of the time by themselves.
    SpaceTime,
    /// The people in the cells, or their area.
    Poisson,
}

impl ScanModel {
    /// The code used in parameters and metadata.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SpaceTime => "stp",
            Self::Poisson => "poisson",
        }
    }

    fn parse(code: &str) -> Option<Self> {
        let all = [Self::SpaceTime, Self::Poisson];
        all.into_iter().find(|model| model.code() == code)
    }
}

/// What records located only to a district or tehsil are spread over its cells by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Apportion {
    /// Nothing: they are excluded and counted.
    #[default]
    None,
    /// Exact areas.
    Area,
    /// The imported population.
    Population,
}

impl Apportion {
    /// The code used in parameters and metadata.
    pub const fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Area => "area",
            Self::Population => "population",
        }
    }
}

/// What a record weighs on a map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Weight {
    /// One.
    #[default]
    Count,
    /// The harm of what it cites, of records that somebody reported.
    Harm,
    /// The same of records that controls found: what they weigh measures controls as well, so the two are never added.
    HarmProactive,
}

impl Weight {
    /// The code used in parameters and metadata.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Harm => "harm",
            Self::HarmProactive => "harm_proactive",
        }
    }

    fn parse(code: &str) -> Option<Self> {
        let all = [Self::Count, Self::Harm, Self::HarmProactive];
        all.into_iter().find(|weight| weight.code() == code)
    }
}

/// What a question falls back on where it says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// Study area, where the deployment names one.
    pub study_area: Option<String>,
    /// Resolution, where the deployment names one (else the study area's own).
    pub resolution: Option<Resolution>,
    /// Permutations of the Monte-Carlo null.
    pub permutations: u32,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            study_area: None,
            resolution: None,
            permutations: 9_999,
        }
    }
}

/// A checked question. Equal questions about the same version have equal answers, byte for byte.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerQuery {
    /// Categories counted.
    pub categories: CategorySet,
    /// Stages counted; `None` counts all.
    pub stages: Option<Vec<RecordStage>>,
    /// Agencies counted; `None` counts all.
    pub agencies: Option<Vec<String>>,
    /// Location bases counted; `None` leaves it to the layer.
    pub bases: Option<Vec<Basis>>,
    /// Whether one record of each cluster of agencies' records counts, instead of all as reported.
    pub deduplicated: bool,
    /// Days counted; `None` counts all.
    pub days: Option<DayRange>,
    /// Length of a step; `None` leaves it to the layer.
    pub period: Option<Period>,
    /// What the last step is compared with.
    pub baseline: Baseline,
    /// Resolution; `None` takes the default of the deployment or the study area.
    pub resolution: Option<Resolution>,
    /// How far a record reaches, in metres; `None` leaves it to the layer.
    pub bandwidth_m: Option<f64>,
    /// Neighbourhood radius in grid steps.
    pub k: u32,
    /// Greatest q of a hot or cold cell.
    pub alpha: f64,
    /// How far apart events are near, in metres; `None` leaves it to the layer.
    pub space_m: Option<f64>,
    /// How many days apart events are near, at most.
    pub days_apart: u32,
    /// What a scan compares with.
    pub model: ScanModel,
    /// The pair of categories asked about, as a position in the list of them; `None` asks for the strongest of each cell.
    pub pair: Option<usize>,
    /// How far from the border on land, in kilometres.
    pub within_km: f64,
    /// Null model; `None` takes the exact one where it exists, else Monte-Carlo.
    pub null: Option<NullModel>,
    /// Seed of the Monte-Carlo null.
    pub seed: u64,
    /// What records without a cell are spread by.
    pub apportion: Apportion,
    /// What a record weighs.
    pub weight: Weight,
    /// Whether the population is the denominator whatever the category.
    pub per_head: bool,
    /// Study area; `None` takes the default.
    pub study_area: Option<String>,
    /// Least count of a returned cell.
    pub n_min: u64,
    /// Whether the layer's test is tried on shuffled maps too.
    pub calibrate: bool,
    /// An earlier version of the data; `None` asks the newest.
    pub as_of: Option<u64>,
    /// Model of a forecast.
    pub forecast_model: ForecastModelName,
    /// Days that a forecast is about.
    pub horizon: u32,
}

impl Default for LayerQuery {
    fn default() -> Self {
        Self {
            categories: CategorySet::ALL,
            stages: None,
            agencies: None,
            bases: None,
            deduplicated: false,
            days: None,
            period: None,
            baseline: Baseline::Previous,
            resolution: None,
            bandwidth_m: None,
            k: 1,
            alpha: 0.05,
            space_m: None,
            days_apart: 14,
            model: ScanModel::SpaceTime,
            pair: None,
            within_km: 50.0,
            null: None,
            seed: 1,
            apportion: Apportion::None,
            weight: Weight::Count,
            per_head: false,
            study_area: None,
            n_min: 0,
            calibrate: false,
            as_of: None,
            forecast_model: ForecastModelName::default(),
            horizon: 7,
        }
    }
}

impl LayerQuery {
    /// Reads `name=value` pairs for a layer; an unknown name, a repeated name and a bad value are all reported.
    ///
    /// # Errors
    /// Every mistake at once, in the order of the pairs.
    pub fn parse<'a>(
        layer: &LayerDescription,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Vec<ParameterError>> {
        let mut query = Self::default();
        let mut errors = Vec::new();
        let mut seen = BTreeSet::new();
        let mut subtypes = None;
        for (name, value) in pairs {
            let known = layer.parameters.iter().copied().find(|p| p.name() == name);
            let outcome = match known {
                None => {
                    let names: Vec<_> = layer.parameters.iter().map(|p| p.name()).collect();
                    Err(format!(
                        "the layer {} has no such parameter; it has {}",
                        layer.id,
                        names.join(", ")
                    ))
                }
                Some(_) if !seen.insert(name) => Err("given more than once".to_owned()),
                Some(Parameter::Subtype) => parse_subtypes(value).map(|set| subtypes = Some(set)),
                Some(parameter) => query.set(parameter, value),
            };
            if let Err(reason) = outcome {
                errors.push(ParameterError::new(name, reason));
            }
        }
        if let Some(subtypes) = subtypes {
            // `subtype` narrows ADJ and, given alone, asks for adjacent crimes only.
            let asked = if seen.contains("category") {
                query.categories
            } else {
                CategorySet::NONE
            };
            let four = [0, 1, 2, 3]
                .into_iter()
                .filter(|&i| asked.contains_index(i))
                .filter_map(Category::from_index);
            query.categories = four.fold(subtypes, CategorySet::with);
        }
        if errors.is_empty() {
            Ok(query)
        } else {
            Err(errors)
        }
    }

    fn set(&mut self, parameter: Parameter, value: &str) -> Result<(), String> {
        match parameter {
            Parameter::Category => self.categories = parse_categories(value)?,
            Parameter::Subtype => {}
            Parameter::Stage => self.stages = Some(list(value, RecordStage::parse)?),
            Parameter::Basis => self.bases = Some(list(value, Basis::parse)?),
            Parameter::Agency => {
                self.agencies = Some(list(value, |text| {
                    Ok::<_, std::convert::Infallible>(text.to_owned())
                })?);
            }
            Parameter::Deduplicated => self.deduplicated = flag(value)?,
            Parameter::Calibrate => self.calibrate = flag(value)?,
            Parameter::Datetime => self.days = parse_interval(value)?,
            Parameter::Period => self.period = Some(choice(parameter, value, Period::parse)?),
            Parameter::Baseline => self.baseline = choice(parameter, value, Baseline::parse)?,
            Parameter::BandwidthM => self.bandwidth_m = Some(number(parameter, value)?),
            Parameter::Resolution => {
                let r = integer(parameter, value)?;
                self.resolution = u8::try_from(r)
                    .ok()
                    .and_then(|r| Resolution::try_from(r).ok());
            }
            Parameter::K => self.k = u32::try_from(integer(parameter, value)?).unwrap_or(1),
            Parameter::Alpha => self.alpha = number(parameter, value)?,
            Parameter::SpaceM => self.space_m = Some(number(parameter, value)?),
            Parameter::Days => {
                self.days_apart = u32::try_from(integer(parameter, value)?).unwrap_or(14);
            }
            Parameter::Model => self.model = choice(parameter, value, ScanModel::parse)?,
            Parameter::WithinKm => self.within_km = number(parameter, value)?,
            Parameter::Pair => {
                let position = |code: &str| PAIRS.iter().position(|pair| *pair == code);
                self.pair = Some(choice(parameter, value, position)?);
            }
            Parameter::Null => self.null = Some(choice(parameter, value, NullModel::parse)?),
            Parameter::Seed => {
                self.seed = u64::try_from(integer(parameter, value)?).unwrap_or_default();
            }
            Parameter::Apportion => {
                let all = [Apportion::None, Apportion::Area, Apportion::Population];
                let named = all.into_iter().find(|by| by.code() == value);
                self.apportion = named
                    .ok_or_else(|| format!("{value:?} is not one of none, area, population"))?;
            }
            Parameter::Weight => self.weight = choice(parameter, value, Weight::parse)?,
            Parameter::Denominator => {
                self.per_head = match value {
                    "category" => false,
                    "population" => true,
                    _ => return Err(format!("{value:?} is not one of category, population")),
                };
            }
            Parameter::StudyArea => self.study_area = Some(value.to_owned()),
            Parameter::NMin => {
                self.n_min = u64::try_from(integer(parameter, value)?).unwrap_or_default();
            }
            Parameter::AsOf => self.as_of = u64::try_from(integer(parameter, value)?).ok(),
            Parameter::ForecastModel => {
                self.forecast_model = choice(parameter, value, ForecastModelName::parse)?;
            }
            Parameter::Horizon => {
                self.horizon = u32::try_from(integer(parameter, value)?).unwrap_or(7);
            }
        }
        Ok(())
    }
}

fn flag(value: &str) -> Result<bool, String> {
    value
        .parse()
        .map_err(|_word| format!("{value:?} is not true or false"))
}

/// One member of the parameter's closed list.
fn choice<T>(
    parameter: Parameter,
    value: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, String> {
    parse(value).ok_or_else(|| match parameter.kind() {
        ParameterKind::Choice(codes) => format!("{value:?} is not one of {}", codes.join(", ")),
        _ => format!("{value:?} is unknown"),
    })
}

fn list<T, E: std::fmt::Display>(
    value: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, String>
where
    T: PartialEq,
{
    let mut members = Vec::new();
    for text in value.split(',').map(str::trim) {
        if text.is_empty() {
            return Err("has an empty member".to_owned());
        }
        let member = parse(text).map_err(|error| error.to_string())?;
        if !members.contains(&member) {
            members.push(member);
        }
    }
    Ok(members)
}

fn parse_categories(value: &str) -> Result<CategorySet, String> {
    let sets = list(value, CategorySet::parse)?;
    Ok(sets.into_iter().fold(CategorySet::NONE, CategorySet::union))
}

fn parse_subtypes(value: &str) -> Result<CategorySet, String> {
    let subtypes = list(value, Adjacent::parse)?;
    Ok(subtypes
        .into_iter()
        .fold(CategorySet::NONE, |set, subtype| {
            set.with(Category::Adjacent(subtype))
        }))
}

fn integer(parameter: Parameter, value: &str) -> Result<i64, String> {
    let ParameterKind::Integer { min, max } = parameter.kind() else {
        return Err("is not a whole number".to_owned());
    };
    let bounds = || {
        if max == i64::MAX {
            format!("of at least {min}")
        } else {
            format!("from {min} to {max}")
        }
    };
    match value.parse::<i64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => Err(format!("{value:?} is not a whole number {}", bounds())),
    }
}

fn number(parameter: Parameter, value: &str) -> Result<f64, String> {
    let ParameterKind::Number { above, below } = parameter.kind() else {
        return Err("is not a number".to_owned());
    };
    match value.parse::<f64>() {
        Ok(number) if number > above && number < below => Ok(number),
        _ => Err(format!(
            "{value:?} is not a number between {above} and {below}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::HOTSPOTS;

    fn parse(pairs: &[(&str, &str)]) -> Result<LayerQuery, Vec<ParameterError>> {
        LayerQuery::parse(&HOTSPOTS, pairs.iter().copied())
    }

    #[test]
    fn every_mistake_is_listed() {
        let errors = parse(&[
            ("resolution", "12"),
            ("colour", "red"),
            ("alpha", "2"),
            ("k", "1"),
            ("k", "2"),
        ])
        .unwrap_err();
        let names: Vec<_> = errors.iter().map(|e| e.parameter.as_str()).collect();
        assert_eq!(names, ["resolution", "colour", "alpha", "k"]);
    }

    #[test]
    fn a_subtype_alone_asks_for_adjacent_crimes_only() {
        let query = parse(&[("subtype", "SM,ML")]).unwrap();
        let codes: Vec<_> = query.categories.iter().map(|c| c.to_string()).collect();
        assert_eq!(codes, ["ADJ/SM", "ADJ/ML"]);
        let both = parse(&[("subtype", "SM"), ("category", "DT,ADJ")]).unwrap();
        let codes: Vec<_> = both.categories.iter().map(|c| c.to_string()).collect();
        assert_eq!(codes, ["DT", "ADJ/SM"]);
    }

    #[test]
    fn a_parameter_of_another_layer_is_unknown_and_the_layer_says_what_it_has() {
        let errors = parse(&[("period", "month"), ("bandwidth_m", "500")]).unwrap_err();
        assert_eq!(errors.len(), 2);
        assert!(!errors[0].reason.contains("baseline"), "{}", errors[0]);
        assert!(
            errors[0].reason.contains("resolution, k, alpha"),
            "{}",
            errors[0]
        );
    }

    #[test]
    fn every_choice_there_is_can_be_asked_and_no_other() {
        for parameter in Parameter::ALL {
            let ParameterKind::Choice(codes) = parameter.kind() else {
                continue;
            };
            let mut asked = LayerQuery::default();
            for code in codes {
                asked.set(*parameter, code).unwrap();
            }
            let refusal = asked.set(*parameter, "fortnight").unwrap_err();
            assert!(refusal.ends_with(&codes.join(", ")), "{refusal}");
        }
        let mut asked = LayerQuery::default();
        asked.set(Parameter::BandwidthM, "2500").unwrap();
        assert_eq!(asked.bandwidth_m, Some(2_500.0));
        assert!(asked.set(Parameter::BandwidthM, "0").is_err());
        assert!(asked.set(Parameter::BandwidthM, "inf").is_err());
    }
}

//! Mapping profiles: how one bureau's files become incidents, declared in TOML, nothing executable.

mod field;
mod format;
mod shipped;
mod target;
mod wants;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use naqsha_model::{
    Agency, Category, DetectionMode, Handling, HandlingCode, RecordStage, Substance, TimePrecision,
};

pub(crate) use field::{Constant, Field, ValueMap, metres, truth};
pub use shipped::shipped_profiles;
pub(crate) use target::{
    Action, CountTarget, KeyTarget, ModusTarget, MoneyTarget, NumberForm, PlaceTarget, RoutePart,
    SeizurePart, TimeForm, TimeTarget,
};
pub use wants::{WantedColumn, Wants};

use crate::reader::Layout;
use crate::source::Format;
use crate::text::fold;
use crate::values::date::{DateRules, Order};
use format::{DatesToml, DropToml, InputToml, ProfileToml, RepeatToml};

/// A mapping profile that this build understands entirely.
#[derive(Debug, Clone)]
pub struct Profile {
    id: String,
    version: String,
    agency: Agency,
    stage: RecordStage,
    study_area: Option<String>,
    on_change: OnChange,
    pub(crate) category: CategoryRule,
    pub(crate) detection: DetectionMode,
    pub(crate) zone: TimeZone,
    effective_from: Option<Date>,
    effective_to: Option<Date>,
    public_embargo_days: u16,
    pub(crate) parameters: BTreeMap<String, Need>,
    pub(crate) layout: Layout,
    pub(crate) null_tokens: Vec<String>,
    pub(crate) decimal_comma: bool,
    pub(crate) crs: Option<String>,
    pub(crate) dates: DateRules,
    pub(crate) month_only: bool,
    pub(crate) ignore_zone: bool,
    pub(crate) fields: Vec<Field>,
    pub(crate) repeat: Option<Repeat>,
    pub(crate) handling: Handling,
    /// The column in which a person agreed that the record is passed on; rows without are not taken.
    pub(crate) consent: Option<String>,
    pub(crate) drop: BTreeSet<String>,
    /// Dropped columns of which a keyed hash is kept.
    pub(crate) hash: Vec<(String, KeyTarget)>,
}

/// A profile that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Not TOML, or a key that is not one of a profile's.
    #[error("the profile is not readable")]
    Format(#[from] Box<toml::de::Error>),
    /// A value that this build cannot honour.
    #[error("{0}")]
    Meaning(String),
}

/// What happens to a record whose natural key is held with other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnChange {
    /// It is reported as D702 and not taken.
    Report,
    /// It becomes the next revision.
    Revise,
}

/// Whether a parameter has to be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    Optional,
}

/// Where an incident's category comes from, unless a field says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CategoryRule {
    Constant(Category),
    FromSections,
    FromField,
}

/// Several rows that are lines of one incident.
#[derive(Debug, Clone)]
pub(crate) struct Repeat {
    pub(crate) substance: String,
    pub(crate) quantity: String,
    pub(crate) unit: String,
    pub(crate) substances: ValueMap,
    pub(crate) units: ValueMap,
}

fn meaning(text: impl Into<String>) -> ProfileError {
    ProfileError::Meaning(text.into())
}

impl Profile {
    /// Reads a profile from its TOML text.
    ///
    /// # Errors
    /// [`ProfileError`] for unknown keys, and for targets, transforms and values that this build does not have:
    /// nothing in a profile is ever ignored.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let toml: ProfileToml = toml::from_str(text).map_err(Box::new)?;
        let code = |e: naqsha_model::UnknownCode| meaning(e.to_string());
        let category = category_rule(&toml)?;
        let fields: Vec<Field> = toml
            .field
            .into_iter()
            .map(|f| Field::parse(f).map_err(meaning))
            .collect::<Result<_, _>>()?;
        if category == CategoryRule::FromField && !fields.iter().any(sets_category) {
            return Err(meaning(
                "no category: give default_category, category_from or a field `to = \"category\"`",
            ));
        }
        let (dates, month_only) = date_rules(&toml.dates)?;
        let profile = Self {
            agency: Agency::new(&toml.agency).map_err(|e| meaning(e.to_string()))?,
            stage: RecordStage::parse(&toml.record_stage).map_err(code)?,
            study_area: toml.study_area,
            on_change: on_change(toml.on_change.as_deref())?,
            category,
            detection: match toml.detection_mode_default.as_deref() {
                Some(mode) => DetectionMode::parse(mode).map_err(code)?,
                None => DetectionMode::Unknown,
            },
            zone: TimeZone::get(&toml.timezone)
                .map_err(|_zone| meaning(format!("{:?} is not a time zone", toml.timezone)))?,
            effective_from: toml.effective_from.as_deref().map(civil_date).transpose()?,
            effective_to: toml.effective_to.as_deref().map(civil_date).transpose()?,
            public_embargo_days: toml.handling.public_embargo_days.unwrap_or(0),
            parameters: parameters(&toml.parameters)?,
            layout: layout(&toml.input)?,
            decimal_comma: decimal_comma(&toml.input)?,
            crs: toml.input.crs.clone(),
            null_tokens: toml
                .input
                .null_tokens
                .into_iter()
                .filter(|token| !token.is_empty())
                .collect(),
            dates,
            month_only,
            ignore_zone: toml.dates.ignore_zone,
            fields,
            repeat: repeat(toml.repeat)?,
            handling: Handling {
                code: match toml.handling.code.as_deref() {
                    Some(code_text) => HandlingCode::parse(code_text).map_err(code)?,
                    None => HandlingCode::Permitted,
                },
                releasable_to: toml.handling.releasable_to,
                public_embargo_until: None,
            },
            consent: toml.handling.consent_required_column,
            hash: hashes(&toml.drop)?,
            drop: toml
                .drop
                .columns
                .iter()
                .chain(toml.drop.hash.keys())
                .map(|name| fold(name))
                .collect(),
            id: toml.profile,
            version: toml.version,
        };
        Ok(profile)
    }

    /// Its id, such as `anf.seizure`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whose files it reads.
    pub const fn agency(&self) -> &Agency {
        &self.agency
    }

    /// Which register the files come from.
    pub const fn stage(&self) -> RecordStage {
        self.stage
    }

    /// The study area its records are analysed in, where it names one.
    pub fn study_area(&self) -> Option<&str> {
        self.study_area.as_deref()
    }

    /// What happens to a record whose natural key is held with other content.
    pub const fn on_change(&self) -> OnChange {
        self.on_change
    }

    /// First day its files may be about, where it says so.
    pub const fn effective_from(&self) -> Option<Date> {
        self.effective_from
    }

    /// Days that its records stay out of public releases.
    pub const fn public_embargo_days(&self) -> u16 {
        self.public_embargo_days
    }

    /// Last day on which files may be read through it, where it says so (B905 after it).
    pub const fn effective_to(&self) -> Option<Date> {
        self.effective_to
    }

    /// Whether it makes keyed hashes, and so needs the deployment's secret.
    pub fn needs_secret(&self) -> bool {
        let keyed = |field: &Field| field.action.needs_secret();
        !self.hash.is_empty()
            || self
                .fields
                .iter()
                .any(|field| keyed(field) || field.also.as_deref().is_some_and(keyed))
    }

    /// Whether it reads quantities of seizures.
    pub fn has_quantities(&self) -> bool {
        let weighs = |field: &Field| matches!(field.action, Action::Seizure(SeizurePart::Quantity));
        self.repeat.is_some() || self.fields.iter().any(weighs)
    }

    /// Whether E401 (a point outside Pakistan) applies: not to open data.
    pub(crate) fn is_open_data(&self) -> bool {
        self.id.starts_with("open.")
    }
}

fn hashes(drop: &DropToml) -> Result<Vec<(String, KeyTarget)>, ProfileError> {
    let target = |(name, to): (&String, &String)| {
        let target = KeyTarget::parse(to);
        target
            .map(|target| (name.clone(), target))
            .ok_or_else(|| meaning(format!("[drop] hash: `{to}` takes no key")))
    };
    drop.hash.iter().map(target).collect()
}

fn sets_category(field: &Field) -> bool {
    field.action == Action::Category
        || field
            .set
            .iter()
            .any(|set| matches!(set, Constant::Category(_)))
}

fn category_rule(toml: &ProfileToml) -> Result<CategoryRule, ProfileError> {
    match (
        toml.default_category.as_deref(),
        toml.category_from.as_deref(),
    ) {
        (Some(text), None) => Category::parse(text)
            .map(CategoryRule::Constant)
            .map_err(|e| meaning(e.to_string())),
        (None, Some("sections")) => Ok(CategoryRule::FromSections),
        (None, None) => Ok(CategoryRule::FromField),
        (None, Some(other)) => Err(meaning(format!(
            "category_from is \"sections\", not {other:?}"
        ))),
        (Some(_), Some(_)) => Err(meaning(
            "default_category and category_from exclude each other",
        )),
    }
}

fn on_change(text: Option<&str>) -> Result<OnChange, ProfileError> {
    match text {
        None | Some("report") => Ok(OnChange::Report),
        Some("revise") => Ok(OnChange::Revise),
        Some(other) => Err(meaning(format!(
            "on_change is \"report\" or \"revise\", not {other:?}"
        ))),
    }
}

fn civil_date(text: &str) -> Result<Date, ProfileError> {
    text.parse()
        .map_err(|_date| meaning(format!("{text:?} is not a date")))
}

fn parameters(toml: &BTreeMap<String, String>) -> Result<BTreeMap<String, Need>, ProfileError> {
    let need = |text: &str| match text {
        "required" => Ok(Need::Required),
        "optional" => Ok(Need::Optional),
        other => Err(meaning(format!(
            "a parameter is \"required\" or \"optional\", not {other:?}"
        ))),
    };
    toml.iter()
        .map(|(name, text)| Ok((name.clone(), need(text)?)))
        .collect()
}

/// Rows that one header may be stacked of.
const MOST_HEADER_ROWS: usize = 4;

fn layout(input: &InputToml) -> Result<Layout, ProfileError> {
    let unknown = |name: &str| {
        meaning(format!(
            "format {name:?}: csv, tsv, xlsx, geojson, geojsonseq, ndjson or parquet"
        ))
    };
    let format = match input.format.as_deref() {
        Some(name) => Some(Format::parse(name).ok_or_else(|| unknown(name))?),
        None => None,
    };
    let delimiter = match (input.delimiter.as_deref(), input.format.as_deref()) {
        (Some("\t" | "tab"), _) | (None, Some("tsv")) => Some(b'\t'),
        (Some(","), _) => Some(b','),
        (Some(";"), _) => Some(b';'),
        (Some("|"), _) => Some(b'|'),
        (None, _) => None,
        (Some(other), _) => {
            return Err(meaning(format!(
                "delimiter {other:?}: comma, semicolon, tab or pipe"
            )));
        }
    };
    let mut legacy = None;
    for name in &input.encoding {
        let encoding = encoding_rs::Encoding::for_label(name.as_bytes())
            .filter(|e| *e == encoding_rs::UTF_8 || e.is_single_byte())
            .ok_or_else(|| meaning(format!("encoding {name:?} is not read by this build")))?;
        if encoding != encoding_rs::UTF_8 && legacy.replace(encoding).is_some() {
            return Err(meaning(
                "one encoding beside UTF-8 at most: bytes cannot tell two apart",
            ));
        }
    }
    let header_row = input.header_row.unwrap_or(1);
    if header_row == 0 || (input.skip_rows.is_some() && input.header_row.is_some()) {
        return Err(meaning("header_row counts from 1 and excludes skip_rows"));
    }
    if input
        .header_rows
        .is_some_and(|rows| !(1..=MOST_HEADER_ROWS).contains(&rows))
    {
        return Err(meaning(format!("header_rows is 1 to {MOST_HEADER_ROWS}")));
    }
    if input.sheet.is_some() && !input.sheets.is_empty() {
        return Err(meaning("sheet and sheets exclude each other"));
    }
    Ok(Layout {
        format,
        delimiter,
        legacy,
        skip: input.skip_rows.unwrap_or(header_row - 1),
        header_rows: input.header_rows,
        sheets: input.sheet.iter().chain(&input.sheets).cloned().collect(),
        member: input.archive_member.clone(),
    })
}

fn decimal_comma(input: &InputToml) -> Result<bool, ProfileError> {
    match input.decimal.as_deref() {
        None | Some(".") => Ok(false),
        Some(",") => Ok(true),
        Some(other) => Err(meaning(format!("decimal is \".\" or \",\", not {other:?}"))),
    }
}

fn date_rules(toml: &DatesToml) -> Result<(DateRules, bool), ProfileError> {
    let order = match toml.order.as_deref() {
        None | Some("dmy") => Order::Dmy,
        Some("mdy") => Order::Mdy,
        Some("ymd") => Order::Ymd,
        Some(other) => return Err(meaning(format!("dates.order {other:?}: dmy, mdy or ymd"))),
    };
    if let Some(other) = toml
        .numerals
        .iter()
        .find(|n| !matches!(n.as_str(), "ascii" | "urdu" | "arabic"))
    {
        return Err(meaning(format!(
            "dates.numerals {other:?}: ascii, urdu, arabic"
        )));
    }
    let month_only = match toml.precision_cap.as_deref() {
        None => false,
        Some(cap) if cap == TimePrecision::Month.code() => true,
        Some(other) => {
            return Err(meaning(format!(
                "dates.precision_cap {other:?}: this build has month"
            )));
        }
    };
    Ok((
        DateRules {
            order,
            pivot: toml.two_digit_year_pivot.unwrap_or(69),
        },
        month_only,
    ))
}

fn repeat(toml: Vec<RepeatToml>) -> Result<Option<Repeat>, ProfileError> {
    let mut all = toml.into_iter();
    let Some(first) = all.next() else {
        return Ok(None);
    };
    if all.next().is_some() || first.to != "seizures" || first.group_by != "case" {
        return Err(meaning(
            "one [[repeat]] with to = \"seizures\" and group_by = \"case\" at most",
        ));
    }
    if let Some(wrong) = first
        .substance_map
        .values()
        .find(|s| Substance::parse(s).is_err())
    {
        return Err(meaning(format!("{wrong:?} is not a seized substance")));
    }
    Ok(Some(Repeat {
        substance: first.fields.substance,
        quantity: first.fields.quantity,
        unit: first.fields.unit,
        substances: ValueMap::new(&first.substance_map),
        units: ValueMap::new(&first.unit_map),
    }))
}

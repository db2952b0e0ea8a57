//! A profile resolved against one header, once per file: which column feeds which field. Fails closed.

use std::collections::HashMap;

use csv::StringRecord;
use naqsha_model::{Category, Code};

use crate::error::{IngestError, Refusal};
use crate::profile::{Action, Field, KeyTarget, Need, Profile, Repeat};
use crate::settings::Settings;
use crate::text::fold;
use crate::values::redact::blocked_header;

/// A field with its columns.
#[derive(Debug)]
pub(crate) struct Planned<'a> {
    pub(crate) field: &'a Field,
    pub(crate) columns: Vec<usize>,
}

/// The lines of a case with their columns.
#[derive(Debug)]
pub(crate) struct PlannedRepeat<'a> {
    pub(crate) repeat: &'a Repeat,
    pub(crate) substance: usize,
    pub(crate) quantity: usize,
    pub(crate) unit: Option<usize>,
}

/// What a column is to this profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Read into a field.
    Mapped,
    /// Read into a field that is kept as text.
    KeptText,
    /// Dropped by the profile: blank in every answer.
    Dropped,
    /// Neither: the file is refused.
    Unmapped,
}

/// A profile resolved against a header.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) fields: Vec<Planned<'a>>,
    pub(crate) repeat: Option<PlannedRepeat<'a>>,
    pub(crate) category: Option<Category>,
    pub(crate) uses: Vec<Use>,
    /// Dropped columns of which a keyed hash is kept.
    pub(crate) hashes: Vec<(usize, KeyTarget)>,
    /// The column of consent.
    pub(crate) consent: Option<usize>,
    /// The reference system of the coordinates, where it is not degrees of WGS 84.
    pub(crate) crs: Option<String>,
    /// Columns before those that a report added: a row that is blank in them is blank.
    pub(crate) own: usize,
    /// Headers that the profile requires and the file lacks.
    pub(crate) missing: Vec<String>,
}

/// Resolves what can be resolved; [`Plan::complete`] says whether that is enough.
pub(crate) fn resolve<'a>(
    profile: &'a Profile,
    settings: &Settings,
    header: &StringRecord,
) -> Result<Plan<'a>, IngestError> {
    check_parameters(profile, settings)?;
    let folded: Vec<String> = header.iter().map(fold).collect();
    let mut index: HashMap<&str, usize> = HashMap::new();
    for (i, name) in folded.iter().enumerate() {
        // Two columns that are both dropped cannot be taken for each other.
        let dropped = profile.drop.contains(name);
        if !name.is_empty() && index.insert(name, i).is_some() && !dropped {
            let columns = vec![header.get(i).unwrap_or_default().to_owned()];
            return Err(Refusal::of_columns(
                Code::E102,
                "two columns have the same header",
                columns,
            )
            .into());
        }
    }
    let drop_rest = settings
        .set
        .get("drop")
        .is_some_and(|value| value == "rest");
    let mut plan = Plan {
        fields: Vec::new(),
        repeat: None,
        category: None,
        uses: folded
            .iter()
            .map(|name| unread(profile, name, drop_rest))
            .collect(),
        hashes: Vec::new(),
        consent: None,
        crs: crs(profile, settings),
        own: folded
            .iter()
            .position(|name| REPORT_COLUMNS.contains(&name.as_str()))
            .unwrap_or(folded.len()),
        missing: Vec::new(),
    };
    for field in &profile.fields {
        plan.add_field(field, settings, &index);
    }
    if let Some(repeat) = &profile.repeat {
        plan.add_repeat(repeat, &index);
    }
    plan.add_handling(profile, &index);
    Ok(plan)
}

/// What the report adds to a file's own columns: a clerk corrects the report itself and sends it back.
const REPORT_COLUMNS: [&str; 4] = [
    "naqsha_row",
    "naqsha_outcome",
    "naqsha_codes",
    "naqsha_fixed",
];

fn unread(profile: &Profile, folded: &str, drop_rest: bool) -> Use {
    if drop_rest || profile.drop.contains(folded) || REPORT_COLUMNS.contains(&folded) {
        Use::Dropped
    } else {
        Use::Unmapped
    }
}

impl<'a> Plan<'a> {
    /// Fails closed: P605 for a column of caste or religion that is not dropped, E101 for a required header that is missing, E103 for a column that is neither mapped nor dropped.
    pub(crate) fn complete(self, header: &StringRecord) -> Result<Self, IngestError> {
        if !self.missing.is_empty() {
            let detail = format!("required columns are missing: {}", self.missing.join(", "));
            return Err(Refusal::of_columns(Code::E101, detail, self.missing).into());
        }
        let unmapped = self.unmapped(header);
        let blocked: Vec<String> = unmapped
            .iter()
            .filter(|name| blocked_header(name))
            .cloned()
            .collect();
        if !blocked.is_empty() {
            let detail = format!("columns that are never taken: {}", blocked.join(", "));
            return Err(Refusal::of_columns(Code::P605, detail, blocked).into());
        }
        if !unmapped.is_empty() {
            let detail = format!(
                "columns neither mapped nor dropped: {}",
                unmapped.join(", ")
            );
            return Err(Refusal::of_columns(Code::E103, detail, unmapped).into());
        }
        Ok(self)
    }

    /// The agency whose stations the profile reads, where it names one.
    pub(crate) fn station_agency(&self) -> Option<&str> {
        self.fields
            .iter()
            .find_map(|planned| match &planned.field.action {
                Action::Station(agency) => agency.as_deref(),
                _ => None,
            })
    }

    /// Headers neither mapped nor dropped; a column without a header by its position.
    pub(crate) fn unmapped(&self, header: &StringRecord) -> Vec<String> {
        let named = |(i, name): (usize, &str)| {
            if name.trim().is_empty() {
                format!("(column {})", i + 1)
            } else {
                name.to_owned()
            }
        };
        let unmapped = |(i, _): &(usize, &str)| self.uses.get(*i) == Some(&Use::Unmapped);
        header
            .iter()
            .enumerate()
            .filter(unmapped)
            .map(named)
            .collect()
    }

    fn add_field(&mut self, field: &'a Field, settings: &Settings, index: &HashMap<&str, usize>) {
        let find = |name: &String| {
            parameter(name, settings).and_then(|name| index.get(fold(&name).as_str()).copied())
        };
        let columns: Vec<usize> = if field.from_all.is_empty() {
            field.from.iter().find_map(find).into_iter().collect()
        } else {
            let all: Vec<usize> = field.from_all.iter().filter_map(find).collect();
            if all.len() == field.from_all.len() {
                all
            } else {
                Vec::new()
            }
        };
        if columns.is_empty() {
            if let Some(category) = constant_category(field, settings) {
                self.category = Some(category);
            } else if field.required
                || field
                    .from
                    .iter()
                    .any(|name| parameter_given(name, settings))
            {
                let names = field
                    .from
                    .iter()
                    .chain(&field.from_all)
                    .filter_map(|name| parameter(name, settings));
                self.missing.push(names.collect::<Vec<_>>().join(" or "));
            }
            return;
        }
        let keeps = |field: &Field| field.action.keeps_text() && field.map.is_empty();
        let kept_text = keeps(field) || field.also.as_deref().is_some_and(keeps);
        let new_use = if kept_text {
            Use::KeptText
        } else {
            Use::Mapped
        };
        for &column in &columns {
            self.mark(column, new_use);
        }
        self.fields.push(Planned { field, columns });
    }

    fn add_repeat(&mut self, repeat: &'a Repeat, index: &HashMap<&str, usize>) {
        let find = |name: &str| index.get(fold(name).as_str()).copied();
        let (substance, quantity) = (find(&repeat.substance), find(&repeat.quantity));
        for (name, found) in [(&repeat.substance, substance), (&repeat.quantity, quantity)] {
            if found.is_none() {
                self.missing.push(name.clone());
            }
        }
        if let (Some(substance), Some(quantity)) = (substance, quantity) {
            let unit = find(&repeat.unit);
            [Some(substance), Some(quantity), unit]
                .into_iter()
                .flatten()
                .for_each(|column| self.mark(column, Use::Mapped));
            self.repeat = Some(PlannedRepeat {
                repeat,
                substance,
                quantity,
                unit,
            });
        }
    }

    fn add_handling(&mut self, profile: &Profile, index: &HashMap<&str, usize>) {
        let find = |name: &str| index.get(fold(name).as_str()).copied();
        for (name, target) in &profile.hash {
            self.hashes
                .extend(find(name).map(|column| (column, *target)));
        }
        if let Some(name) = &profile.consent {
            match find(name) {
                Some(column) => {
                    self.mark(column, Use::Mapped);
                    self.consent = Some(column);
                }
                None => self.missing.push(name.clone()),
            }
        }
    }

    fn mark(&mut self, column: usize, as_use: Use) {
        if let Some(slot) = self.uses.get_mut(column) {
            *slot = as_use;
        }
    }
}

/// The header a `from` entry stands for; `{name}` is what `--set name=` says, none where it says nothing.
fn parameter(name: &str, settings: &Settings) -> Option<String> {
    match name.strip_prefix('{').and_then(|n| n.strip_suffix('}')) {
        Some(name) => settings.set.get(name).cloned(),
        None => Some(name.to_owned()),
    }
}

fn crs(profile: &Profile, settings: &Settings) -> Option<String> {
    let stated = settings.set.get("crs").or(profile.crs.as_ref())?;
    (stated != "EPSG:4326").then(|| stated.clone())
}

fn parameter_given(name: &str, settings: &Settings) -> bool {
    name.starts_with('{') && parameter(name, settings).is_some()
}

/// `--set category=DT` where no column has that name.
fn constant_category(field: &Field, settings: &Settings) -> Option<Category> {
    if field.action != Action::Category {
        return None;
    }
    field
        .from
        .iter()
        .filter(|name| name.starts_with('{'))
        .filter_map(|name| parameter(name, settings))
        .find_map(|text| Category::parse(&text).ok())
}

fn check_parameters(profile: &Profile, settings: &Settings) -> Result<(), IngestError> {
    for name in settings.set.keys() {
        if !profile.parameters.contains_key(name) {
            return Err(IngestError::Settings(format!(
                "{} has no parameter {name:?}",
                profile.id()
            )));
        }
    }
    for (name, need) in &profile.parameters {
        if *need == Need::Required && !settings.set.contains_key(name) {
            return Err(IngestError::Settings(format!(
                "{} needs --set {name}=…",
                profile.id()
            )));
        }
    }
    if let Some(other) = settings.set.get("drop").filter(|value| *value != "rest") {
        return Err(IngestError::Settings(format!(
            "drop is \"rest\", not {other:?}"
        )));
    }
    Ok(())
}

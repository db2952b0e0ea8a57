//! Cells to a draft: each planned field reads its cell, maps it, and notes what is wrong with it.

mod line;
mod place;
mod take;

use std::borrow::Cow;

use csv::StringRecord;
use naqsha_model::{Code, Seizure};

use crate::draft::Draft;
use crate::error::IngestError;
use crate::plan::{Plan, Planned};
use crate::profile::{Constant, Field, KeyTarget, Profile, ValueMap, truth};
use crate::project::Projection;
use crate::reference::Reference;
use crate::secret::LinkageSecret;
use crate::settings::Settings;
use crate::usual::UsualQuantities;
use crate::values::moment::MomentReader;
use line::LineReader;

/// Reads the rows of one file.
pub(crate) struct RowReader<'a> {
    profile: &'a Profile,
    pub(crate) plan: &'a Plan<'a>,
    reference: &'a Reference,
    moments: MomentReader<'a>,
    secret: Option<&'a LinkageSecret>,
    usual: &'a UsualQuantities,
    projection: Option<Projection>,
}

impl<'a> RowReader<'a> {
    /// A reader of the rows of one file.
    ///
    /// # Errors
    /// [`IngestError::Settings`] where the profile makes keyed hashes and no secret is given, or its reference system is
    /// not known.
    pub(crate) fn new(
        profile: &'a Profile,
        plan: &'a Plan<'a>,
        reference: &'a Reference,
        settings: &'a Settings,
    ) -> Result<Self, IngestError> {
        let secret = settings.secret.as_ref();
        if secret.is_none() && profile.needs_secret() {
            let detail = format!(
                "{} makes keyed hashes and needs the deployment's secret",
                profile.id()
            );
            return Err(IngestError::Settings(detail));
        }
        Ok(Self {
            profile,
            plan,
            reference,
            moments: MomentReader::new(profile),
            secret,
            usual: &settings.usual,
            projection: plan.crs.as_deref().map(Projection::of).transpose()?,
        })
    }

    /// Reads one row into an empty draft.
    pub(crate) fn read(&self, record: &StringRecord, draft: &mut Draft) {
        for planned in &self.plan.fields {
            self.read_field(planned, record, draft);
        }
        self.settle_station(self.plan.station_agency(), draft);
        self.read_line(record, draft);
        self.project(draft);
        self.read_keys(record, draft);
        self.read_consent(record, draft);
    }

    fn read_field(&self, planned: &Planned<'a>, record: &StringRecord, draft: &mut Draft) {
        let field = planned.field;
        let cell = cell(record, &planned.columns);
        let text = cell.trim();
        let column = planned.columns.first().copied().unwrap_or(0);
        if self.is_null(text) {
            match &field.const_if_blank {
                Some(constant) => self.apply(field, column, constant, draft),
                None if field.required => draft.blame(Code::E101, column),
                None => {}
            }
            return;
        }
        self.apply(field, column, text, draft);
        for constant in &field.set {
            set(constant, draft);
        }
        if let Some(also) = &field.also {
            self.apply(also, column, text, draft);
        }
    }

    /// Whether a cell holds a value that the map of its column does not know.
    pub(crate) fn unknown_value(&self, column: usize, cell: &str) -> bool {
        let text = cell.trim();
        let unknown = |map: &ValueMap| !map.is_empty() && map.get(text).is_none();
        let in_field = self
            .plan
            .fields
            .iter()
            .any(|p| p.columns.first() == Some(&column) && unknown(&p.field.map));
        let in_lines = self
            .plan
            .repeat
            .as_ref()
            .is_some_and(|p| p.substance == column && unknown(&p.repeat.substances));
        !self.is_null(text) && (in_field || in_lines)
    }

    fn is_null(&self, text: &str) -> bool {
        text.is_empty()
            || self
                .profile
                .null_tokens
                .iter()
                .any(|token| token.eq_ignore_ascii_case(text))
    }

    /// Maps and takes a text; where several values stand in it, each of them.
    fn apply(&self, field: &Field, column: usize, text: &str, draft: &mut Draft) {
        match field.multi {
            None => self.apply_one(field, column, text, draft),
            Some(sign) => text
                .split(sign)
                .map(str::trim)
                .filter(|part| !self.is_null(part))
                .for_each(|part| self.apply_one(field, column, part, draft)),
        }
    }

    fn apply_one(&self, field: &Field, column: usize, text: &str, draft: &mut Draft) {
        let mapped = if field.map.is_empty() {
            text
        } else if let Some(mapped) = field.map.get(text) {
            mapped
        } else {
            draft.blame(field.on_unmapped, column);
            return;
        };
        if let Err(code) = self.take(&field.action, column, mapped, draft) {
            draft.blame(code, column);
        }
    }

    fn read_line(&self, record: &StringRecord, draft: &mut Draft) {
        if let Some(planned) = &self.plan.repeat {
            let reader = LineReader {
                planned,
                is_null: |text: &str| self.is_null(text),
            };
            reader.read(record, draft);
        }
        let single = line::settle_single(draft);
        let column = self.plan.repeat.as_ref().map(|planned| planned.quantity);
        if let Some(column) = column.or(single)
            && !self.profile.is_open_data()
        {
            self.weigh(column, draft);
        }
    }

    /// W503 where a line is more than the agency usually seizes at once.
    fn weigh(&self, column: usize, draft: &mut Draft) {
        let exceeded = |line: &Seizure| {
            line.kilograms
                .is_some_and(|kilograms| self.usual.is_exceeded(line.substance, kilograms))
        };
        if draft.seizures.iter().any(exceeded) {
            draft.blame(Code::W503, column);
        }
    }

    /// Makes degrees of coordinates in the file's reference system.
    fn project(&self, draft: &mut Draft) {
        let Some(projection) = &self.projection else {
            return;
        };
        let position = draft.x.zip(draft.y).or(draft.longitude.zip(draft.latitude));
        let Some((x, y)) = position else { return };
        match projection.to_degrees(x, y) {
            Ok((lon, lat)) => (draft.longitude, draft.latitude) = (Some(lon), Some(lat)),
            Err(code) => draft.note(code),
        }
    }

    /// Keeps a keyed hash of columns that are dropped.
    fn read_keys(&self, record: &StringRecord, draft: &mut Draft) {
        for &(column, target) in &self.plan.hashes {
            let text = record.get(column).unwrap_or_default().trim();
            if !self.is_null(text) {
                self.take_key(target, column, text, draft);
            }
        }
    }

    /// A destroyed number identifies nobody: it is dropped with a warning.
    fn take_key(&self, target: KeyTarget, column: usize, text: &str, draft: &mut Draft) {
        if is_destroyed(text) {
            draft.blame(Code::E112, column);
            return;
        }
        if !target.identifies(text) {
            return;
        }
        let Some(secret) = self.secret else { return };
        let linkage = &mut draft.details().linkage;
        let (kind, keys) = match target {
            KeyTarget::Person => ("person", &mut linkage.person_keys),
            KeyTarget::Vehicle => ("vehicle", &mut linkage.vehicle_keys),
            KeyTarget::Account => ("account", &mut linkage.account_keys),
        };
        let key = secret.key(kind, text);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }

    /// A record about a person who has not agreed is not taken.
    fn read_consent(&self, record: &StringRecord, draft: &mut Draft) {
        if let Some(column) = self.plan.consent
            && truth(record.get(column).unwrap_or_default().trim()) != Some(true)
        {
            draft.blame(Code::H951, column);
        }
    }
}

/// A long number that a spreadsheet rounded: `3.52021E+12`.
fn is_destroyed(text: &str) -> bool {
    let text = crate::text::ascii_digits(text);
    text.contains(['E', 'e'])
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '+' | 'E' | 'e'))
        && fast_float2::parse::<f64, _>(text.replace(',', ".").as_bytes())
            .is_ok_and(|number| number >= 1e9)
}

/// The text of a field's columns, joined by a space where there are several.
fn cell<'r>(record: &'r StringRecord, columns: &[usize]) -> Cow<'r, str> {
    match columns {
        [one] => Cow::Borrowed(record.get(*one).unwrap_or_default()),
        several => {
            let cells = several
                .iter()
                .filter_map(|&column| record.get(column))
                .map(str::trim);
            Cow::Owned(
                cells
                    .filter(|cell| !cell.is_empty())
                    .collect::<Vec<_>>()
                    .join(" "),
            )
        }
    }
}

fn set(constant: &Constant, draft: &mut Draft) {
    match *constant {
        Constant::Basis(basis) => draft.basis = Some(basis),
        Constant::Precision(precision) => draft.precision = Some(precision),
        Constant::Uncertainty(metres) => draft.uncertainty = Some(metres),
        Constant::Category(category) => draft.category = Some(category),
        Constant::Detection(detection) => draft.detection = Some(detection),
        Constant::TimePrecision(precision) => draft.occurred_precision = Some(precision),
        Constant::Role(role) => draft.details().place.role = Some(role),
        Constant::Country(country) => draft.details().place.country = Some(country),
    }
}

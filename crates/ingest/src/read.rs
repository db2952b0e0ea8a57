//! Cells to a draft: each planned field reads its cell, maps it, and notes what is wrong with it.

use std::borrow::Cow;

use csv::StringRecord;
use naqsha_model::{Category, Code, Precision, TimePrecision};

use crate::draft::{Draft, Moment};
use crate::plan::{Plan, Planned};
use crate::profile::{Action, Constant, Field, Profile, TimeForm, TimeTarget, metres};
use crate::reference::Reference;
use crate::values::moment::MomentReader;
use crate::values::redact::redact;

/// Reads the rows of one file.
pub(crate) struct RowReader<'a> {
    profile: &'a Profile,
    pub(crate) plan: &'a Plan<'a>,
    reference: &'a Reference,
    moments: MomentReader<'a>,
}

impl<'a> RowReader<'a> {
    pub(crate) fn new(profile: &'a Profile, plan: &'a Plan<'a>, reference: &'a Reference) -> Self {
        Self { profile, plan, reference, moments: MomentReader::new(profile) }
    }

    /// Reads one row into an empty draft.
    pub(crate) fn read(&self, record: &StringRecord, draft: &mut Draft) {
        for planned in &self.plan.fields {
            self.read_field(planned, record, draft);
        }
    }

    fn read_field(&self, planned: &Planned<'a>, record: &StringRecord, draft: &mut Draft) {
        let field = planned.field;
        let cell = cell(record, &planned.columns);
        let text = cell.trim();
        let column = planned.columns.first().copied().unwrap_or(0);
        if self.is_null(text) {
            match &field.const_if_blank {
                Some(constant) => self.apply(field, column, constant, draft),
                None if field.required => draft.note(Code::E101),
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

    fn is_null(&self, text: &str) -> bool {
        text.is_empty() || self.profile.null_tokens.iter().any(|token| token.eq_ignore_ascii_case(text))
    }

    fn apply(&self, field: &Field, column: usize, text: &str, draft: &mut Draft) {
        let mapped = if field.map.is_empty() {
            text
        } else if let Some(mapped) = field.map.get(text) {
            mapped
        } else {
            draft.note(field.on_unmapped);
            return;
        };
        if let Err(code) = self.take(&field.action, column, mapped, draft) {
            draft.note(code);
        }
    }

    fn take(&self, action: &Action, column: usize, text: &str, draft: &mut Draft) -> Result<(), Code> {
        match action {
            Action::SourceId => draft.source_id = Some(text.to_owned()),
            Action::Unit => draft.unit = Some(text.to_owned()),
            Action::Status => draft.status = Some(text.to_owned()),
            Action::Time(target, form) => self.take_time(*target, *form, column, text, draft)?,
            Action::TimePrecision => {
                draft.occurred_precision = Some(TimePrecision::parse(text).map_err(|_unknown| Code::E104)?);
            }
            Action::PlaceText => draft.place_text = Some(self.kept_text(column, text, draft)),
            Action::Modus { lower } => {
                let kept = self.kept_text(column, text, draft);
                draft.modus = Some(if *lower { kept.to_lowercase() } else { kept });
            }
            Action::Longitude => draft.longitude = Some(self.coordinate(text)?),
            Action::Latitude => draft.latitude = Some(self.coordinate(text)?),
            Action::Uncertainty => draft.uncertainty = Some(metres(text).map_err(|_text| Code::E501)?),
            Action::Precision => draft.precision = Some(Precision::parse(text).map_err(|_unknown| Code::E104)?),
            Action::Category => draft.category = Some(Category::parse(text).map_err(|_unknown| Code::E203)?),
            _ => return Err(Code::E104),
        }
        Ok(())
    }

    fn take_time(&self, target: TimeTarget, form: TimeForm, column: usize, text: &str, draft: &mut Draft) -> Result<(), Code> {
        let (moment, remarks) = self.moments.read(form, text)?;
        remarks.into_iter().flatten().for_each(|code| {
            draft.note(code);
            draft.fixed.push((column, moment.first.to_string()));
        });
        match target {
            TimeTarget::OccurredStart | TimeTarget::Occurred => draft.occurred = Some(moment),
            TimeTarget::OccurredEnd => draft.occurred_end = Some(moment),
            TimeTarget::Reported => draft.reported = Some(moment),
        }
        Ok(())
    }

    fn kept_text(&self, column: usize, text: &str, draft: &mut Draft) -> String {
        let redacted = redact(text);
        if !redacted.codes.is_empty() {
            draft.redacted.push(column);
            redacted.codes.iter().for_each(|&code| draft.note(code));
        }
        redacted.text.into_owned()
    }

    fn coordinate(&self, text: &str) -> Result<f64, Code> {
        let text: Cow<'_, str> =
            if self.profile.decimal_comma { Cow::Owned(text.replace(',', ".")) } else { Cow::Borrowed(text) };
        fast_float2::parse::<f64, _>(text.as_bytes()).ok().filter(|n| n.is_finite()).ok_or(Code::E501)
    }
}

/// The text of a field's columns, joined by a space where there are several.
fn cell<'r>(record: &'r StringRecord, columns: &[usize]) -> Cow<'r, str> {
    match columns {
        [one] => Cow::Borrowed(record.get(*one).unwrap_or_default()),
        several => {
            let cells = several.iter().filter_map(|&column| record.get(column)).map(str::trim);
            Cow::Owned(cells.filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" "))
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
    }
}

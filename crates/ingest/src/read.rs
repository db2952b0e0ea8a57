//! Cells to a draft: each planned field reads its cell, maps it, and notes what is wrong with it.

use std::borrow::Cow;

use csv::StringRecord;
use naqsha_model::{Category, Code, Precision, Seizure, Status, Substance, TimePrecision, Unit};

use crate::draft::Draft;
use crate::plan::{Plan, Planned};
use crate::profile::{
    Action, CheckedForm, Constant, Field, NumberForm, Profile, TimeForm, TimeTarget, ValueMap,
    metres,
};
use crate::reference::Reference;
use crate::text::words;
use crate::values::fir_number::fir_number;
use crate::values::moment::MomentReader;
use crate::values::number::{
    distance_bearing, kilograms_each, lat_lon, money, quantity, unit_fits,
};
use crate::values::redact::redact;
use crate::values::section::sections;

/// Reads the rows of one file.
pub(crate) struct RowReader<'a> {
    profile: &'a Profile,
    pub(crate) plan: &'a Plan<'a>,
    reference: &'a Reference,
    moments: MomentReader<'a>,
}

impl<'a> RowReader<'a> {
    pub(crate) fn new(profile: &'a Profile, plan: &'a Plan<'a>, reference: &'a Reference) -> Self {
        Self {
            profile,
            plan,
            reference,
            moments: MomentReader::new(profile),
        }
    }

    /// Reads one row into an empty draft.
    pub(crate) fn read(&self, record: &StringRecord, draft: &mut Draft) {
        for planned in &self.plan.fields {
            self.read_field(planned, record, draft);
        }
        self.read_line(record, draft);
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

    fn take(
        &self,
        action: &Action,
        column: usize,
        text: &str,
        draft: &mut Draft,
    ) -> Result<(), Code> {
        match action {
            Action::SourceId => draft.source_id = Some(text.to_owned()),
            Action::Unit => draft.unit = Some(text.to_owned()),
            Action::Status => {
                draft.status = Some(Status::parse(text).map_err(|_unknown| Code::E104)?);
            }
            Action::Time(target, form) => self.take_time((*target, *form), column, text, draft)?,
            Action::TimePrecision => {
                draft.occurred_precision =
                    Some(TimePrecision::parse(text).map_err(|_unknown| Code::E104)?);
            }
            Action::PlaceText => draft.place_text = Some(Self::kept_text(column, text, draft)),
            Action::Modus { lower } => {
                let kept = Self::kept_text(column, text, draft);
                draft.description = Some(if *lower { kept.to_lowercase() } else { kept });
            }
            Action::Longitude => draft.longitude = Some(self.coordinate(text)?),
            Action::Latitude => draft.latitude = Some(self.coordinate(text)?),
            Action::Uncertainty => {
                draft.uncertainty = Some(metres(text).map_err(|_text| Code::E501)?);
            }
            Action::Precision => {
                draft.precision = Some(Precision::parse(text).map_err(|_unknown| Code::E104)?);
            }
            Action::Category => {
                draft.category = Some(Category::parse(text).map_err(|_unknown| Code::E203)?);
            }
            Action::CaseNumber(NumberForm::Plain) => draft.number = Some((text.to_owned(), None)),
            Action::CaseNumber(NumberForm::Fir) => {
                draft.number = Some(fir_number(text, self.profile.dates.pivot)?);
            }
            Action::Station => Self::take_station(column, text, draft)?,
            Action::Sections { default_statute } => {
                let cited = sections(text, default_statute, &self.reference.statutes)?;
                (draft.offences, draft.cited) = (cited.offences, Some(cited.category));
            }
            Action::District => self.take_district(column, text, draft)?,
            Action::LatLon => {
                let point = lat_lon(text)?;
                (draft.longitude, draft.latitude) = (Some(point.lon()), Some(point.lat()));
            }
            Action::Checked(form) => take_checked(*form, column, text, draft)?,
        }
        Ok(())
    }

    fn take_station(column: usize, text: &str, draft: &mut Draft) -> Result<(), Code> {
        let mut words = words(text);
        if words.iter().any(|word| word == "ٹھانہ") {
            draft.note(Code::W409);
            draft.fixed.push((column, text.replace("ٹھانہ", "تھانہ")));
        }
        words.retain(|word| {
            !matches!(
                word.as_str(),
                "ps" | "thana" | "تھانہ" | "ٹھانہ" | "station" | "police"
            )
        });
        if words.is_empty() {
            return Err(Code::E101);
        }
        draft.station = Some(words.join("-"));
        Ok(())
    }

    fn take_district(&self, column: usize, text: &str, draft: &mut Draft) -> Result<(), Code> {
        let district = self.reference.districts.find(text).ok_or(Code::E404)?;
        if let Some(remark) = district.remark {
            draft.note(remark);
            draft.fixed.push((column, district.name.clone()));
        }
        draft.district = Some(district.name.clone());
        Ok(())
    }

    fn read_line(&self, record: &StringRecord, draft: &mut Draft) {
        let Some(planned) = &self.plan.repeat else {
            return;
        };
        let cell = |column: usize| record.get(column).unwrap_or_default().trim();
        let (substance, amount) = (cell(planned.substance), cell(planned.quantity));
        if self.is_null(substance) {
            draft.note(Code::E101);
            return;
        }
        let found = planned
            .repeat
            .substances
            .get(substance)
            .and_then(|code| Substance::parse(code).ok());
        let Some(substance) = found else {
            draft.note(Code::E203);
            return;
        };
        if self.is_null(amount) {
            draft.seizures.push(Seizure::of(substance));
            return;
        }
        let unit = planned.unit.map(cell).filter(|unit| !self.is_null(unit));
        match line(substance, amount, unit, &planned.repeat.units) {
            Ok((seizure, remark)) => {
                if let Some(code) = remark {
                    draft.note(code);
                    let fixed = format!(
                        "{} {}",
                        seizure.quantity.unwrap_or_default(),
                        seizure.unit.map_or("", Unit::code)
                    );
                    draft.fixed.push((planned.quantity, fixed));
                }
                draft.seizures.push(seizure);
            }
            Err(code) => draft.note(code),
        }
    }

    fn take_time(
        &self,
        (target, form): (TimeTarget, TimeForm),
        column: usize,
        text: &str,
        draft: &mut Draft,
    ) -> Result<(), Code> {
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

    fn kept_text(column: usize, text: &str, draft: &mut Draft) -> String {
        let redacted = redact(text);
        if !redacted.codes.is_empty() {
            draft.redacted.push(column);
            redacted.codes.iter().for_each(|&code| draft.note(code));
        }
        redacted.text.into_owned()
    }

    fn coordinate(&self, text: &str) -> Result<f64, Code> {
        let text: Cow<'_, str> = if self.profile.decimal_comma {
            Cow::Owned(text.replace(',', "."))
        } else {
            Cow::Borrowed(text)
        };
        fast_float2::parse::<f64, _>(text.as_bytes())
            .ok()
            .filter(|n| n.is_finite())
            .ok_or(Code::E501)
    }
}

fn line(
    substance: Substance,
    amount: &str,
    unit: Option<&str>,
    units: &ValueMap,
) -> Result<(Seizure, Option<Code>), Code> {
    let quantity = quantity(amount, unit, units)?;
    if !unit_fits(quantity.unit, substance) {
        return Err(Code::E505);
    }
    let kilograms = kilograms_each(quantity.unit).map(|each| each * quantity.value);
    let remark = quantity
        .remark
        .or((quantity.unit == "tablet").then_some(Code::W507));
    let unit = Unit::parse(quantity.unit).map_err(|_unknown| Code::E505)?;
    Ok((
        Seizure {
            quantity: Some(quantity.value),
            unit: Some(unit),
            kilograms,
            conversion: unit.conversion(),
            ..Seizure::of(substance)
        },
        remark,
    ))
}

fn take_checked(
    form: CheckedForm,
    column: usize,
    text: &str,
    draft: &mut Draft,
) -> Result<(), Code> {
    let checked = match form {
        CheckedForm::Text => redact(text).text.into_owned(),
        CheckedForm::Money => {
            let (amount, currency) = money(text)?;
            let normalised = format!("{amount} {currency}");
            draft.fixed.push((column, normalised.clone()));
            normalised
        }
        // A place without a distance is common; nothing is missing then.
        CheckedForm::Distance => match distance_bearing(text) {
            Some((km, bearing)) => format!("{km:.3} km {bearing}"),
            None => return Ok(()),
        },
        CheckedForm::Grading => match text.trim().as_bytes() {
            [b'A'..=b'F', b'1'..=b'6'] => text.trim().to_owned(),
            _ => return Err(Code::E104),
        },
    };
    draft.checked.push(checked);
    Ok(())
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
    }
}

//! Lines of a seizure: substance, quantity and unit from the columns of a row, or from fields of their own.

use csv::StringRecord;
use naqsha_model::{Code, Seizure, Substance, Unit};

use crate::draft::Draft;
use crate::plan::PlannedRepeat;
use crate::profile::ValueMap;
use crate::values::number::{kilograms_each, quantity, unit_fits};

/// Reads the line of one row.
pub(super) struct LineReader<'a, F> {
    pub(super) planned: &'a PlannedRepeat<'a>,
    pub(super) is_null: F,
}

impl<F: Fn(&str) -> bool> LineReader<'_, F> {
    pub(super) fn read(&self, record: &StringRecord, draft: &mut Draft) {
        let planned = self.planned;
        let cell = |column: usize| record.get(column).unwrap_or_default().trim();
        let (substance, amount) = (cell(planned.substance), cell(planned.quantity));
        if (self.is_null)(substance) {
            draft.blame(Code::E101, planned.substance);
            return;
        }
        let found = planned
            .repeat
            .substances
            .get(substance)
            .and_then(|code| Substance::parse(code).ok());
        let Some(substance) = found else {
            draft.blame(Code::E203, planned.substance);
            return;
        };
        if (self.is_null)(amount) {
            draft.seizures.push(Seizure::of(substance));
            return;
        }
        let unit = planned.unit.map(cell).filter(|unit| !(self.is_null)(unit));
        match measured(substance, amount, unit, &planned.repeat.units) {
            Ok((seizure, remark)) => {
                if let Some(code) = remark {
                    draft.blame(code, planned.quantity);
                    let unit = seizure.unit.map_or("", Unit::code);
                    let fixed = format!("{} {unit}", seizure.quantity.unwrap_or_default());
                    draft.fixed.push((planned.quantity, fixed));
                }
                draft.seizures.push(seizure);
            }
            Err(code) => draft.blame(code, planned.quantity),
        }
    }
}

/// A line of one substance in one quantity.
pub(super) fn measured(
    substance: Substance,
    amount: &str,
    unit: Option<&str>,
    units: &ValueMap,
) -> Result<(Seizure, Option<Code>), Code> {
    let quantity = quantity(amount, unit, units)?;
    if !unit_fits(quantity.unit, substance) {
        return Err(Code::E505);
    }
    let unit = Unit::parse(quantity.unit).map_err(|_unknown| Code::E505)?;
    let kilograms = kilograms_each(quantity.unit).map(|each| each * quantity.value);
    let remark = quantity
        .remark
        .or((unit == Unit::Tablet).then_some(Code::W507));
    let seizure = Seizure {
        quantity: Some(quantity.value),
        unit: Some(unit),
        kilograms,
        conversion: unit.conversion(),
        ..Seizure::of(substance)
    };
    Ok((seizure, remark))
}

/// Makes the line of a row whose substance, quantity and unit are fields of their own; answers with the column of its
/// quantity.
pub(super) fn settle_single(draft: &mut Draft) -> Option<usize> {
    let (column, amount) = draft.line_amount.take()?;
    let unit = draft.line_unit.take();
    let Some(line) = draft.seizures.last_mut() else {
        draft.blame(Code::E101, column);
        return None;
    };
    let unit = unit.map(Unit::code);
    match measured(line.substance, &amount, unit, &ValueMap::default()) {
        Ok((measured, remark)) => {
            let rest = std::mem::replace(line, measured);
            (line.purity_percent, line.forensic_report, line.concealment) =
                (rest.purity_percent, rest.forensic_report, rest.concealment);
            if let Some(code) = remark {
                draft.blame(code, column);
            }
        }
        Err(code) => draft.blame(code, column),
    }
    Some(column)
}

//! Whether the sections cited were law on the day and in the province, and which act an undated citation means.

use naqsha_model::{Code, Province};

use crate::draft::Draft;
use crate::reference::{Reference, Standing};

/// Notes W204 for what was not in force; a citation without a year becomes the act that its province had then.
///
/// The act that was put in is shown among the corrected values of the column.
pub(crate) fn check(draft: &mut Draft, province: Option<Province>, reference: &Reference) {
    let Some(when) = draft.occurred.or(draft.reported) else {
        return;
    };
    let statutes = &reference.statutes;
    let mut meant = Vec::new();
    for (offence, undated) in draft.offences.iter_mut().zip(&draft.undated) {
        match statutes.standing(
            &offence.statute,
            &offence.section,
            Some(when.last),
            province,
        ) {
            Standing::InForce => {}
            Standing::ReplacedBy(act)
                if *undated && statutes.find(act, &offence.section).is_some() =>
            {
                act.clone_into(&mut offence.statute);
                meant.push(format!("{act}:{}", offence.section));
            }
            Standing::NotYet | Standing::Repealed | Standing::ReplacedBy(_) => {
                if !draft.codes.contains(&Code::W204) {
                    draft.codes.push(Code::W204);
                }
            }
        }
    }
    if let Some(column) = draft.law_column.filter(|_| !meant.is_empty()) {
        draft.fixed.push((column, meant.join(", ")));
    }
}

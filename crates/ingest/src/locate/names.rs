//! What a place is called, looked up once for each text.

use std::collections::HashMap;

use crate::recall::Recall;
use crate::reference::{BorderPoint, DistrictId, Found, Reference, Scope};

/// What the words about a place name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'a> {
    /// A crossing point that may lie in the stated district.
    pub(super) crossing: Option<&'a BorderPoint>,
    /// Where there is none, a place of the gazetteer.
    pub(super) found: Found<'a>,
    /// Whether its name is spelt in another way.
    pub(super) by_sound: bool,
}

/// Looks names up, remembering what texts beside the same area named.
pub(super) struct Names<'a> {
    reference: &'a Reference,
    known: HashMap<Scope<'a>, Recall<Named<'a>>>,
}

impl<'a> Names<'a> {
    pub(super) fn new(reference: &'a Reference) -> Self {
        Self {
            reference,
            known: HashMap::new(),
        }
    }

    /// What a text names, beside what the row says of the area.
    pub(super) fn find(&mut self, text: &str, scope: Scope<'a>) -> Named<'a> {
        let reference = self.reference;
        let known = self.known.entry(scope).or_default();
        known.of(text, || named(reference, text, scope))
    }
}

fn named<'a>(reference: &'a Reference, text: &str, scope: Scope<'a>) -> Named<'a> {
    let crossing = reference
        .border_points
        .find_in(text)
        .filter(|point| may_lie_in(reference, scope.district, point));
    if crossing.is_some() {
        return Named {
            crossing,
            found: Found::Nothing,
            by_sound: false,
        };
    }
    let districts = &reference.districts;
    let (found, by_sound) = reference.gazetteer.find_within(text, scope, districts);
    Named {
        crossing,
        found,
        by_sound,
    }
}

fn may_lie_in(reference: &Reference, stated: Option<DistrictId>, point: &BorderPoint) -> bool {
    match (stated, point.district) {
        (Some(stated), Some(of_point)) => reference.districts.contains(stated, of_point),
        _ => true,
    }
}

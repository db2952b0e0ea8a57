//! `incidents`: the records themselves, each at the cell its scope allows.

use std::sync::Arc;

use h3o::CellIndex;
use naqsha_model::{Basis, Incident, Precision, RecordStage, Status, TimePrecision};
use naqsha_store::{Area, Filter, Reach, StoredIncident};

use crate::boundaries::CellBoundaries;
use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::layers::chosen::{chosen, narrow};
use crate::layers::tally::filter;
use crate::parameters::{BASES, CATEGORIES, Parameter, STAGES, SUBTYPES};
use crate::scope::{Scope, Share};
use crate::table::{Column, Excluded, Keys, LayerTable, Metadata, Values};

/// Records, paged by the store.
pub(crate) struct Incidents;

pub(crate) static INCIDENTS: LayerDescription = LayerDescription {
    id: "incidents",
    title: "Incidents",
    description: "The records as accepted, in the order they were received. The place of a record is a cell no finer than \
                  its uncertainty supports; a record without a place has no geometry.",
    keywords: &["crime", "incident", "H3"],
    reference: "United Nations Office on Drugs and Crime, International Classification of Crime for Statistical Purposes (2015)",
    properties: &PROPERTIES,
    parameters: &[
        Parameter::Category,
        Parameter::Subtype,
        Parameter::Stage,
        Parameter::Agency,
        Parameter::Basis,
        Parameter::Deduplicated,
        Parameter::Datetime,
        Parameter::AsOf,
    ],
    default: false,
    over_cells: false,
};

const fn text(name: &'static str, title: &'static str, description: &'static str) -> Property {
    Property {
        name,
        title,
        kind: PropertyKind::Text,
        unit: None,
        description,
    }
}

const PRECISIONS: &[&str] = &[
    "point",
    "street",
    "locality",
    "station_area",
    "tehsil",
    "district",
    "province",
    "country",
    "none",
];
const TIME_PRECISIONS: &[&str] = &["minute", "hour", "day", "month", "quarter", "year"];

static PROPERTIES: [Property; 17] = [
    Property {
        name: "category",
        title: "Category",
        kind: PropertyKind::Choice(CATEGORIES),
        unit: None,
        description: "TF terror financing, DT drug trafficking, HT human trafficking, CY cybercrime, ADJ adjacent crime.",
    },
    text("category_name", "Category name", "The category in words."),
    Property {
        name: "subtype",
        title: "Subtype",
        kind: PropertyKind::Choice(SUBTYPES),
        unit: None,
        description: "Which adjacent crime; null for the four categories.",
    },
    Property {
        name: "stage",
        title: "Stage",
        kind: PropertyKind::Choice(STAGES),
        unit: None,
        description: "Which register the record comes from. Stages are never summed as cases.",
    },
    text("agency", "Agency", "Who sent the record."),
    Property {
        name: "first_day",
        title: "First day",
        kind: PropertyKind::Date,
        unit: None,
        description: "First day on which it may have happened (else was reported); null where no time is known.",
    },
    Property {
        name: "last_day",
        title: "Last day",
        kind: PropertyKind::Date,
        unit: None,
        description: "Last day on which it may have happened, inclusive.",
    },
    Property {
        name: "time_precision",
        title: "Time precision",
        kind: PropertyKind::Choice(TIME_PRECISIONS),
        unit: None,
        description: "How finely the source knows the time.",
    },
    Property {
        name: "basis",
        title: "Basis",
        kind: PropertyKind::Choice(BASES),
        unit: None,
        description: "What the place is the place of.",
    },
    Property {
        name: "precision",
        title: "Precision",
        kind: PropertyKind::Choice(PRECISIONS),
        unit: None,
        description: "How finely the place is known.",
    },
    Property {
        name: "uncertainty_m",
        title: "Uncertainty",
        kind: PropertyKind::Number,
        unit: Some("m"),
        description: "Radius within which the place lies.",
    },
    Property {
        name: "h3",
        title: "Cell",
        kind: PropertyKind::Cell,
        unit: None,
        description: "H3 cell of the place, as fine as uncertainty and scope allow; null without a place.",
    },
    text("district", "District", "District as resolved."),
    text(
        "section",
        "Section",
        "Principal section of law, with its statute.",
    ),
    text(
        "description",
        "In the source's words",
        "Crime type or nature of complaint as the source states it.",
    ),
    text("status", "Status", "Status as the source last stated it."),
    text(
        "profile",
        "Profile",
        "Mapping profile and version through which the record came.",
    ),
];

impl Layer for Incidents {
    fn describe(&self) -> &'static LayerDescription {
        &INCIDENTS
    }

    fn pages(&self) -> bool {
        true
    }

    fn compute(&self, question: &Question<'_>) -> Result<Computed, LayerError> {
        let bbox = question.page.bbox;
        let in_box = |cell: CellIndex| {
            bbox.as_ref()
                .is_none_or(|bbox| CellBoundaries::of(&[cell]).meets(0, bbox))
        };
        let reach = |cell: CellIndex| bbox.as_ref().map_or(Reach::All, |bbox| bbox.reach(cell));
        let mut filter = filter(question.query);
        let whole = question
            .page
            .filter
            .as_ref()
            .is_none_or(|predicate| narrow(&mut filter, predicate));
        let in_shares = |share: Share<'static>| Filter {
            area: Some(Area {
                finest: share.finest,
                contains: &in_box,
                reach: Some(&reach),
                unlocated: !question.page.located,
            }),
            ..share.filter
        };
        // A box is asked of the place that is shown.
        let filters: Vec<Filter<'_>> = if bbox.is_some() {
            let shares = question.scope.shares(&filter).into_iter();
            shares.map(in_shares).collect()
        } else {
            vec![filter]
        };
        let page = if whole && question.page.sort.is_empty() {
            question
                .snapshot
                .rows_of(&filters, question.page.offset, question.page.limit)?
        } else {
            chosen(question, &filters)?
        };
        let mut table = table(&page.rows, question.scope, question.snapshot.version());
        table.metadata.excluded.matched = page.matched;
        Ok(Computed::some(table, page.matched))
    }
}

/// The table of some records, as a scope shows them.
pub(crate) fn table(rows: &[StoredIncident], scope: &Scope, version: u64) -> LayerTable {
    let shown: Vec<Option<CellIndex>> = rows
        .iter()
        .map(|row| shown_cell(&row.incident, scope))
        .collect();
    let mut cells: Vec<CellIndex> = shown.iter().flatten().copied().collect();
    cells.sort_unstable();
    cells.dedup();
    let shapes = shown
        .iter()
        .map(|cell| cell.and_then(|cell| u32::try_from(cells.binary_search(&cell).ok()?).ok()))
        .collect();
    let synthetic = rows.iter().any(|row| row.synthetic);
    let points = scope.sees_points().then(|| {
        rows.iter()
            .map(|row| {
                let point = row.incident.location.point();
                point.filter(|_| scope.sees_point_of(&row.incident))
            })
            .collect()
    });
    LayerTable {
        layer: &INCIDENTS,
        keys: Keys::Incidents(rows.iter().map(|row| row.id).collect()),
        shapes,
        boundaries: Arc::new(CellBoundaries::of(&cells)),
        points,
        columns: columns(rows, shown),
        metadata: Metadata {
            excluded: Excluded {
                matched: rows.len() as u64,
                ..Excluded::default()
            },
            synthetic,
            ..Metadata::plain(version, scope)
        },
    }
}

fn shown_cell(incident: &Incident, scope: &Scope) -> Option<CellIndex> {
    let cell = incident.location.cell()?;
    let finest = scope.finest_of(incident);
    if cell.resolution() > finest {
        cell.parent(finest)
    } else {
        Some(cell)
    }
}

fn columns(rows: &[StoredIncident], shown: Vec<Option<CellIndex>>) -> Vec<Column> {
    let texts = |value: &dyn Fn(&StoredIncident) -> Option<String>| {
        Values::Texts(rows.iter().map(value).collect())
    };
    let choices = |value: &dyn Fn(&Incident) -> Option<&'static str>| {
        Values::Choices(rows.iter().map(|row| value(&row.incident)).collect())
    };
    let day = |incident: &Incident, last: bool| {
        incident.when().map(|when| {
            if last {
                when.days.last()
            } else {
                when.days.first()
            }
            .date()
            .to_string()
        })
    };
    let values = [
        choices(&|i| Some(i.category.code())),
        texts(&|row| Some(row.incident.category.name().to_owned())),
        choices(&|i| i.category.subtype()),
        choices(&|i| Some(RecordStage::code(i.stage))),
        texts(&|row| Some(row.incident.agency.to_string())),
        texts(&|row| day(&row.incident, false)),
        texts(&|row| day(&row.incident, true)),
        choices(&|i| i.when().map(|when| TimePrecision::code(when.precision))),
        choices(&|i| Some(Basis::code(i.location.basis))),
        choices(&|i| Some(Precision::code(i.location.precision()))),
        Values::Numbers(
            rows.iter()
                .map(|row| Some(row.incident.location.uncertainty()?.get()))
                .collect(),
        ),
        Values::Cells(shown),
        texts(&|row| row.incident.location.district.clone()),
        texts(&|row| section(&row.incident)),
        texts(&|row| row.incident.description.clone()),
        choices(&|i| i.status.map(Status::code)),
        texts(&|row| Some(row.profile.clone())),
    ];
    PROPERTIES
        .iter()
        .zip(values)
        .map(|(property, values)| Column { property, values })
        .collect()
}

fn section(incident: &Incident) -> Option<String> {
    let offence = incident.offences.iter().find(|offence| offence.principal)?;
    (!offence.section.is_empty()).then(|| format!("{} {}", offence.statute, offence.section))
}

#[cfg(test)]
mod tests {
    use super::*;
    use naqsha_model::{Adjacent, RecordStage};

    #[test]
    fn the_closed_lists_are_those_of_the_model() {
        assert_eq!(
            SUBTYPES.to_vec(),
            Adjacent::ALL.iter().map(|a| a.code()).collect::<Vec<_>>()
        );
        assert_eq!(
            STAGES.to_vec(),
            RecordStage::ALL
                .iter()
                .map(|s| s.code())
                .collect::<Vec<_>>()
        );
        assert_eq!(
            BASES.to_vec(),
            Basis::ALL.iter().map(|b| b.code()).collect::<Vec<_>>()
        );
        assert_eq!(
            PRECISIONS.to_vec(),
            Precision::ALL.iter().map(|p| p.code()).collect::<Vec<_>>()
        );
        assert_eq!(
            TIME_PRECISIONS.to_vec(),
            TimePrecision::ALL
                .iter()
                .map(|p| p.code())
                .collect::<Vec<_>>()
        );
    }
}

//! Properties that several layers have, each in the same words.

use crate::description::{Property, PropertyKind};

/// The cell that a feature is.
pub(crate) const H3: Property = Property {
    name: "h3",
    title: "Cell",
    kind: PropertyKind::Cell,
    unit: None,
    description: "H3 cell.",
};

/// Records of a cell.
pub(crate) const N: Property = Property {
    name: "n",
    title: "Records",
    kind: PropertyKind::Integer,
    unit: Some("records"),
    description: "Records in the cell itself.",
};

/// How many neighbours were compared with.
pub(crate) const NEIGHBOURS: Property = Property {
    name: "neighbours",
    title: "Neighbours",
    kind: PropertyKind::Integer,
    unit: Some("cells"),
    description: "Neighbouring cells inside the study area.",
};

/// The p of a test.
pub(crate) const P: Property = Property {
    name: "p",
    title: "p",
    kind: PropertyKind::Number,
    unit: None,
    description: "Two-sided p under the null model of the answer.",
};

/// The q of a test.
pub(crate) const Q: Property = Property {
    name: "q",
    title: "q",
    kind: PropertyKind::Number,
    unit: None,
    description: "Benjamini-Hochberg adjusted p over every tested cell of the study area.",
};

/// Whether a cell lies at the edge of the study area.
pub(crate) const EDGE: Property = Property {
    name: "edge",
    title: "At the edge",
    kind: PropertyKind::Boolean,
    unit: None,
    description: "Whether neighbours are missing because they lie outside the study area.",
};

/// Records of a cell and its neighbours.
pub(crate) const NEIGHBOURHOOD_N: Property = Property {
    name: "neighbourhood_n",
    title: "Records in the neighbourhood",
    kind: PropertyKind::Integer,
    unit: Some("records"),
    description: "Records in the cell and its neighbours together.",
};

/// The area of a cell.
pub(crate) const AREA_KM2: Property = Property {
    name: "area_km2",
    title: "Area",
    kind: PropertyKind::Number,
    unit: Some("km²"),
    description: "Exact area of the cell; cells of one resolution differ by a fifth within Pakistan.",
};

/// The harm of the records of a cell.
pub(crate) const HARM_DAYS: Property = Property {
    name: "harm_days",
    title: "Harm",
    kind: PropertyKind::Number,
    unit: Some("days"),
    description: "Days of imprisonment that the law threatens the cell's records with, of the kind that `weight` asks for; null \
                  unless it does. Then the statistic is of them, not of numbers of records.",
};

/// The property of records that are on a map as shares of cells.
pub(crate) const N_APPORTIONED: Property = Property {
    name: "n_apportioned",
    title: "Records apportioned",
    kind: PropertyKind::Number,
    unit: Some("records"),
    description: "The cell's share of records located only to a district or tehsil; null unless `apportion` asks for it. \
                  Modelled, not observed.",
};

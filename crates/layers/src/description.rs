//! What a layer is, in data: the one source for OGC metadata, schemas, the command line and the documentation.

use crate::parameters::Parameter;

/// Everything that is known about a layer without asking it anything.
#[derive(Debug, Clone, Copy)]
pub struct LayerDescription {
    /// Identifier: the OGC collection id, lower case with hyphens.
    pub id: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// What question it answers, in a sentence or two.
    pub description: &'static str,
    /// Search words.
    pub keywords: &'static [&'static str],
    /// Paper, standard or statute the numbers come from.
    pub reference: &'static str,
    /// Properties of a feature, in output order.
    pub properties: &'static [Property],
    /// Query parameters it understands.
    pub parameters: &'static [Parameter],
    /// Whether the demo and `layer list` show it by default.
    pub default: bool,
    /// Whether its features are cells of the study area, or lead from cell to cell (else they are records).
    pub over_cells: bool,
}

impl LayerDescription {
    /// Names of the properties that say from which cell to which one a feature leads.
    pub const ENDS: [&str; 2] = ["origin_h3", "destination_h3"];

    /// Whether its features are the records themselves.
    pub fn is_of_records(&self) -> bool {
        self.id == crate::layers::INCIDENTS.id
    }

    /// Whether its features are lines that lead from cell to cell: it has the properties that say so.
    pub fn leads(&self) -> bool {
        let has = |name: &&str| {
            self.properties
                .iter()
                .any(|property| property.name == *name)
        };
        Self::ENDS.iter().all(has)
    }
}

/// One property of a feature.
#[derive(Debug, Clone, Copy)]
pub struct Property {
    /// Name in every format.
    pub name: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// Type of its values.
    pub kind: PropertyKind,
    /// Unit, where it has one.
    pub unit: Option<&'static str>,
    /// What it means and when it is null.
    pub description: &'static str,
}

impl Property {
    /// A property by its parts: name and title, type, unit, meaning.
    pub(crate) const fn of(
        (name, title): (&'static str, &'static str),
        kind: PropertyKind,
        unit: Option<&'static str>,
        description: &'static str,
    ) -> Self {
        Self {
            name,
            title,
            kind,
            unit,
            description,
        }
    }
}

/// Type of a property's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PropertyKind {
    /// Whole number.
    Integer,
    /// Real number, finite or null.
    Number,
    /// True or false.
    Boolean,
    /// Free text.
    Text,
    /// One of a closed list.
    Choice(&'static [&'static str]),
    /// H3 cell as 15 hex digits.
    Cell,
    /// Civil date `YYYY-MM-DD`.
    Date,
}

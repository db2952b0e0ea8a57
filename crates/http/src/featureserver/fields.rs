//! Fields of a layer: its properties in the types of ArcGIS, behind the number of the feature.

use naqsha_layers::{LayerDescription, Property, PropertyKind};
use serde_json::{Value, json};

/// Name of the field with the number of a feature.
pub(super) const OBJECT_ID: &str = "OBJECTID";
/// Name of the field with the identifier that other interfaces have for a feature that is no cell.
pub(super) const FEATURE_ID: &str = "feature_id";
/// Longest text of a field; said to clients that size their tables by it.
const LONGEST_TEXT: u32 = 4_000;

/// A field of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// The number of the feature.
    Number,
    /// Its identifier.
    Id,
    /// A property, by its place among the layer's.
    Property(usize),
}

/// Every field of a layer, in order.
pub(super) fn all(layer: &LayerDescription) -> Vec<Field> {
    let mut fields = vec![Field::Number];
    // A cell's identifier is its property `h3`.
    if !layer.over_cells || layer.leads() {
        fields.push(Field::Id);
    }
    fields.extend((0..layer.properties.len()).map(Field::Property));
    fields
}

impl Field {
    /// The field of a name, whatever its case.
    pub(super) fn named(layer: &LayerDescription, name: &str) -> Option<Self> {
        let mut fields = all(layer).into_iter();
        fields.find(|field| field.name(layer).eq_ignore_ascii_case(name))
    }

    pub(super) fn name(self, layer: &LayerDescription) -> &'static str {
        match self {
            Self::Number => OBJECT_ID,
            Self::Id => FEATURE_ID,
            Self::Property(at) => layer.properties[at].name,
        }
    }

    /// Its description in documents.
    pub(super) fn describe(self, layer: &LayerDescription) -> Value {
        match self {
            Self::Number => json!({
                "name": OBJECT_ID,
                "type": "esriFieldTypeOID",
                "alias": "Number",
                "nullable": false,
                "editable": false,
            }),
            Self::Id => text(FEATURE_ID, "Identifier"),
            Self::Property(at) => of_property(&layer.properties[at]),
        }
    }
}

/// A civil date stays a text: as an instant it would be the day before west of Greenwich.
fn of_property(property: &Property) -> Value {
    let kind = match property.kind {
        PropertyKind::Integer => "esriFieldTypeInteger",
        PropertyKind::Number => "esriFieldTypeDouble",
        PropertyKind::Boolean => "esriFieldTypeSmallInteger",
        PropertyKind::Text | PropertyKind::Choice(_) | PropertyKind::Cell | PropertyKind::Date => {
            return text(property.name, property.title);
        }
    };
    json!({
        "name": property.name,
        "type": kind,
        "alias": property.title,
        "nullable": true,
        "editable": false,
    })
}

fn text(name: &str, alias: &str) -> Value {
    json!({
        "name": name,
        "type": "esriFieldTypeString",
        "alias": alias,
        "length": LONGEST_TEXT,
        "nullable": true,
        "editable": false,
    })
}

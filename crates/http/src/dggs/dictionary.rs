//! Values of any type as numbers, which is all that DGGS-JSON has: truth is 0 or 1, and texts are numbered in the schema.

use std::collections::BTreeSet;

use naqsha_layers::{LayerTable, Property, PropertyKind, Values};
use serde_json::{Value, json};

/// How a property's values become numbers.
#[derive(Debug)]
pub(super) struct Dictionary {
    /// The texts that 0, 1, 2 … stand for; `None` for numbers themselves.
    texts: Option<Vec<String>>,
    is_truth: bool,
}

impl Dictionary {
    /// Of a property: its codes where they are a closed list, else all texts that some tables have at a column.
    pub(super) fn of<'t>(
        property: &Property,
        column: usize,
        tables: impl Iterator<Item = &'t LayerTable>,
    ) -> Self {
        let texts = match property.kind {
            PropertyKind::Integer | PropertyKind::Number | PropertyKind::Boolean => None,
            PropertyKind::Choice(codes) => {
                Some(codes.iter().map(|&code| code.to_owned()).collect())
            }
            PropertyKind::Text | PropertyKind::Date | PropertyKind::Cell => {
                let mut found = BTreeSet::new();
                for table in tables {
                    let values = table.columns.get(column).map(|column| &column.values);
                    let rows = 0..table.len();
                    found.extend(rows.filter_map(|row| text(values?, row)));
                }
                Some(found.into_iter().collect())
            }
        };
        Self {
            texts,
            is_truth: property.kind == PropertyKind::Boolean,
        }
    }

    /// The schema of the numbers.
    pub(super) fn schema(&self, of_property: Value) -> Value {
        let mut schema = of_property;
        let titles: Vec<&str> = match &self.texts {
            Some(texts) => texts.iter().map(String::as_str).collect(),
            None if self.is_truth => vec!["false", "true"],
            None => return schema,
        };
        for word in ["format", "pattern", "enum"] {
            if let Some(members) = schema.as_object_mut() {
                members.remove(word);
            }
        }
        schema["type"] = "integer".into();
        let numbered = (0..).zip(titles);
        schema["oneOf"] = numbered
            .map(|(number, title): (u32, &str)| json!({ "const": number, "title": title }))
            .collect();
        // An empty choice would refuse everything, and there is nothing to choose from.
        if schema["oneOf"].as_array().is_some_and(Vec::is_empty) {
            schema["oneOf"] = json!([{ "const": 0, "title": "" }]);
        }
        schema
    }

    /// The number of a row's value, null where it has none.
    pub(super) fn number(&self, values: &Values, row: usize) -> Value {
        match values {
            Values::Integers(values) => json!(values[row]),
            Values::Numbers(values) => json!(values[row]),
            Values::Booleans(values) => json!(u8::from(values[row])),
            Values::Texts(_) | Values::Choices(_) | Values::Cells(_) => {
                let texts = self.texts.as_deref().unwrap_or_default();
                let found =
                    text(values, row).and_then(|text| texts.iter().position(|of| *of == text));
                json!(found)
            }
        }
    }
}

fn text(values: &Values, row: usize) -> Option<String> {
    match values {
        Values::Texts(values) => values.get(row)?.clone(),
        Values::Choices(values) => values.get(row)?.map(str::to_owned),
        Values::Cells(values) => values.get(row)?.map(|cell| cell.to_string()),
        Values::Integers(_) | Values::Numbers(_) | Values::Booleans(_) => None,
    }
}

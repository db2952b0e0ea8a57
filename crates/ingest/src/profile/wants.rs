//! What a profile wants of a file, for whoever is about to send one.

use std::collections::BTreeMap;

use super::{Need, Profile};

/// What a profile wants of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wants {
    /// The format, or `None` where the content decides.
    pub format: Option<&'static str>,
    /// Parameters, each `required` or `optional`.
    pub parameters: BTreeMap<String, &'static str>,
    /// Columns that are read.
    pub columns: Vec<WantedColumn>,
}

/// A column that a profile reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedColumn {
    /// Headers of which any is read; `{name}` is a parameter's value.
    pub headers: Vec<String>,
    /// Whether a row without a value is rejected.
    pub required: bool,
}

impl Profile {
    /// What it wants of a file.
    pub fn wants(&self) -> Wants {
        let need = |need: &Need| match need {
            Need::Required => "required",
            Need::Optional => "optional",
        };
        let parameters = self.parameters.iter();
        let alone = self.fields.iter().filter(|field| !field.from.is_empty());
        let alone = alone.map(|field| WantedColumn {
            headers: field.from.clone(),
            required: field.required,
        });
        let joined = self.fields.iter().flat_map(|field| {
            field.from_all.iter().map(|header| WantedColumn {
                headers: vec![header.clone()],
                required: field.required,
            })
        });
        Wants {
            format: self.layout.format.map(crate::source::Format::name),
            parameters: parameters
                .map(|(name, of)| (name.clone(), need(of)))
                .collect(),
            columns: alone.chain(joined).collect(),
        }
    }
}

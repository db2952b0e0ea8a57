//! District names as bureaus write them to the names of the boundary vintage.

use std::collections::HashMap;

use naqsha_model::Code;

use super::records;
use crate::text::slug;

/// A district as resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct District {
    pub(crate) name: String,
    /// OCHA code, where the alias table gives it.
    pub(crate) code: Option<String>,
    /// W405 where the name is that of a renamed or split district.
    pub(crate) remark: Option<Code>,
}

/// All district names and aliases.
#[derive(Debug)]
pub(crate) struct Districts {
    by_slug: HashMap<String, District>,
}

impl Districts {
    pub(super) fn parse(names: &str, aliases: &str) -> Self {
        let mut by_slug = HashMap::new();
        for record in records(names) {
            for name in record.get(1).unwrap_or_default().split('|') {
                by_slug.insert(
                    slug(name),
                    District {
                        name: name.to_owned(),
                        code: None,
                        remark: None,
                    },
                );
            }
        }
        for record in records(aliases) {
            let [Some(alias), Some(code), Some(name), Some(kind)] =
                [0, 1, 2, 3].map(|i| record.get(i))
            else {
                continue;
            };
            let changed =
                kind == "renamed" || kind.starts_with("split") || kind.starts_with("fata");
            let name_slug = slug(name);
            let coded = by_slug.entry(name_slug).or_insert_with(|| District {
                name: name.to_owned(),
                code: None,
                remark: None,
            });
            if !code.is_empty() {
                coded.code = Some(code.to_owned());
            }
            let district = District {
                remark: changed.then_some(Code::W405),
                ..coded.clone()
            };
            by_slug.insert(slug(alias), district);
        }
        Self { by_slug }
    }

    /// The district of a name; `District` and `ضلع` around it do not matter.
    pub(crate) fn find(&self, text: &str) -> Option<&District> {
        let slug = slug(text);
        let bare = slug
            .trim_start_matches("ضلع-")
            .trim_start_matches("district-")
            .trim_end_matches("-district");
        self.by_slug.get(&slug).or_else(|| self.by_slug.get(bare))
    }
}

//! The TOML of a mapping profile, key by key; unknown keys are refused by serde.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::table::SheetName;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileToml {
    pub(super) profile: String,
    pub(super) version: String,
    pub(super) agency: String,
    pub(super) record_stage: String,
    pub(super) default_category: Option<String>,
    pub(super) category_from: Option<String>,
    pub(super) detection_mode_default: Option<String>,
    pub(super) timezone: String,
    pub(super) effective_from: Option<String>,
    pub(super) effective_to: Option<String>,
    pub(super) study_area: Option<String>,
    pub(super) on_change: Option<String>,
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) input: InputToml,
    #[serde(default)]
    pub(super) dates: DatesToml,
    #[serde(default)]
    pub(super) field: Vec<FieldToml>,
    #[serde(default)]
    pub(super) repeat: Vec<RepeatToml>,
    #[serde(default)]
    pub(super) handling: HandlingToml,
    #[serde(default)]
    pub(super) drop: DropToml,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InputToml {
    pub(super) format: Option<String>,
    #[serde(default)]
    pub(super) encoding: Vec<String>,
    pub(super) header_row: Option<usize>,
    pub(super) skip_rows: Option<usize>,
    #[serde(default)]
    pub(super) null_tokens: Vec<String>,
    pub(super) delimiter: Option<String>,
    pub(super) decimal: Option<String>,
    pub(super) crs: Option<String>,
    pub(super) header_rows: Option<usize>,
    pub(super) sheet: Option<SheetName>,
    #[serde(default)]
    pub(super) sheets: Vec<SheetName>,
    pub(super) archive_member: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DatesToml {
    pub(super) order: Option<String>,
    pub(super) two_digit_year_pivot: Option<i16>,
    #[serde(default)]
    pub(super) numerals: Vec<String>,
    pub(super) precision_cap: Option<String>,
    #[serde(default)]
    pub(super) ignore_zone: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldToml {
    #[serde(default)]
    pub(super) from: Vec<String>,
    #[serde(default)]
    pub(super) from_all: Vec<String>,
    pub(super) to: String,
    pub(super) transform: Option<String>,
    #[serde(default)]
    pub(super) map: BTreeMap<String, String>,
    pub(super) on_unmapped: Option<String>,
    #[serde(default)]
    pub(super) required: bool,
    pub(super) multi: Option<String>,
    pub(super) const_if_blank: Option<String>,
    #[serde(default)]
    pub(super) set: BTreeMap<String, String>,
    pub(super) also: Option<AlsoToml>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlsoToml {
    pub(super) to: String,
    pub(super) transform: Option<String>,
    #[serde(default)]
    pub(super) map: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RepeatToml {
    pub(super) to: String,
    pub(super) group_by: String,
    pub(super) fields: RepeatFieldsToml,
    #[serde(default)]
    pub(super) substance_map: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) unit_map: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RepeatFieldsToml {
    pub(super) substance: String,
    pub(super) quantity: String,
    pub(super) unit: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HandlingToml {
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) releasable_to: Vec<String>,
    pub(super) public_embargo_days: Option<u16>,
    pub(super) consent_required_column: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DropToml {
    #[serde(default)]
    pub(super) columns: Vec<String>,
    #[serde(default)]
    pub(super) hash: BTreeMap<String, String>,
}

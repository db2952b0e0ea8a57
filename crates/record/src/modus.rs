//! How an offence was committed, as JSON.

use naqsha_model::{
    Circumstance, ControlMeans, CyberRelation, CyberType, Exploitation, Modus, Patronage,
    Recruiter, SmugglingAbuse, TfChannel, TfStage, TipAct,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::member::{Member, list, set};

/// How an offence was committed, as far as the source states it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ModusRecord {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tf_stage: Vec<Member<TfStage>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tf_channel: Vec<Member<TfChannel>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exploitation: Vec<Member<Exploitation>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tip_act: Vec<Member<TipAct>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    control_means: Vec<Member<ControlMeans>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recruiter: Vec<Member<Recruiter>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patronage: Option<Member<Patronage>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    smuggling_abuse: Vec<Member<SmugglingAbuse>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cyber_type: Option<Member<CyberType>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cyber_relation: Option<Member<CyberRelation>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 40))]
    platform: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    courier: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    darkweb: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    virtual_asset: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terrorism_context: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organised_group: Option<bool>,
}

impl From<&Modus> for ModusRecord {
    fn from(modus: &Modus) -> Self {
        let stated = |circumstance| modus.circumstances.get(circumstance);
        Self {
            tf_stage: list(modus.tf_stage),
            tf_channel: list(modus.tf_channel),
            exploitation: list(modus.exploitation),
            tip_act: list(modus.tip_act),
            control_means: list(modus.control_means),
            recruiter: list(modus.recruiter),
            patronage: modus.patronage.map(Member),
            smuggling_abuse: list(modus.smuggling_abuse),
            cyber_type: modus.cyber_type.map(Member),
            cyber_relation: modus.cyber_relation.map(Member),
            platform: modus.platform.clone(),
            courier: stated(Circumstance::Courier),
            darkweb: stated(Circumstance::Darkweb),
            virtual_asset: stated(Circumstance::VirtualAsset),
            terrorism_context: stated(Circumstance::TerrorismContext),
            organised_group: stated(Circumstance::OrganisedGroup),
        }
    }
}

impl From<ModusRecord> for Modus {
    fn from(record: ModusRecord) -> Self {
        let mut modus = Self {
            tf_stage: set(record.tf_stage),
            tf_channel: set(record.tf_channel),
            exploitation: set(record.exploitation),
            tip_act: set(record.tip_act),
            control_means: set(record.control_means),
            recruiter: set(record.recruiter),
            patronage: record.patronage.map(|m| m.0),
            smuggling_abuse: set(record.smuggling_abuse),
            cyber_type: record.cyber_type.map(|m| m.0),
            cyber_relation: record.cyber_relation.map(|m| m.0),
            platform: record.platform,
            circumstances: naqsha_model::Circumstances::default(),
        };
        for (circumstance, stated) in [
            (Circumstance::Courier, record.courier),
            (Circumstance::Darkweb, record.darkweb),
            (Circumstance::VirtualAsset, record.virtual_asset),
            (Circumstance::TerrorismContext, record.terrorism_context),
            (Circumstance::OrganisedGroup, record.organised_group),
        ] {
            if let Some(present) = stated {
                modus.circumstances.state(circumstance, present);
            }
        }
        modus
    }
}

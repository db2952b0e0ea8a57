//! Members of closed sets as their published codes.

use std::borrow::Cow;

use naqsha_model::{Coded, Members};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One member, written as its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member<T>(pub(crate) T);

impl<T: Coded> Serialize for Member<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.published())
    }
}

impl<'de, T: Coded> Deserialize<'de> for Member<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = Cow::<'de, str>::deserialize(deserializer)?;
        T::read(&code).map(Self).map_err(D::Error::custom)
    }
}

impl<T: Coded> JsonSchema for Member<T> {
    fn schema_name() -> Cow<'static, str> {
        "Member".into()
    }

    fn schema_id() -> Cow<'static, str> {
        std::any::type_name::<T>().into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let codes: Vec<&str> = T::MEMBERS.iter().map(|member| member.published()).collect();
        json_schema!({ "type": "string", "enum": codes })
    }
}

/// A set as the list of its members.
pub(crate) fn list<T: Coded>(members: Members<T>) -> Vec<Member<T>> {
    members.iter().map(Member).collect()
}

/// A list as the set of its members.
pub(crate) fn set<T: Coded>(list: Vec<Member<T>>) -> Members<T> {
    list.into_iter().map(|member| member.0).collect()
}

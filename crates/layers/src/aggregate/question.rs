//! What is asked of an aggregate: what is told apart, in which steps of time, of which records.

use naqsha_store::GroupedBy;

use crate::boundaries::BoundingBox;
use crate::description::LayerDescription;
use crate::layers::COUNTS;
use crate::parameters::{Parameter, ParameterError};
use crate::period::Period;
use crate::query::LayerQuery;

/// Names of parameters beside those of the layer.
pub(super) const GROUP_BY: &str = "group_by";
const PERIOD: &str = "period";
pub(super) const RESOLUTION: &str = "resolution";

/// Something that records are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKey {
    /// Their cell at the resolution that is asked.
    H3,
    /// Their category: one of five codes.
    Category,
    /// Which adjacent crime; null for the four categories.
    Subtype,
    /// The register they come from.
    Stage,
    /// Who sent them.
    Agency,
    /// What their place is the place of.
    Basis,
    /// The step of time of their first day; null without a time.
    Period,
}

impl GroupKey {
    /// Every key, in documentation order.
    pub const ALL: [Self; 7] = [
        Self::H3,
        Self::Category,
        Self::Subtype,
        Self::Stage,
        Self::Agency,
        Self::Basis,
        Self::Period,
    ];

    /// The name used in the parameter and in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::H3 => "h3",
            Self::Category => "category",
            Self::Subtype => "subtype",
            Self::Stage => "stage",
            Self::Agency => "agency",
            Self::Basis => "basis",
            Self::Period => "period",
        }
    }

    fn parse_list(value: &str) -> Result<Vec<Self>, String> {
        let mut keys = Vec::new();
        for name in value.split(',').map(str::trim) {
            let key = Self::ALL.into_iter().find(|key| key.name() == name);
            let key = key.ok_or_else(|| {
                let names = Self::ALL.map(Self::name);
                format!("{name:?} is not one of {}", names.join(", "))
            })?;
            if keys.contains(&key) {
                return Err(format!("names {name:?} twice"));
            }
            keys.push(key);
        }
        Ok(keys)
    }

    /// What the store tells apart for it, where it is a matter of kinds of records.
    const fn of_kind(self) -> Option<GroupedBy> {
        match self {
            Self::Category | Self::Subtype => Some(GroupedBy::Category),
            Self::Stage => Some(GroupedBy::Stage),
            Self::Agency => Some(GroupedBy::Agency),
            Self::Basis => Some(GroupedBy::Basis),
            Self::H3 | Self::Period => None,
        }
    }
}

/// What is told apart, and where.
#[derive(Debug, Clone)]
pub struct AggregateQuery {
    /// In the order of the columns; nothing gives one row with all.
    pub group_by: Vec<GroupKey>,
    /// Length of the steps that periods are.
    pub period: Period,
    /// Only records in cells that share a point with the box; as in features of the layer.
    pub bbox: Option<BoundingBox>,
}

impl AggregateQuery {
    /// Reads what is asked of a layer beside a box: its own parameters, and those of an aggregate.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn parse<'a>(
        layer: &LayerDescription,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(Self, LayerQuery), Vec<ParameterError>> {
        let mut asked = Self {
            group_by: Vec::new(),
            period: Period::Month,
            bbox: None,
        };
        let (mut errors, mut seen, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        let mut resolution = None;
        let own = layer.parameters.contains(&Parameter::Resolution);
        for (name, value) in pairs {
            let is_ours = matches!(name, GROUP_BY | PERIOD) || (name == RESOLUTION && !own);
            if !is_ours {
                rest.push((name, value));
                continue;
            }
            let outcome = match name {
                _ if seen.contains(&name) => Err("given more than once".to_owned()),
                GROUP_BY => GroupKey::parse_list(value).map(|keys| asked.group_by = keys),
                PERIOD => Period::parse(value)
                    .map(|period| asked.period = period)
                    .ok_or_else(|| format!("{value:?} is not one of week, month, quarter, year")),
                _ => LayerQuery::parse(&COUNTS, [(name, value)])
                    .map(|query| resolution = query.resolution)
                    .map_err(|errors| errors.into_iter().map(|error| error.reason).collect()),
            };
            seen.push(name);
            errors.extend(
                outcome
                    .err()
                    .map(|reason| ParameterError::new(name, reason)),
            );
        }
        match LayerQuery::parse(layer, rest) {
            Ok(mut query) if errors.is_empty() => {
                query.resolution = query.resolution.or(resolution);
                Ok((asked, query))
            }
            Ok(_) => Err(errors),
            Err(more) => {
                errors.extend(more);
                Err(errors)
            }
        }
    }

    pub(super) fn has(&self, key: GroupKey) -> bool {
        self.group_by.contains(&key)
    }

    pub(super) fn of_kinds(&self) -> Vec<GroupedBy> {
        let mut by: Vec<GroupedBy> = Vec::new();
        for kind in self.group_by.iter().filter_map(|key| key.of_kind()) {
            if !by.contains(&kind) {
                by.push(kind);
            }
        }
        by
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::INCIDENTS;

    #[test]
    fn every_mistake_is_listed() {
        let pairs = [
            ("group_by", "h3,colour"),
            ("period", "decade"),
            ("k", "1"),
            ("resolution", "12"),
        ];
        let errors = AggregateQuery::parse(&INCIDENTS, pairs).unwrap_err();
        let mut names: Vec<_> = errors
            .iter()
            .map(|error| error.parameter.as_str())
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["group_by", "k", "period", "resolution"]);
        let twice = AggregateQuery::parse(&COUNTS, [("group_by", "h3,h3")]).unwrap_err();
        assert!(twice[0].reason.contains("twice"), "{}", twice[0]);
    }
}

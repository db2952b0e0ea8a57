//! The four mapped categories and the adjacent crimes kept apart from them.

use crate::coded::{UnknownCode, coded};

coded! {
    /// Organised crimes next to the four categories: ingested, never merged into them.
    Adjacent, "adjacent crime" {
        /// Smuggling of migrants.
        Smuggling = "SM",
        /// Money laundering.
        MoneyLaundering = "ML",
        /// Arms trafficking.
        Arms = "AR",
        /// Kidnapping for ransom.
        KidnapForRansom = "KR",
        /// Extortion (bhatta).
        Extortion = "EX",
        /// Forced or bonded labour, child labour.
        ForcedLabour = "FL",
        /// Customs offences, fuel smuggling.
        Customs = "CS",
        /// Any other crime.
        Other = "OT",
    }
}

/// What an incident is counted as: one of the four mapped categories, or an adjacent crime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// `TF`: financing of terrorism.
    TerrorFinancing,
    /// `DT`: drug trafficking.
    DrugTrafficking,
    /// `HT`: trafficking in persons.
    HumanTrafficking,
    /// `CY`: cybercrime.
    Cybercrime,
    /// `ADJ`: an adjacent crime.
    Adjacent(Adjacent),
}

impl Category {
    /// Number of dense indexes: the four categories and each adjacent crime.
    pub const COUNT: usize = 4 + Adjacent::ALL.len();

    /// The code: `TF`, `DT`, `HT`, `CY` or `ADJ`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TerrorFinancing => "TF",
            Self::DrugTrafficking => "DT",
            Self::HumanTrafficking => "HT",
            Self::Cybercrime => "CY",
            Self::Adjacent(_) => "ADJ",
        }
    }

    /// The subtype code of an adjacent crime, else `None`.
    pub const fn subtype(self) -> Option<&'static str> {
        match self {
            Self::Adjacent(adjacent) => Some(adjacent.code()),
            _ => None,
        }
    }

    /// English name of the code (`ADJ` whatever the subtype).
    pub const fn name(self) -> &'static str {
        match self {
            Self::TerrorFinancing => "Terror financing",
            Self::DrugTrafficking => "Drug trafficking",
            Self::HumanTrafficking => "Human trafficking",
            Self::Cybercrime => "Cybercrime",
            Self::Adjacent(_) => "Adjacent crime",
        }
    }

    /// What the ICCS calls it, coarsely: for a record that cites no section. None for an adjacent crime, whose names are
    /// too wide for one code.
    pub const fn iccs(self) -> Option<&'static str> {
        match self {
            Self::TerrorFinancing => Some("09062"),
            Self::DrugTrafficking => Some("0601"),
            Self::HumanTrafficking => Some("0204"),
            Self::Cybercrime => Some("0903"),
            Self::Adjacent(_) => None,
        }
    }

    /// Dense index below [`Self::COUNT`], stable on disk.
    pub const fn index(self) -> u8 {
        match self {
            Self::TerrorFinancing => 0,
            Self::DrugTrafficking => 1,
            Self::HumanTrafficking => 2,
            Self::Cybercrime => 3,
            Self::Adjacent(adjacent) => 4 + adjacent.index(),
        }
    }

    /// The category at a dense index, or `None` from [`Self::COUNT`] on.
    pub fn from_index(index: u8) -> Option<Self> {
        Some(match index {
            0 => Self::TerrorFinancing,
            1 => Self::DrugTrafficking,
            2 => Self::HumanTrafficking,
            3 => Self::Cybercrime,
            _ => Self::Adjacent(Adjacent::from_index(index - 4)?),
        })
    }

    /// Reads `DT` or `ADJ/OT`; a bare `ADJ` is a set of categories, not one (see [`CategorySet::parse`]).
    ///
    /// # Errors
    /// [`UnknownCode`] with the text as given.
    pub fn parse(text: &str) -> Result<Self, UnknownCode> {
        Ok(match text {
            "TF" => Self::TerrorFinancing,
            "DT" => Self::DrugTrafficking,
            "HT" => Self::HumanTrafficking,
            "CY" => Self::Cybercrime,
            _ => match text.strip_prefix("ADJ/").map(Adjacent::parse) {
                Some(Ok(adjacent)) => Self::Adjacent(adjacent),
                _ => {
                    return Err(UnknownCode {
                        set: "category",
                        value: text.to_owned(),
                    });
                }
            },
        })
    }
}

impl std::fmt::Display for Category {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.subtype() {
            Some(subtype) => write!(f, "ADJ/{subtype}"),
            None => f.write_str(self.code()),
        }
    }
}

/// A set of categories, as a filter uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CategorySet(u16);

impl CategorySet {
    /// Every category.
    pub const ALL: Self = Self((1 << Category::COUNT) - 1);
    /// No category.
    pub const NONE: Self = Self(0);

    /// Reads one code: `DT`, `ADJ` (all adjacent crimes) or `ADJ/OT`.
    ///
    /// # Errors
    /// [`UnknownCode`] with the text as given.
    pub fn parse(text: &str) -> Result<Self, UnknownCode> {
        if text == "ADJ" {
            return Ok(Adjacent::ALL
                .iter()
                .fold(Self::NONE, |set, &a| set.with(Category::Adjacent(a))));
        }
        Category::parse(text).map(|category| Self::NONE.with(category))
    }

    /// The set and one more category.
    #[must_use]
    pub const fn with(self, category: Category) -> Self {
        Self(self.0 | 1 << category.index())
    }

    /// Members of both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Members of either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the dense index of a category is in the set.
    pub const fn contains_index(self, index: u8) -> bool {
        self.0 >> index & 1 == 1
    }

    /// The members, in index order.
    pub fn iter(self) -> impl Iterator<Item = Category> {
        (0..16)
            .filter(move |&i| self.contains_index(i))
            .filter_map(Category::from_index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_has_a_dense_index_and_a_text_that_reads_back() {
        let all: Vec<Category> = CategorySet::ALL.iter().collect();
        assert_eq!(all.len(), Category::COUNT);
        for category in all {
            assert_eq!(Category::parse(&category.to_string()), Ok(category));
            assert_eq!(Category::from_index(category.index()), Some(category));
        }
        assert_eq!(Category::from_index(12), None);
        assert!(Category::parse("ADJ").is_err());
    }

    #[test]
    fn adj_alone_is_the_set_of_adjacent_crimes() {
        let adjacent = CategorySet::parse("ADJ").unwrap();
        assert_eq!(adjacent.iter().count(), 8);
        assert!(!adjacent.contains_index(Category::DrugTrafficking.index()));
    }
}

//! Closed sets whose members have a published code: one macro, so that parsing, printing and dense indexes
//! cannot drift apart.

/// A text that is not a member of the closed set it was read as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not a {set}")]
pub struct UnknownCode {
    /// Name of the closed set.
    pub set: &'static str,
    /// The text as given.
    pub value: String,
}

/// A closed set of members with published codes; what [`Members`](crate::Members) is made of.
pub trait Coded: Copy + Eq + 'static {
    /// All members, in the order of their dense index.
    const MEMBERS: &'static [Self];

    /// The published code.
    fn published(self) -> &'static str;

    /// Position in [`Self::MEMBERS`], below 32.
    fn position(self) -> u8;

    /// Reads a code exactly as published.
    ///
    /// # Errors
    /// [`UnknownCode`] names the set and the text.
    fn read(text: &str) -> Result<Self, UnknownCode>;
}

/// Declares a closed enum with a code for each member, in the order of its dense index.
macro_rules! coded {
    ($(#[$meta:meta])* $name:ident, $set:literal { $($(#[$vmeta:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            /// All members, in the order of [`Self::index`].
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The published code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// Position in [`Self::ALL`]: dense, from zero, stable on disk.
            pub const fn index(self) -> u8 { self as u8 }

            /// The member at `index`, or `None` beyond the last one.
            pub fn from_index(index: u8) -> Option<Self> { Self::ALL.get(usize::from(index)).copied() }

            /// Reads a code exactly as published.
            ///
            /// # Errors
            /// [`UnknownCode`](crate::UnknownCode) names the set and the text.
            pub fn parse(text: &str) -> Result<Self, $crate::UnknownCode> {
                match text {
                    $($code => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownCode { set: $set, value: text.to_owned() }),
                }
            }
        }

        impl $crate::Coded for $name {
            const MEMBERS: &'static [Self] = Self::ALL;

            fn published(self) -> &'static str { self.code() }

            fn position(self) -> u8 { self.index() }

            fn read(text: &str) -> Result<Self, $crate::UnknownCode> { Self::parse(text) }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.code()) }
        }
    };
}
pub(crate) use coded;

#[cfg(test)]
mod tests {
    use crate::{Basis, Code, DetectionMode, Precision, RecordStage};

    #[test]
    fn codes_and_indexes_round_trip() {
        for &stage in RecordStage::ALL {
            assert_eq!(RecordStage::parse(stage.code()), Ok(stage));
            assert_eq!(RecordStage::from_index(stage.index()), Some(stage));
        }
        for &code in Code::ALL {
            assert_eq!(Code::parse(code.code()), Ok(code));
        }
        assert_eq!(Basis::from_index(200), None);
        assert!(
            Precision::parse("Point").is_err(),
            "codes are lower case as published"
        );
        assert_eq!(DetectionMode::ALL.len(), 9);
    }
}

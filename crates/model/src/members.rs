//! Several members of one closed set: no order, no repeats, four bytes.

use std::fmt;
use std::marker::PhantomData;

use crate::{Coded, UnknownCode};

/// A set of members of a closed set of at most 32.
pub struct Members<T> {
    bits: u32,
    of: PhantomData<T>,
}

impl<T> Members<T> {
    /// The empty set.
    pub const NONE: Self = Self {
        bits: 0,
        of: PhantomData,
    };

    /// Whether no member is in it.
    pub const fn is_empty(self) -> bool {
        self.bits == 0
    }
}

impl<T: Coded> Members<T> {
    /// Adds a member; one that is in it already changes nothing.
    pub fn insert(&mut self, member: T) {
        self.bits |= 1 << member.position();
    }

    /// Whether a member is in it.
    pub fn contains(self, member: T) -> bool {
        self.bits & 1 << member.position() != 0
    }

    /// The members, in the order of the closed set.
    pub fn iter(self) -> impl Iterator<Item = T> {
        T::MEMBERS
            .iter()
            .copied()
            .filter(move |&member| self.contains(member))
    }

    /// Reads published codes.
    ///
    /// # Errors
    /// [`UnknownCode`] for the first text that is not a member.
    pub fn read<'t>(codes: impl IntoIterator<Item = &'t str>) -> Result<Self, UnknownCode> {
        let mut members = Self::NONE;
        for code in codes {
            members.insert(T::read(code)?);
        }
        Ok(members)
    }
}

impl<T: Coded> FromIterator<T> for Members<T> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Self {
        let mut set = Self::NONE;
        members.into_iter().for_each(|member| set.insert(member));
        set
    }
}

// Derived, these would ask the same of `T`.
impl<T> Clone for Members<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Members<T> {}

impl<T> PartialEq for Members<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bits == other.bits
    }
}

impl<T> Eq for Members<T> {}

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self::NONE
    }
}

impl<T: Coded> fmt::Debug for Members<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(Coded::published))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ControlMeans, TfStage};

    #[test]
    fn members_read_back_in_the_order_of_the_set() {
        let set = Members::<TfStage>::read(["use", "raise", "use"]).unwrap();
        assert_eq!(
            set.iter().map(TfStage::code).collect::<Vec<_>>(),
            ["raise", "use"]
        );
        assert!(!set.contains(TfStage::Move));
        assert!(Members::<TfStage>::read(["Raise"]).is_err());
        assert_eq!(set.iter().collect::<Members<_>>(), set);
    }

    #[test]
    fn every_closed_set_that_is_taken_as_members_fits() {
        assert!(ControlMeans::ALL.len() <= 32);
        assert!(crate::TfChannel::ALL.len() <= 32);
    }
}

//! The bureaus whose files are generated: what their registers look like, and who fills them.

use encoding_rs::Encoding;

use super::GenerateSettings;
use super::draw::Draw;
use super::row::Case;
use super::world::World;
use super::{anf, ctd, fia, ngo, punjab};
use crate::reference::Reference;

/// A bureau.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Anf,
    Ctd,
    Punjab,
    Fia,
    Ngo,
}

/// How a bureau's files are written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Medium {
    /// Delimited text, UTF-8 or the legacy encoding that the profile reads.
    Text(Option<&'static Encoding>),
    /// A workbook: name of the sheet, and lines above the header.
    Sheet(&'static str, &'static [&'static str]),
}

/// What stands in which column, for the damage.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) header: &'static [&'static str],
    pub(super) number: usize,
    /// Whether the number is an FIR number with a year.
    pub(super) fir: bool,
    pub(super) day: usize,
    /// Whether the column of the day holds months only.
    pub(super) months: bool,
    pub(super) station: Option<usize>,
    pub(super) sections: Option<usize>,
    /// Text that is kept.
    pub(super) kept_text: Option<usize>,
    /// Whether the kept text is a place.
    pub(super) kept_place: bool,
    pub(super) money: Option<usize>,
    /// Drug, quantity and unit.
    pub(super) line: Option<[usize; 3]>,
    pub(super) district: Option<usize>,
    pub(super) consent: Option<usize>,
    /// A column of a closed list.
    pub(super) closed: usize,
    /// Columns that may be blank.
    pub(super) optional: &'static [usize],
    /// Columns that the profile drops.
    pub(super) dropped: &'static [(usize, Dropped)],
}

/// What a column that is never stored holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dropped {
    Name,
    Card,
    Phone,
    Email,
    Address,
}

/// A bureau at work.
pub(super) trait Bureau<'a> {
    /// The next incident, as a careful clerk writes it.
    fn incident(&mut self) -> Option<Case<'a>>;

    /// What it draws on.
    fn world(&mut self) -> &mut World<'a>;
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [Self::Anf, Self::Ctd, Self::Fia, Self::Ngo, Self::Punjab];

    pub(super) const fn profile(self) -> &'static str {
        match self {
            Self::Anf => "anf.seizure",
            Self::Ctd => "ctd.tf",
            Self::Punjab => "punjab.fir",
            Self::Fia => "fia.cyber.complaint",
            Self::Ngo => "ngo.victim_support",
        }
    }

    /// Percentage of all incidents; the last bureau takes the rest.
    pub(super) const fn percent(self) -> u64 {
        match self {
            Self::Anf | Self::Punjab => 35,
            Self::Ctd => 12,
            Self::Fia => 14,
            Self::Ngo => 4,
        }
    }

    pub(super) const fn columns(self) -> &'static Columns {
        match self {
            Self::Anf => &anf::COLUMNS,
            Self::Ctd => &ctd::COLUMNS,
            Self::Punjab => &punjab::COLUMNS,
            Self::Fia => &fia::COLUMNS,
            Self::Ngo => &ngo::COLUMNS,
        }
    }

    pub(super) const fn medium(self) -> Medium {
        match self {
            Self::Anf => Medium::Text(Some(encoding_rs::WINDOWS_1256)),
            Self::Ctd | Self::Punjab => Medium::Text(None),
            Self::Fia => Medium::Sheet(
                "Complaints",
                &[
                    "Cyber Crime Wing: register of complaints (SYNTHETIC)",
                    "Extract for the national mapping exercise",
                ],
            ),
            Self::Ngo => Medium::Sheet("Cases", &[]),
        }
    }

    /// The bureau at work on its own stream of draws.
    pub(super) fn open<'a>(
        self,
        settings: &'a GenerateSettings,
        reference: &'a Reference,
        draw: Draw,
    ) -> Box<dyn Bureau<'a> + 'a> {
        let punjab_only = matches!(self, Self::Ctd | Self::Punjab).then_some("04");
        let world = World::new(settings, reference, draw, punjab_only);
        match self {
            Self::Anf => Box::new(anf::Anf::new(world, reference)),
            Self::Ctd => Box::new(ctd::Ctd::new(world, reference)),
            Self::Punjab => Box::new(punjab::Punjab::new(world, reference)),
            Self::Fia => Box::new(fia::Fia::new(world, reference)),
            Self::Ngo => Box::new(ngo::Ngo::new(world, reference)),
        }
    }
}

/// What stands in every column that the profiles drop: a row is known as synthetic by itself.
pub(super) const LABEL: &str = "SYNTHETIC";

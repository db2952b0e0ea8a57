//! The routes that records state, end by end, as cells.

use std::collections::BTreeMap;

use h3o::{CellIndex, Resolution};
use naqsha_model::{
    Basis, Country, Incident, Metres, Point, RouteNode, RouteRole, finest_resolution,
};

use crate::error::LayerError;
use crate::layer::Question;
use crate::layers::tally::filter;
use crate::sites::Sites;

/// Records that one answer reads: routes are in the records themselves, not in the index.
const RECORD_LIMIT: u64 = 200_000;

/// The index of the first adjacent crime, and of all of them here.
const ADJACENT: u8 = 4;

/// Records read at once.
const PAGE: usize = 20_000;

/// A route from cell to cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trip {
    pub(super) from: CellIndex,
    pub(super) to: CellIndex,
    /// 0 to 3 for the four categories, 4 for adjacent crimes.
    pub(super) category: usize,
}

/// The routes of a question's records.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) trips: Vec<Trip>,
    /// Records with a route.
    pub(super) matched: u64,
    /// Those of them that are no trips, by reason.
    pub(super) reasons: BTreeMap<&'static str, u64>,
    pub(super) synthetic: bool,
}

/// Why an end has no cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// Not stated, or nobody knows where it is.
    Unknown,
    Abroad,
    TooCoarse,
}

/// Reads the routes of all records that match.
///
/// *Cost*: reads every record that matches, some 5 µs each.
///
/// # Errors
/// More records match than one answer reads, or the store cannot be read.
pub(super) fn read(question: &Question<'_>, resolution: Resolution) -> Result<Read, LayerError> {
    let filter = filter(question.query);
    let sites = question.areas.sites();
    let mut found = Read::default();
    let mut offset = 0;
    loop {
        let page = question.snapshot.rows(&filter, offset, PAGE)?;
        if page.matched > RECORD_LIMIT {
            let reason = format!(
                "flows read each record, and {} match; the limit is {RECORD_LIMIT}: narrow it, or category or agency",
                page.matched
            );
            return Err(LayerError::unanswered("too_many_records", reason));
        }
        for row in &page.rows {
            if let Some(trip) = trip(&row.incident, sites, resolution) {
                found.synthetic |= row.synthetic;
                found.matched += 1;
                match trip {
                    Ok(trip) => found.trips.push(trip),
                    Err(reason) => *found.reasons.entry(reason).or_default() += 1,
                }
            }
        }
        offset += page.rows.len() as u64;
        if page.rows.is_empty() || offset >= page.matched {
            return Ok(found);
        }
    }
}

/// The trip of a record with a route, or why there is none.
fn trip(
    incident: &Incident,
    sites: &Sites,
    resolution: Resolution,
) -> Option<Result<Trip, &'static str>> {
    let route = &incident.details.as_ref()?.route;
    if route.is_empty() {
        return None;
    }
    let node = |role| route.iter().find(|node: &&RouteNode| node.role == role);
    let stated = |node: &RouteNode| of_node(node, sites);
    let [from, to] = [RouteRole::Origin, RouteRole::Destination].map(node);
    // The record's own place is the end that the route leaves open, where it leaves one open.
    let own = || of_place(incident, sites);
    let (from, to) = match (from, to) {
        (Some(from), Some(to)) => (stated(from), stated(to)),
        (Some(from), None) => (stated(from), own()),
        (None, Some(to)) => (own(), stated(to)),
        (None, None) => (Err(Missing::Unknown), Err(Missing::Unknown)),
    };
    let at = |cell: Result<CellIndex, Missing>| {
        cell.and_then(|cell| cell.parent(resolution).ok_or(Missing::TooCoarse))
    };
    Some(match (at(from), at(to)) {
        (Ok(from), Ok(to)) => Ok(Trip {
            from,
            to,
            category: usize::from(incident.category.index().min(ADJACENT)),
        }),
        (Err(missing), _) => Err(missing.reason("no_origin")),
        (Ok(_), Err(missing)) => Err(missing.reason("no_destination")),
    })
}

impl Missing {
    const fn reason(self, unknown: &'static str) -> &'static str {
        match self {
            Self::Unknown => unknown,
            Self::Abroad => "abroad",
            Self::TooCoarse => "too_coarse",
        }
    }
}

/// The cell of a place on a route, as fine as it is known.
fn of_node(node: &RouteNode, sites: &Sites) -> Result<CellIndex, Missing> {
    let crossing = node
        .border_point
        .as_ref()
        .and_then(|id| sites.crossings.get(id));
    let district = || {
        node.district
            .as_ref()
            .and_then(|name| sites.districts.get(name))
    };
    match (crossing.or_else(district), node.country) {
        (Some(&site), _) => cell(site),
        (None, Some(country)) if country != Country::PAKISTAN => Err(Missing::Abroad),
        (None, Some(_)) => Err(Missing::TooCoarse),
        (None, None) => Err(Missing::Unknown),
    }
}

/// The cell of the record's own place, where that is a place of the goods or persons under way.
fn of_place(incident: &Incident, sites: &Sites) -> Result<CellIndex, Missing> {
    let location = &incident.location;
    match location.basis {
        Basis::Occurrence | Basis::Seizure | Basis::Exploitation | Basis::BorderPoint => {}
        Basis::Abroad => return Err(Missing::Abroad),
        Basis::VictimResidence
        | Basis::ServerOrAccount
        | Basis::RegisteringStation
        | Basis::Unknown => return Err(Missing::Unknown),
    }
    let district = || {
        location
            .district
            .as_ref()
            .and_then(|name| sites.districts.get(name))
    };
    match (location.cell(), district()) {
        (Some(cell), _) => Ok(cell),
        (None, Some(&site)) => cell(site),
        (None, None) => Err(Missing::Unknown),
    }
}

fn cell((point, metres): (Point, Metres)) -> Result<CellIndex, Missing> {
    let resolution = finest_resolution(metres).ok_or(Missing::TooCoarse)?;
    Ok(point.to_lat_lng().to_cell(resolution))
}

//! The collections of the service, in catalogue order.

/// Every one.
pub const COLLECTIONS: [&str; 15] = [
    "incidents",
    "counts",
    "hotspots",
    "clusters",
    "rates",
    "density",
    "emerging",
    "change",
    "near-repeat",
    "linkages",
    "scan",
    "border",
    "flows",
    "forecast",
    "coverage",
];

/// Those that the sample's one month can answer; the others compare steps of time, of which there is one, or tell of districts,
/// of which it names none.
pub const OF_A_MONTH: [&str; 9] = [
    "incidents",
    "counts",
    "hotspots",
    "clusters",
    "density",
    "near-repeat",
    "linkages",
    "forecast",
    "rates",
];

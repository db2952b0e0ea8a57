//! The collections of the service, in catalogue order.

/// Every one.
pub const COLLECTIONS: [&str; 14] = [
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
];

/// Those that the sample's one month can answer; the others compare steps of time, of which there is one.
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

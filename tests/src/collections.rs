//! The collections of the service, in catalogue order.

/// Every one.
pub const COLLECTIONS: [&str; 10] = [
    "incidents",
    "counts",
    "hotspots",
    "clusters",
    "density",
    "emerging",
    "change",
    "near-repeat",
    "linkages",
    "scan",
];

/// Those that a sample of one month has a map of; others follow or compare steps of time, of which there is one.
pub const OF_A_MONTH: [&str; 7] = [
    "incidents",
    "counts",
    "hotspots",
    "clusters",
    "density",
    "near-repeat",
    "linkages",
];

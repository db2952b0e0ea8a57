//! Coordinates and how distances between them are measured.

use clap::ValueEnum;
use naqsha_analytics::Metric;

use super::StatsError;
use super::graph::Coordinates;

/// The measures of distance that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MetricName {
    /// The straight line in the plane; default for x, y.
    Euclidean,
    /// Along two axes.
    Manhattan,
    /// Along the ellipsoid, in metres; default for lon, lat.
    Geodesic,
}

impl MetricName {
    /// How the columns of a file are measured: as asked, or as is usual for them.
    pub(super) fn of(
        asked: Option<Self>,
        columns: Coordinates,
    ) -> Result<(Coordinates, Metric), StatsError> {
        match (asked, columns) {
            (None, columns) => Ok((columns, Metric::Straight)),
            // x and y may be degrees if the user says so; and degrees may be taken for a plane.
            (Some(Self::Geodesic), _) => Ok((Coordinates::LonLat, Metric::Straight)),
            (Some(Self::Euclidean), _) => Ok((Coordinates::Planar, Metric::Straight)),
            (Some(Self::Manhattan), Coordinates::Planar) => {
                Ok((Coordinates::Planar, Metric::Manhattan))
            }
            (Some(Self::Manhattan), Coordinates::LonLat) => Err(StatsError::Usage(
                "--metric manhattan needs x and y, not degrees".to_owned(),
            )),
        }
    }
}

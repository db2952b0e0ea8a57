//! Statistics over cells, points and graphs: pure functions from numbers to numbers.
//!
//! The crate answers questions about a map of values. Which places have high neighbourhoods ([`gi`], [`gi_star`]),
//! are like their surroundings or stand out ([`local_moran`]), or lie where it is uneven ([`losh`])? Is there any
//! clustering at all ([`moran`], [`general_g`], [`geary`], [`join_count`])? What becomes of places over time
//! ([`emerging`], [`mann_kendall`]), or from one period to another ([`compare_periods`])? When do events happen of which only a
//! stretch of time is known ([`aoristic`])? Do events come together in space and time ([`knox`]), in one place or one while
//! ([`spatial_scan`], [`space_time_scan`]), beside another kind ([`colocation`])? What goes from where to where, and by
//! which ways ([`Flows`], [`flow_moran`], [`corridors`])? How dense are they ([`kde`])? How high is the risk, and how concentrated ([`rates`], [`concentration`])? Was a
//! forecast right ([`forecast_accuracy`]), and what is to be expected ([`outlook`], [`walk_forward`])? Which of very many answers survive the fact that very many were asked
//! ([`fdr`])? Places are cells of a [`StudyArea`] or the units of any graph ([`Neighbours`]).
//!
//! It knows nothing of stores, clocks, files, thread order or colours. The same input and seed give the same
//! numbers at any thread count. No result is NaN: what cannot be computed has a [`Reason`].
//!
//! ```
//! use naqsha_analytics::{Method, Neighbours, Null, fdr, gi_star};
//!
//! // Five places in a row; the last two are busy.
//! let links = [(0, 1), (1, 2), (2, 3), (3, 4)].map(|(a, b)| [(a, b, 1.0), (b, a, 1.0)]);
//! let row = Neighbours::from_links(5, links.as_flattened())?;
//! let rows = gi_star(&[0.0, 0.0, 0.0, 4.0, 4.0], &row, Null::Exact)?;
//! let last = rows[4].outcome.expect("the last place has a neighbour");
//! // One of the four other places holds 4: the chance that the neighbour does is a quarter.
//! assert_eq!(last.p_upper, 0.25);
//! let p: Vec<Option<f64>> = rows.iter().map(|row| row.p_upper()).collect();
//! assert_eq!(fdr(&p, Method::BenjaminiHochberg)?.len(), 5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aoristic;
mod binomial;
mod bivariate;
mod calibration;
mod colocation;
mod comparison;
mod concentration;
mod deviations;
mod draws;
mod emerging;
mod error;
mod fdr;
mod flows;
mod forecast;
mod gamma;
mod geary;
mod general_g;
mod gi;
mod harm;
mod hypergeometric;
mod join_count;
mod kde;
mod knox;
mod lag;
mod link_sums;
mod linkage;
mod local_moran;
mod losh;
mod mann_kendall;
mod moran;
mod nearest;
mod neighbours;
mod normal;
#[cfg(doctest)]
mod pages;
mod pai;
mod poisson;
mod rates;
mod reason;
mod scan;
mod study_area;

pub use aoristic::{Aoristic, AoristicError, Span, aoristic};
pub use bivariate::{
    BivariateJoins, BivariateMoranRow, JoinCase, bivariate_join_counts, bivariate_local_moran,
};
pub use calibration::{Calibration, calibrate, dealt_anew, shuffled};
pub use colocation::{Colocation, ColocationError, colocation};
pub use comparison::{Comparison, ComparisonError, compare_periods};
pub use concentration::{Concentration, concentration};
pub use emerging::{
    Course, Direction, Emerging, EmergingError, FEWEST_STEPS, Levels, Pattern, Step, emerging,
    emerging_p, pattern,
};
pub use error::{LocalError, MapError};
pub use fdr::{FdrError, Method, Tail, bin, fdr};
pub use flows::{
    Beeline, Corridor, CorridorError, Ends, Exchange, Flow, FlowError, Flows, Strength, beeline,
    corridors, flow_moran,
};
pub use forecast::{
    Evaluation, Fold, ForecastError, ForecastModel, Happening, Outlook, Scores, SelfExciting,
    Spell, outlook, walk_forward,
};
pub use geary::{Geary, geary};
pub use general_g::{GeneralG, general_g};
pub use gi::{Gi, GiOptions, GiRow, Own, gi, gi_star};
pub use harm::{Assumption, Sentence, harm_days};
pub use join_count::{ChiSquare, JoinCount, join_count};
pub use kde::{Centres, Extent, KdeError, kde, kde_of_counts, kde_of_weights};
pub use knox::{
    Bands, BandsError, Closed, Closeness, Dated, Knox, KnoxError, LocalKnox, NearRepeats,
    RepeatedPlace, RepeatsError, knox, local_knox, near_repeats,
};
pub use lag::{Null, requires_sampling};
pub use linkage::{Linkage, LocalQuotient, linkages};
pub use local_moran::{LocalMoran, LocalMoranRow, Quadrant, local_moran};
pub use losh::{Losh, losh};
pub use mann_kendall::{Autocorrelation, Trend, mann_kendall, median_slope};
pub use moran::{Moran, Sampling, bivariate_moran, moran, standardised_rates};
pub use nearest::nearest_of;
pub use neighbours::{Metric, Neighbours, NeighboursError, Points, WeightStyle};
pub use normal::{lower_tail, two_sided, upper_tail};
pub use pai::{Accuracy, Forecast, forecast_accuracy};
pub use poisson::poisson_interval;
pub use rates::{Rate, rates};
pub use reason::Reason;
pub use scan::{
    Case, Cluster, Look, Period, ScanError, ScanOptions, SpatialModel, space_time_scan,
    spatial_scan,
};
pub use study_area::{CELL_LIMIT, StudyArea, StudyAreaError};

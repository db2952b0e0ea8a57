//! The seventeen patterns of a series of steps. It knows no statistic.

/// Whether a step was significantly high or low.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Significantly high.
    Hot,
    /// Significantly low.
    Cold,
    /// Neither.
    Neither,
}

/// Where the statistic itself is going, significant or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Significantly up.
    Up,
    /// Significantly down.
    Down,
    /// No significant trend.
    Level,
}

/// What became of a hot, or of a cold, spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Course {
    /// The last step is the first significant one.
    New,
    /// One unbroken run of at least two significant steps up to the last.
    Consecutive,
    /// Nine tenths of the steps, the last among them, and growing more extreme.
    Intensifying,
    /// Nine tenths of the steps, the last among them, without a trend.
    Persistent,
    /// Nine tenths of the steps, the last among them, and growing less extreme.
    Diminishing,
    /// On and off, on at the last step, never the opposite.
    Sporadic,
    /// On at the last step, the opposite at an earlier one.
    Oscillating,
    /// Nine tenths of the steps, but not the last.
    Historical,
}

/// The class of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// A hot spot, and its course.
    Hot(Course),
    /// A cold spot, and its course.
    Cold(Course),
    /// None of the patterns.
    None,
}

impl Pattern {
    /// The code used at the edges.
    ///
    /// ```
    /// use naqsha_analytics::{Course, Pattern};
    /// assert_eq!(Pattern::Hot(Course::New).code(), "new_hot_spot");
    /// ```
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hot(Course::New) => "new_hot_spot",
            Self::Hot(Course::Consecutive) => "consecutive_hot_spot",
            Self::Hot(Course::Intensifying) => "intensifying_hot_spot",
            Self::Hot(Course::Persistent) => "persistent_hot_spot",
            Self::Hot(Course::Diminishing) => "diminishing_hot_spot",
            Self::Hot(Course::Sporadic) => "sporadic_hot_spot",
            Self::Hot(Course::Oscillating) => "oscillating_hot_spot",
            Self::Hot(Course::Historical) => "historical_hot_spot",
            Self::Cold(Course::New) => "new_cold_spot",
            Self::Cold(Course::Consecutive) => "consecutive_cold_spot",
            Self::Cold(Course::Intensifying) => "intensifying_cold_spot",
            Self::Cold(Course::Persistent) => "persistent_cold_spot",
            Self::Cold(Course::Diminishing) => "diminishing_cold_spot",
            Self::Cold(Course::Sporadic) => "sporadic_cold_spot",
            Self::Cold(Course::Oscillating) => "oscillating_cold_spot",
            Self::Cold(Course::Historical) => "historical_cold_spot",
            Self::None => "no_pattern",
        }
    }
}

/// The pattern of a series of steps, in time order.
///
/// The first rule that fits decides, with h hot steps among n, and "nine tenths" being 10h ≥ 9n in integers:
/// 1. the last step is hot and h is nine tenths: intensifying, diminishing or persistent, by the trend;
/// 2. it is hot and some earlier step was cold: oscillating;
/// 3. it is hot and the only hot one: new;
/// 4. the hot steps are one unbroken run up to the last: consecutive;
/// 5. it is hot: sporadic;
/// 6. it is not hot, but h is nine tenths: historical.
///
/// Then the same for cold, where a downward trend intensifies; so nine cold steps and a hot one are an oscillating hot
/// spot, and nine hot ones and a cold one a historical hot spot. Esri's text lets a series be both oscillating and new
/// or consecutive; here oscillating comes first. *Edge case*: no steps have no pattern.
pub fn pattern(steps: &[Step], direction: Direction) -> Pattern {
    if let Some(course) = course(steps, Step::Hot, direction) {
        return Pattern::Hot(course);
    }
    let mirrored = match direction {
        Direction::Up => Direction::Down,
        Direction::Down => Direction::Up,
        Direction::Level => Direction::Level,
    };
    course(steps, Step::Cold, mirrored).map_or(Pattern::None, Pattern::Cold)
}

/// The course of one side; up is towards its extreme.
fn course(steps: &[Step], side: Step, direction: Direction) -> Option<Course> {
    let on = steps.iter().filter(|step| **step == side).count();
    let nearly_always = on > 0 && 10 * on >= 9 * steps.len();
    if steps.last() != Some(&side) {
        return nearly_always.then_some(Course::Historical);
    }
    if nearly_always {
        return Some(match direction {
            Direction::Up => Course::Intensifying,
            Direction::Down => Course::Diminishing,
            Direction::Level => Course::Persistent,
        });
    }
    let opposite = |step: &Step| *step != side && *step != Step::Neither;
    let run = steps.iter().rev().take_while(|step| **step == side).count();
    Some(if steps.iter().any(opposite) {
        Course::Oscillating
    } else if on == 1 {
        Course::New
    } else if run == on {
        Course::Consecutive
    } else {
        Course::Sporadic
    })
}

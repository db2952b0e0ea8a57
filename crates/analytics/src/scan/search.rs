//! The highest ratio of the circles around a place over all stretches of time, without a look at most of them.
//!
//! Circles are taken in blocks that grow by about the deviation of their cases. A stretch of time has in none of a block's circles more
//! cases than in the largest, nor a smaller expectation than in the smallest: where those two together have no higher
//! ratio than one that is known, the stretch is passed over for the whole block.

use std::ops::Range;

use super::zones::Circles;

/// By how many square roots of its cases a block's largest circle may be above its smallest: chance differs by as much.
const GROWTH: u32 = 2;

/// Begins, and ends, of stretches that are judged together before each by itself.
const TOGETHER: usize = 8;

/// The distinct times, and which stretches of them may be clusters.
#[derive(Debug)]
pub(super) struct Calendar {
    /// Cases up to and including each distinct time, in all places.
    pub(super) up_to: Vec<u32>,
    /// For each distinct time, the last one that ends a stretch which begins there; none where no stretch begins. Where every
    /// stretch is open, none begins before one at which none does.
    pub(super) last_end: Vec<Option<u32>>,
    /// Cases from each distinct time to the end, in all places, and the first time that begins an open stretch.
    pub(super) to_end: Vec<u64>,
    pub(super) first_start: usize,
    /// Whether every stretch lasts to the end of the period.
    pub(super) is_open: bool,
}

/// The circles around a place that hold more cases than the one before.
pub(super) struct Walk {
    /// Places with cases, from the centre outwards.
    places: Vec<u32>,
    steps: Vec<Step>,
    /// Where blocks of steps end.
    blocks: Vec<u32>,
}

/// A circle that adds cases.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// Where its places end.
    end: u32,
    /// Which circle it is.
    circle: u32,
    /// Cases in it.
    cases: u32,
}

/// A zone and a stretch of time that may have a higher ratio than what was known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub(super) circle: usize,
    /// First and last distinct time.
    pub(super) times: [usize; 2],
    /// Cases in both.
    pub(super) cases: u64,
    /// Cases of the circle × cases of the stretch.
    pub(super) product: u64,
}

/// What a search writes on.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Cases of the circle by distinct time.
    counts: Vec<u32>,
    /// The distinct times that hold a case of the circle, the cases of the circle up to each of them, and those of all
    /// places.
    held: Vec<u32>,
    here: Vec<u32>,
    everywhere: Vec<u32>,
    /// The times of the cases that enter with a block, circle by circle.
    entering: Vec<u32>,
    /// Stretches to be looked at closely: distinct times and cases.
    open: Vec<([u32; 2], u32)>,
}

impl Walk {
    /// The walk through some circles over places that hold the cases in the ranges between `starts`.
    pub(super) fn new(around: &Circles, starts: &[usize]) -> Self {
        let mut walk = Self {
            places: Vec::new(),
            steps: Vec::new(),
            blocks: Vec::new(),
        };
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let (mut start, mut cases) = (0, 0_usize);
        for (circle, end) in around.ends.iter().enumerate() {
            let before = cases;
            for place in &around.places[start..*end as usize] {
                let held = starts[*place as usize + 1] - starts[*place as usize];
                if held > 0 {
                    walk.places.push(*place);
                    cases += held;
                }
            }
            start = *end as usize;
            if cases > before {
                walk.steps.push(Step {
                    end: number(walk.places.len()),
                    circle: number(circle),
                    cases: number(cases),
                });
            }
        }
        let mut first = 0;
        for (at, step) in walk.steps.iter().enumerate() {
            let smallest = walk.steps[first].cases;
            let most = smallest.saturating_add(GROWTH * smallest.isqrt());
            if step.cases > most {
                walk.blocks.push(number(at));
                first = at;
            }
        }
        walk.blocks.push(number(walk.steps.len()));
        walk
    }

    /// Calls for each zone of the first circles, and each stretch, that may have a ratio above the one known; `limits` are
    /// those of what is known, and a call gives those of what is known then.
    ///
    /// Circles in order, and for each the stretches in order of begin and end, within each block.
    pub(super) fn search<'l>(
        &self,
        cases: &Cases<'_>,
        circles: usize,
        mut limits: &'l [u64],
        scratch: &mut Scratch,
        mut found: impl FnMut(Hit) -> &'l [u64],
    ) {
        let steps = self
            .steps
            .partition_point(|step| (step.circle as usize) < circles);
        scratch.counts.clear();
        scratch.counts.resize(cases.calendar.up_to.len(), 0);
        let (mut first, mut place) = (0, 0);
        for block in &self.blocks {
            let block = first..(*block as usize).min(steps);
            if block.is_empty() {
                break;
            }
            let end = self.steps[block.end - 1].end as usize;
            for place in &self.places[place..end] {
                for time in cases.of(*place) {
                    scratch.counts[*time as usize] += 1;
                }
            }
            let fewest = self.steps[block.start].cases;
            if cases.calendar.is_open {
                scratch.sift_open(cases.calendar, fewest, limits);
            } else {
                scratch.mark(cases.calendar);
                scratch.sift(cases.calendar, fewest, limits);
            }
            if !scratch.open.is_empty() {
                self.look(
                    cases,
                    block.clone(),
                    place,
                    &mut limits,
                    scratch,
                    &mut found,
                );
            }
            (first, place) = (block.end, end);
        }
    }

    /// Looks at the open stretches in each circle of a block, the places of which start at one.
    fn look<'l>(
        &self,
        cases: &Cases<'_>,
        block: Range<usize>,
        mut place: usize,
        limits: &mut &'l [u64],
        scratch: &mut Scratch,
        found: &mut impl FnMut(Hit) -> &'l [u64],
    ) {
        let steps = &self.steps[block];
        let within = |[first, last]: [u32; 2], times: &[u32]| -> u32 {
            let inside = |time: &u32| u32::from((first..=last).contains(time));
            times.iter().map(inside).sum()
        };
        scratch.entering.clear();
        let mut ends = Vec::with_capacity(steps.len());
        for step in steps {
            for place in &self.places[place..step.end as usize] {
                scratch.entering.extend_from_slice(cases.of(*place));
            }
            place = step.end as usize;
            ends.push(scratch.entering.len());
        }
        // From the cases of the largest circle back to those before the smallest.
        for (times, count) in &mut scratch.open {
            *count -= within(*times, &scratch.entering);
        }
        let mut start = 0;
        for (step, end) in steps.iter().zip(ends) {
            for (times, count) in &mut scratch.open {
                *count += within(*times, &scratch.entering[start..end]);
                let product = u64::from(step.cases) * cases.calendar.cases(*times);
                if product < limits[*count as usize] {
                    *limits = found(Hit {
                        circle: step.circle as usize,
                        times: times.map(|time| time as usize),
                        cases: u64::from(*count),
                        product,
                    });
                }
            }
            start = end;
        }
    }
}

/// Cases by place and distinct time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cases<'a> {
    pub(super) calendar: &'a Calendar,
    /// Where the cases of each place start; one more than places.
    pub(super) starts: &'a [usize],
    /// The distinct time of each case; cases are in order of place.
    pub(super) times: &'a [u32],
}

impl<'a> Cases<'a> {
    fn of(&self, place: u32) -> &'a [u32] {
        &self.times[self.starts[place as usize]..self.starts[place as usize + 1]]
    }
}

impl Calendar {
    /// Cases of a stretch, in all places.
    fn cases(&self, [first, last]: [u32; 2]) -> u64 {
        u64::from(self.up_to[last as usize] - self.before(first))
    }

    fn before(&self, time: u32) -> u32 {
        time.checked_sub(1)
            .map_or(0, |before| self.up_to[before as usize])
    }
}

impl Scratch {
    /// The same as marking and sifting, of stretches that all last to the end: their cases are one running sum.
    fn sift_open(&mut self, calendar: &Calendar, fewest: u32, limits: &[u64]) {
        self.open.clear();
        let fewest = u64::from(fewest);
        let last = self.counts.len().saturating_sub(1);
        let mut count = 0;
        let starts = self.counts.iter().zip(&calendar.to_end).enumerate();
        for (first, (here, cases)) in starts.skip(calendar.first_start).rev() {
            count += here;
            if *here > 0 && fewest * cases < limits[count as usize] {
                let times = [first, last].map(|time| u32::try_from(time).unwrap_or(u32::MAX));
                self.open.push((times, count));
            }
        }
        self.open.reverse();
    }

    /// Finds the times that hold a case: stretches that begin or end at another hold the same cases in more time.
    fn mark(&mut self, calendar: &Calendar) {
        self.held.clear();
        self.here.clear();
        self.everywhere.clear();
        let mut sum = 0;
        for ((time, count), everywhere) in (0_u32..).zip(&self.counts).zip(&calendar.up_to) {
            if *count > 0 {
                sum += count;
                self.held.push(time);
                self.here.push(sum);
                self.everywhere.push(*everywhere);
            }
        }
    }

    /// Finds the stretches that may have a high ratio in a circle with these cases, of which `fewest` are in the smallest.
    ///
    /// Begins and ends are first judged some together: none of those stretches has more cases than the longest, nor a smaller
    /// expectation than the shortest.
    fn sift(&mut self, calendar: &Calendar, fewest: u32, limits: &[u64]) {
        self.open.clear();
        let fewest = u64::from(fewest);
        let before = |at: usize| at.checked_sub(1).map_or(0, |before| self.here[before]);
        let mut stop = 0;
        for first in (0..self.held.len()).step_by(TOGETHER) {
            let last = (first + TOGETHER).min(self.held.len()) - 1;
            let end = calendar.last_end[self.held[last] as usize];
            while self.held.get(stop).is_some_and(|time| Some(*time) <= end) {
                stop += 1;
            }
            for from in (first..stop).step_by(TOGETHER) {
                let to = (from + TOGETHER).min(stop);
                if from >= last {
                    let most = self.here[to - 1] - before(first);
                    let shortest = self.everywhere[from] - calendar.before(self.held[last]);
                    if fewest * u64::from(shortest) >= limits[most as usize] {
                        continue;
                    }
                }
                for begin in first..=last {
                    let end = calendar.last_end[self.held[begin] as usize];
                    let (held, everywhere) = (before(begin), calendar.before(self.held[begin]));
                    for at in from.max(begin)..to {
                        let count = self.here[at] - held;
                        let cases = u64::from(self.everywhere[at] - everywhere);
                        if fewest * cases < limits[count as usize] && Some(self.held[at]) <= end {
                            self.open.push(([self.held[begin], self.held[at]], count));
                        }
                    }
                }
            }
        }
        self.open.sort_unstable();
    }
}

//! Civil dates and times in a profile's zone to days and instants.

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};
use naqsha_model::{Code, TimePrecision};

use crate::draft::Moment;
use crate::profile::{Profile, TimeForm};
use crate::values::date::{self, ReadDate, ReadDateTime};
use crate::values::time;

/// Reads the time columns of one profile.
pub(crate) struct MomentReader<'a> {
    profile: &'a Profile,
}

/// What had to be said about a moment, at most two things.
pub(crate) type Remarks = [Option<Code>; 2];

impl<'a> MomentReader<'a> {
    pub(crate) const fn new(profile: &'a Profile) -> Self {
        Self { profile }
    }

    pub(crate) fn read(&self, form: TimeForm, text: &str) -> Result<(Moment, Remarks), Code> {
        let rules = self.profile.dates;
        let (moment, remarks) = match form {
            TimeForm::Month => (in_month(date::month(text)?), [None; 2]),
            TimeForm::Date => {
                let day = date::date(text, rules)?;
                (on_day(&day), [day.remark, None])
            }
            TimeForm::DateTime | TimeForm::DateTimeRange => {
                let read = time::date_time(text, rules)?;
                if form == TimeForm::DateTime && read.to.is_some() {
                    return Err(Code::E301);
                }
                self.at(&read)
            }
        };
        Ok((
            if self.profile.month_only {
                in_month(moment.first)
            } else {
                moment
            },
            remarks,
        ))
    }

    fn at(&self, read: &ReadDateTime) -> (Moment, Remarks) {
        let mut moment = on_day(&read.day);
        let Some(from) = read.from else {
            return (moment, [read.day.remark, None]);
        };
        let zone = match read
            .offset
            .and_then(|seconds| jiff::tz::Offset::from_seconds(seconds).ok())
        {
            Some(offset) if !self.profile.ignore_zone => offset.to_time_zone(),
            _ => self.profile.zone.clone(),
        };
        let (start, remark) = instant(read.day.date, from, &zone);
        let Some(start) = start else {
            return (moment, [read.day.remark, remark]);
        };
        moment.start = Some(start);
        moment.precision = if remark == Some(Code::W305) {
            TimePrecision::Hour
        } else {
            read.precision
        };
        if let Some(to) = read.to {
            // "10/11 at night" may pass midnight.
            let day = if to < from {
                read.day.date.saturating_add(1.day())
            } else {
                read.day.date
            };
            moment.end = instant(day, to, &zone).0;
            moment.last = day;
        }
        // The days are those of the profile's zone, whatever zone the text names.
        let local = self.profile.zone.to_datetime(start).date();
        moment.first = local;
        moment.last = moment.last.max(local);
        (moment, [read.day.remark, remark])
    }
}

/// The instant of a civil time; none with W304 where the clocks skipped it, the earlier one with W305 where it came twice.
fn instant(date: Date, time: Time, zone: &TimeZone) -> (Option<Timestamp>, Option<Code>) {
    let ambiguous = zone.to_ambiguous_timestamp(date.to_datetime(time));
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => (None, Some(Code::W304)),
        AmbiguousOffset::Fold { .. } => (ambiguous.earlier().ok(), Some(Code::W305)),
        AmbiguousOffset::Unambiguous { .. } => (ambiguous.unambiguous().ok(), None),
    }
}

fn on_day(day: &ReadDate) -> Moment {
    let slack = day.slack.days();
    Moment {
        first: day.date.saturating_sub(slack),
        last: day.date.saturating_add(slack),
        precision: TimePrecision::Day,
        start: None,
        end: None,
    }
}

fn in_month(date: Date) -> Moment {
    let (first, last) = (date.first_of_month(), date.last_of_month());
    Moment {
        first,
        last,
        precision: TimePrecision::Month,
        start: None,
        end: None,
    }
}

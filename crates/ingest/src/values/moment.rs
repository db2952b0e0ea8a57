//! Civil dates and times in a profile's zone to days and instants.

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};
use naqsha_model::{Code, TimePrecision};

use crate::draft::Moment;
use crate::profile::{Profile, TimeForm};
use crate::values::date::{self, ReadDate, ReadDateTime};
use crate::values::{plain, time};

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
                let day = match plain::date(text, rules) {
                    Some(day) => ReadDate::on(day, None),
                    None => date::date(text, rules)?,
                };
                (on_day(&day), [day.remark, None])
            }
            TimeForm::DateTime | TimeForm::DateTimeRange => {
                let (read, end) = match plain::date_time(text, rules) {
                    Some((day, time)) => (ReadDateTime::to_the_minute(day, time), None),
                    None => time::date_time(text, rules)?,
                };
                if form == TimeForm::DateTime && (read.to.is_some() || end.is_some()) {
                    return Err(Code::E301);
                }
                match end {
                    Some(end) => self.between(&read, &end),
                    None => self.at(&read),
                }
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

    /// From the first moment to the last of the second; times only where both have one.
    fn between(&self, from: &ReadDateTime, to: &ReadDateTime) -> (Moment, Remarks) {
        let (first, remarks) = self.at(from);
        let (last, others) = self.at(to);
        let timed = first.start.is_some() && last.start.is_some();
        let moment = Moment {
            first: first.first,
            last: last.last,
            precision: first.precision.max(last.precision),
            start: first.start.filter(|_| timed),
            end: last.end.or(last.start).filter(|_| timed),
        };
        (moment, [remarks[0].or(others[0]), remarks[1].or(others[1])])
    }

    fn at(&self, read: &ReadDateTime) -> (Moment, Remarks) {
        let mut moment = on_day(&read.day);
        let Some(from) = read.from else {
            return (moment, [read.day.remark, None]);
        };
        let stated = read
            .offset
            .filter(|_| !self.profile.ignore_zone)
            .and_then(|seconds| jiff::tz::Offset::from_seconds(seconds).ok())
            .map(jiff::tz::Offset::to_time_zone);
        let zone = stated.as_ref().unwrap_or(&self.profile.zone);
        let (start, remark) = instant(read.day.first, from, zone);
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
                read.day.first.saturating_add(1.day())
            } else {
                read.day.first
            };
            moment.end = instant(day, to, zone).0;
            moment.last = day;
        }
        if stated.is_some() {
            // The days are those of the profile's zone, whatever zone the text names.
            let local = self.profile.zone.to_datetime(start).date();
            moment.first = local;
            moment.last = moment.last.max(local);
        }
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
    Moment {
        first: day.first,
        last: day.last,
        precision: day.precision,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::shipped_profiles;

    fn profile() -> Profile {
        let (_, toml) = shipped_profiles()
            .iter()
            .find(|(id, _)| *id == "punjab.fir")
            .unwrap();
        Profile::parse(toml).unwrap()
    }

    /// First day, last day, precision, local start and end, code.
    fn said(text: &str) -> String {
        let profile = profile();
        let local = |t: Timestamp| {
            let (civil, offset) = (profile.zone.to_datetime(t), profile.zone.to_offset(t));
            let hours = offset.seconds() / 3600;
            format!(
                "{:02} {:02}:{:02}+{hours:02}:00",
                civil.day(),
                civil.hour(),
                civil.minute()
            )
        };
        match MomentReader::new(&profile).read(TimeForm::DateTimeRange, text) {
            Ok((m, remarks)) => {
                let mut out = format!("{}..{} {}", m.first, m.last, m.precision);
                for t in [m.start, m.end].into_iter().flatten() {
                    out = format!("{out} {}", local(t));
                }
                for code in remarks
                    .into_iter()
                    .flatten()
                    .filter(|code| *code != Code::W309)
                {
                    out = format!("{out} {code}");
                }
                out
            }
            Err(code) => code.to_string(),
        }
    }

    /// Every change of Asia/Karachi's clocks in tzdata: midnight of three days did not exist, the hour before midnight of
    /// three others came twice.
    #[test]
    fn midnights_that_never_were_and_hours_that_came_twice_are_told() {
        for day in ["2002-04-07", "2008-06-01", "2009-04-15"] {
            for time in ["00:00", "00:30", "00:59", "12:00 AM", "رات 12 بجے"] {
                assert_eq!(
                    said(&format!("{day} {time}")),
                    format!("{day}..{day} day W304"),
                    "{day} {time}"
                );
            }
            let after = said(&format!("{day} 01:00"));
            assert!(after.ends_with("01:00+06:00"), "{after}");
            // The day itself is a day like any other.
            assert_eq!(said(day), format!("{day}..{day} day"));
        }
        for day in ["2002-10-05", "2008-10-31", "2009-10-31"] {
            for (time, hour) in [
                ("23:00", "23:00"),
                ("23:30", "23:30"),
                ("11:59 PM", "23:59"),
                ("2330 hrs", "23:30"),
            ] {
                let number = day.rsplit('-').next().unwrap();
                assert_eq!(
                    said(&format!("{day} {time}")),
                    format!("{day}..{day} hour {number} {hour}+06:00 W305"),
                );
            }
            assert!(said(&format!("{day} 22:59")).ends_with("22:59+06:00"));
            // An offset says which of the two it was.
            assert!(said(&format!("{day}T23:30:00+05:00")).ends_with("23:30+05:00"));
        }
        let next = said("2009-11-01 00:00");
        assert!(next.ends_with("00:00+05:00"), "{next}");
    }

    #[test]
    fn times_of_day_are_read_as_police_write_them() {
        let at = |time: &str| format!("2024-03-12..2024-03-12 minute 12 {time}+05:00");
        for text in [
            "12-03-2024 22:30",
            "12-03-24 2230 hrs",
            "12-03-24 2230hrs",
            "12.03.24 at 22.30 hours",
            "12/03/2024 10:30 PM",
            "12-03-2024 10.30 p.m.",
            "12-03-2024 10:30:PM",
            "12 March 2024, 10:30 pm",
            "Tuesday-March 12-2024 10:30PM",
            "2024-03-12T22:30:00+05:00",
            "2024-03-12T17:30:00Z",
            "2024-03-12 22:30:00.000",
            "12-03-24 رات 10:30 بجے",
            "۱۲ مارچ ۲۰۲۴ء بوقت ۲۲:۳۰ بجے",
            "12-03-24 رات 10 بج کر 30 منٹ",
            "45363.9375",
            "20240312 22:30",
            "مورخہ 12-03-24 بوقت 10:30 بجے شب",
            "dated 12-03-2024 time 2230 hrs",
        ] {
            assert_eq!(said(text).replace(" W308", ""), at("22:30"), "{text}");
        }
        for (text, time) in [
            ("12-03-24 صبح 9 بجے", "09:00"),
            ("12-03-24 شام 6 بجے", "18:00"),
            ("12-03-24 دن 2 بجے", "14:00"),
            ("12-03-24 دن 11 بجے", "11:00"),
            ("12-03-24 دوپہر 12 بجے", "12:00"),
            ("12-03-24 سہ پہر 3 بجے", "15:00"),
            ("12-03-24 رات 2 بجے", "02:00"),
            ("12-03-24 رات 11 بجے", "23:00"),
            ("12-03-24 about 9pm", "21:00"),
        ] {
            assert_eq!(said(text), at(time).replace("minute", "hour"), "{text}");
        }
        for text in [
            "12-03-24 evening",
            "12-03-24 رات",
            "12-03-24 شام کے وقت",
            "12-03-24 time unknown",
        ] {
            assert_eq!(said(text), "2024-03-12..2024-03-12 day", "{text}");
        }
        assert_eq!(said("12-03-24 2400 hrs"), at("23:59"));
        for text in [
            "12-03-24 25:00",
            "12-03-24 10:75",
            "12-03-24 10 people",
            "12-03-24 1 2 3",
            "2230 hrs",
            "22:30",
            "12-03-24 2560 hrs",
        ] {
            assert_eq!(said(text), "E301", "{text}");
        }
    }

    #[test]
    fn ranges_of_hours_and_days_have_both_ends() {
        let evening = "2024-03-12..2024-03-12 minute 12 22:00+05:00 12 23:30+05:00";
        for text in [
            "12-03-24 22:00-23:30",
            "12-03-24 2200/2330 hrs",
            "12-03-24 10:00 PM to 11:30 PM",
            "12-03-24 between 10:00 and 11:30 pm",
            "12-03-24 22:00 تا 23:30",
            "12-03-24 11:30PM /10.00 pm",
        ] {
            assert_eq!(said(text), evening, "{text}");
        }
        assert_eq!(
            said("12-03-24 رات 10/11 بجے"),
            "2024-03-12..2024-03-12 hour 12 22:00+05:00 12 23:00+05:00"
        );
        assert_eq!(
            said("12-03-24 رات 11/2 بجے"),
            "2024-03-12..2024-03-13 hour 12 23:00+05:00 13 02:00+05:00"
        );
        assert_eq!(
            said("12-03-24 2300-0100 hrs"),
            "2024-03-12..2024-03-13 minute 12 23:00+05:00 13 01:00+05:00"
        );
        assert_eq!(
            said("12-03-24 11 to 1 pm"),
            "2024-03-12..2024-03-12 hour 12 11:00+05:00 12 13:00+05:00"
        );
        for text in [
            "between 12-03-24 and 14-03-24",
            "12-03-2024 to 14-03-2024",
            "from 12 to 14-03-2024",
            "12 March to 14 March 2024",
            "12-14 March 2024",
            "12/14-03-2024",
            "مابین 12-03-24 اور 14-03-24",
            "12-03-24 تا 14-03-24",
            "12-03-2024 - 14-03-2024",
        ] {
            assert_eq!(said(text), "2024-03-12..2024-03-14 day", "{text}");
        }
        for text in [
            "12/13-03-2024",
            "intervening night of 12/13.03.24",
            "شب درمیانی 12/13-03-24",
        ] {
            assert_eq!(said(text), "2024-03-12..2024-03-13 day", "{text}");
        }
        assert_eq!(said("31/01-02-2024"), "2024-01-31..2024-02-01 day");
        assert_eq!(
            said("12-03-24 2230 hrs to 13-03-24 0100 hrs"),
            "2024-03-12..2024-03-13 minute 12 22:30+05:00 13 01:00+05:00"
        );
        assert_eq!(said("14-03-24 to 12-03-24"), "E303");
        assert_eq!(
            said("12-03-11 10:30"),
            "2011-03-12..2011-03-12 minute 12 10:30+05:00"
        );
    }

    #[test]
    fn what_is_coarser_than_a_day_says_so() {
        for (text, days) in [
            ("Mar 2024", "2024-03-01..2024-03-31 month"),
            ("مارچ 2024", "2024-03-01..2024-03-31 month"),
            ("2024-02", "2024-02-01..2024-02-29 month"),
            ("03/2024", "2024-03-01..2024-03-31 month"),
            ("Q1 2024", "2024-01-01..2024-03-31 quarter"),
            ("2024-Q3", "2024-07-01..2024-09-30 quarter"),
            ("4th quarter of 2023", "2023-10-01..2023-12-31 quarter"),
            ("2024", "2024-01-01..2024-12-31 year"),
            ("سال ۲۰۲۴ء", "2024-01-01..2024-12-31 year"),
            ("15 رمضان 1445", "2024-03-24..2024-03-26 day W307"),
            ("15-09-1445 AH", "2024-03-24..2024-03-26 day W307"),
            ("45363", "2024-03-12..2024-03-12 day W308"),
            ("3rd March, 2024", "2024-03-03..2024-03-03 day"),
            ("Thursay-Aug 27-2015", "2015-08-27..2015-08-27 day"),
            ("بروز منگل ۱۲ مارچ ۲۰۲۴", "2024-03-12..2024-03-12 day"),
            ("12۔03۔2024", "2024-03-12..2024-03-12 day"),
            ("12 جنوری، 2024", "2024-01-12..2024-01-12 day"),
        ] {
            assert_eq!(said(text), days, "{text}");
        }
        for text in [
            "Mar-24",
            "13/25/2024",
            "00-03-2024",
            "30-02-2024",
            "12-03-1445",
            "12-03-024",
            "yesterday",
            "12345678",
        ] {
            assert_eq!(said(text), "E301", "{text}");
        }
    }
}

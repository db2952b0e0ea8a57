//! Times: a civil date where the source gives no time of day, else an instant with the offset of Pakistan.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use naqsha_model::{Day, DayRange, Occurred, TimePrecision};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::details::Unfit;
use crate::member::Member;

/// When something happened. A date is a civil date, never a local midnight: that instant did not always exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeRecord {
    /// First day, as a date.
    pub(crate) first: String,
    /// Last day, as a date, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last: Option<String>,
    /// First instant (RFC 3339), where the source gives a time of day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) start: Option<String>,
    /// Last instant (RFC 3339), where the source gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<String>,
    /// How finely the source knows it.
    pub(crate) precision: Member<TimePrecision>,
}

impl From<Occurred> for TimeRecord {
    fn from(occurred: Occurred) -> Self {
        let (first, last) = (occurred.days.first(), occurred.days.last());
        Self {
            first: first.date().to_string(),
            last: (last != first).then(|| last.date().to_string()),
            start: occurred.start.map(instant),
            end: occurred.end.map(instant),
            precision: Member(occurred.precision),
        }
    }
}

impl TryFrom<TimeRecord> for Occurred {
    type Error = Unfit;

    fn try_from(record: TimeRecord) -> Result<Self, Unfit> {
        let first = day(&record.first)?;
        let last = record.last.as_deref().map_or(Ok(first), day)?;
        let time = |text: Option<String>| {
            text.map(|text| text.parse::<Timestamp>().map_err(|_time| Unfit(text)))
                .transpose()
        };
        Ok(Self {
            days: DayRange::new(first, last).map_err(|e| Unfit(e.to_string()))?,
            precision: record.precision.0,
            start: time(record.start)?,
            end: time(record.end)?,
        })
    }
}

pub(crate) fn day(text: &str) -> Result<Day, Unfit> {
    let date = text.parse().map_err(|_date| Unfit(text.to_owned()))?;
    Day::new(date).map_err(|e| Unfit(e.to_string()))
}

/// RFC 3339 with the offset that Pakistan had at that instant; in UTC before 1907, when the offset had seconds, which
/// RFC 3339 cannot say.
pub(crate) fn instant(time: Timestamp) -> String {
    let zone = TimeZone::get("Asia/Karachi").unwrap_or(TimeZone::UTC);
    let offset = zone.to_offset(time);
    if offset.seconds() % 60 == 0 {
        time.display_with_offset(offset).to_string()
    } else {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_read_back_to_the_second_in_every_year() {
        for text in [
            "1906-11-17T22:17:13.707Z",
            "1907-06-01T00:00:00Z",
            "2009-10-31T17:30:00Z",
        ] {
            let time: Timestamp = text.parse().expect("an instant");
            let read: Timestamp = instant(time).parse().expect("as it was written");
            assert_eq!(read, time);
        }
        let now: Timestamp = "2024-04-03T17:30:00Z".parse().expect("an instant");
        assert_eq!(instant(now), "2024-04-03T22:30:00+05:00");
    }
}

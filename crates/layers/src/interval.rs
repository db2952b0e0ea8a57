//! OGC's `datetime`: instants, dates and intervals as the days they touch.

use jiff::Timestamp;
use jiff::civil::Date;
use naqsha_model::{Day, DayRange};

/// Reads an OGC `datetime`: an instant or date, or `start/end` where `..` or nothing leaves an end open.
///
/// Instants are taken to the day they fall on in UTC as written; QGIS's dummy bounds (year 0000 and 9999) are open ends.
pub(crate) fn parse_interval(value: &str) -> Result<Option<DayRange>, String> {
    let unreadable = || {
        format!(
            "{value:?} is not a date, an RFC 3339 instant, or an interval start/end with .. for an open end"
        )
    };
    let (first, last) = match value.split_once('/') {
        None => {
            let day = parse_bound(value).ok_or_else(unreadable)?;
            (Some(day), Some(day))
        }
        Some((start, end)) => {
            let open = |text: &str| text.is_empty() || text == "..";
            if open(start) && open(end) {
                return Err("both ends of the interval are open".to_owned());
            }
            let bound = |text: &str| {
                if open(text) {
                    Ok(None)
                } else {
                    parse_bound(text).map(Some).ok_or_else(unreadable)
                }
            };
            (bound(start)?, bound(end)?)
        }
    };
    if first.is_some() && last.is_some() && first > last {
        return Err(format!("{value:?} ends before it starts"));
    }
    let clamped = |date: Option<Date>, open: Day, beyond: Day| match date {
        None => open,
        Some(date) => Day::new(date).unwrap_or(beyond),
    };
    let (all_first, all_last) = (DayRange::ALL.first(), DayRange::ALL.last());
    let before_all = |date: Date| date < all_first.date();
    let first = clamped(
        first,
        all_first,
        if first.is_some_and(before_all) {
            all_first
        } else {
            all_last
        },
    );
    let last = clamped(
        last,
        all_last,
        if last.is_some_and(before_all) {
            all_first
        } else {
            all_last
        },
    );
    DayRange::new(first, last)
        .map(Some)
        .map_err(|_order| unreadable())
}

fn parse_bound(text: &str) -> Option<Date> {
    if text.len() == 10 {
        return text.parse::<Date>().ok();
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(jiff::tz::TimeZone::UTC.to_datetime(instant).date());
    }
    // QGIS sends year-9999 and year-0000 instants, which lie at the very edge of what an instant can hold.
    let (date, rest) = text.split_once('T')?;
    (rest.ends_with('Z') && matches!(date.get(..4), Some("0000" | "9999")))
        .then(|| date.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn intervals_may_be_open_and_may_reach_beyond_the_calendar() {
        let days = |text| parse_interval(text).map(Option::unwrap);
        let from = days("2018-07-01/..").unwrap();
        assert_eq!(
            (from.first().date(), from.last()),
            (date(2018, 7, 1), DayRange::ALL.last())
        );
        assert_eq!(
            days("0000-01-01T00:00:00Z/9999-12-31T00:00:00Z"),
            Ok(DayRange::ALL)
        );
        let day = days("2018-07-01T23:00:00Z").unwrap();
        assert_eq!(day.first(), day.last());
        assert!(days("2018-07-02/2018-07-01").is_err());
        assert!(days("../..").is_err());
        assert!(days("July").is_err());
    }
}

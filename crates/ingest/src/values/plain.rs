//! The commonest spellings of dates and times, read byte by byte: `2024-03-12`, `12/03/2024`, `2024-03-12 22:30`,
//! `2024-03-12T22:30:00`.
//!
//! Most rows of most files have one of them, and reading them as any other text is a third of what a clean row costs.
//! What is read here is read as [`date`](super::date) and [`time`](super::time) would; everything else, wrong dates too, is
//! left to them.

use jiff::civil::{Date, Time};

use crate::values::date::{DateRules, Order, civil};

/// A day.
pub(crate) fn date(text: &str, rules: DateRules) -> Option<Date> {
    let bytes = <&[u8; 10]>::try_from(text.as_bytes()).ok()?;
    let (year, month, day) = match (bytes, rules.order) {
        ([year @ .., b'-', _, _, b'-', _, _] | [year @ .., b'/', _, _, b'/', _, _], _) => {
            let [.., ten, one, _, tens, ones] = bytes;
            (year, [*ten, *one], [*tens, *ones])
        }
        ([_, _, b'-', _, _, b'-', year @ ..] | [_, _, b'/', _, _, b'/', year @ ..], order) => {
            let [ten, one, _, tens, ones, ..] = bytes;
            let (first, second) = ([*ten, *one], [*tens, *ones]);
            match order {
                Order::Dmy => (year, second, first),
                Order::Mdy => (year, first, second),
                Order::Ymd => return None,
            }
        }
        _ => return None,
    };
    civil(digits(*year)?, digits(month)?, digits(day)?).ok()
}

/// A day with the time on it, to the minute.
pub(crate) fn date_time(text: &str, rules: DateRules) -> Option<(Date, Time)> {
    let (day, rest) = text.split_at_checked(10)?;
    let time = rest.as_bytes();
    let ([b' ' | b'T', hour, ten, b':', minute, one]
    | [b' ' | b'T', hour, ten, b':', minute, one, b':', _, _]) = *time
    else {
        return None;
    };
    if let [.., b':', tens, ones] = *time
        && time.len() == 9
        && digits([tens, ones])? > 59
    {
        return None;
    }
    let small = |pair: [u8; 2]| i8::try_from(digits(pair)?).ok();
    let time = Time::new(small([hour, ten])?, small([minute, one])?, 0, 0).ok()?;
    Some((date(day, rules)?, time))
}

fn digits<const N: usize>(bytes: [u8; N]) -> Option<i16> {
    bytes.iter().try_fold(0_i16, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| number * 10 + i16::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::values::date::{ReadDate, ReadDateTime};
    use crate::values::{date as any_date, time};

    fn rules(order: Order) -> DateRules {
        DateRules { order, pivot: 40 }
    }

    fn orders() -> impl Strategy<Value = Order> {
        prop_oneof![Just(Order::Dmy), Just(Order::Mdy), Just(Order::Ymd)]
    }

    /// Texts of the shapes read here, most of them right, some with a letter or number out of place.
    fn texts() -> impl Strategy<Value = String> {
        let day = "(19|20|14)[0-9]{2}[-/][01][0-9][-/][0-3][0-9]|[0-3][0-9][-/][0-3][0-9][-/](19|20)[0-9]{2}";
        let time = "([ T][0-2][0-9]:[0-6][0-9](:[0-6][0-9])?)?";
        let slip = "[-/: T.0-9a]?";
        (day, time, slip).prop_map(|(day, time, slip)| format!("{day}{time}{slip}"))
    }

    proptest! {
        #[test]
        fn what_is_read_here_is_read_alike_there(text in texts(), order in orders()) {
            let rules = rules(order);
            if let Some(day) = date(&text, rules) {
                prop_assert_eq!(any_date::date(&text, rules), Ok(ReadDate::on(day, None)));
            }
            if let Some((day, clock)) = date_time(&text, rules) {
                let read = ReadDateTime::to_the_minute(day, clock);
                prop_assert_eq!(time::date_time(&text, rules), Ok((read, None)));
            }
        }
    }

    #[test]
    fn common_spellings_are_read_and_others_left() {
        let day = |text: &str| date(text, rules(Order::Dmy)).map(|day| day.to_string());
        assert_eq!(day("2024-03-12").as_deref(), Some("2024-03-12"));
        assert_eq!(day("12/03/2024").as_deref(), Some("2024-03-12"));
        assert_eq!(day("12.03.2024"), None);
        assert_eq!(day("31-02-2024"), None);
        assert_eq!(date("12/03/2024", rules(Order::Ymd)), None);
        let moment = |text: &str| {
            date_time(text, rules(Order::Dmy)).map(|(day, time)| format!("{day} {time}"))
        };
        assert_eq!(
            moment("2024-03-12T22:30:59").as_deref(),
            Some("2024-03-12 22:30:00")
        );
        assert_eq!(
            moment("12-03-2024 07:05").as_deref(),
            Some("2024-03-12 07:05:00")
        );
        for left in [
            "2024-03-12",
            "2024-03-12 24:00",
            "2024-03-12 22:30:60",
            "2024-03-12 22:30Z",
        ] {
            assert_eq!(moment(left), None, "{left}");
        }
    }
}

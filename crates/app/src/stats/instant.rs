//! Times in a CSV: numbers, or ISO dates that count as days.

use jiff::civil::Date;

use super::StatsError;

/// What a column of times holds. A file keeps to one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// Numbers in any unit.
    Numbers,
    /// Dates; their numbers are days since 1970-01-01.
    Dates,
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// The number of a time, and what kind it is.
pub(super) fn instant(field: &str) -> Result<(f64, Clock), String> {
    if let Ok(number) = field.parse::<f64>()
        && number.is_finite()
    {
        return Ok((number, Clock::Numbers));
    }
    let date: Date = field
        .parse()
        .map_err(|_invalid| format!("`{field}` is neither a number nor a date"))?;
    let days = EPOCH
        .until(date)
        .map_err(|error| format!("`{field}`: {error}"))?
        .get_days();
    Ok((f64::from(days), Clock::Dates))
}

/// A whole number of units of time.
pub(super) fn whole(field: &str) -> Result<(i64, Clock), String> {
    match (field.parse::<i64>(), instant(field)) {
        (Ok(number), _) => Ok((number, Clock::Numbers)),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "days of a calendar are whole"
        )]
        (Err(_), Ok((days, Clock::Dates))) => Ok((days as i64, Clock::Dates)),
        (Err(_), Ok((_, Clock::Numbers)) | Err(_)) => {
            Err(format!("`{field}` is neither a whole number nor a date"))
        }
    }
}

impl Clock {
    /// How a whole time is written.
    pub(super) fn written(self, time: i64) -> serde_json::Value {
        match self {
            Self::Numbers => time.into(),
            Self::Dates => EPOCH
                .checked_add(jiff::Span::new().days(time))
                .map_or_else(|_beyond| time.into(), |date| date.to_string().into()),
        }
    }

    /// The kind of a list, if it keeps to one.
    pub(super) fn common(kinds: impl IntoIterator<Item = Self>) -> Result<Self, StatsError> {
        let mut kinds = kinds.into_iter();
        let first = kinds.next().unwrap_or(Self::Numbers);
        if kinds.all(|kind| kind == first) {
            Ok(first)
        } else {
            Err(StatsError::Usage(
                "some times are numbers and some are dates".to_owned(),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_and_come_back_as_dates() {
        assert_eq!(instant("2.5"), Ok((2.5, Clock::Numbers)));
        assert_eq!(instant("1970-03-01"), Ok((59.0, Clock::Dates)));
        assert_eq!(whole("1969-12-31"), Ok((-1, Clock::Dates)));
        assert_eq!(Clock::Dates.written(59), serde_json::json!("1970-03-01"));
        assert!(whole("2.5").is_err() && instant("soon").is_err() && instant("inf").is_err());
    }
}

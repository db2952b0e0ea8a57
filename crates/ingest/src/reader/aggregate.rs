//! Tables of numbers of incidents: they are no records, and their totals are none either.

use csv::StringRecord;

use crate::text::{ascii_digits, fold, words};

/// Headers that say "how many": one row stands for several incidents.
const COUNTS: [&str; 22] = [
    "n",
    "count",
    "counts",
    "total",
    "cases",
    "crimes",
    "incidents",
    "total cases",
    "total crimes",
    "total incidents",
    "case count",
    "crime count",
    "incident count",
    "no of cases",
    "no of crimes",
    "no of incidents",
    "number of cases",
    "number of crimes",
    "number of incidents",
    "تعداد",
    "کل تعداد",
    "مقدمات کی تعداد",
];

/// Headers of a period without a day.
const PERIODS: [&str; 10] = [
    "year",
    "month",
    "quarter",
    "period",
    "week",
    "fiscal year",
    "سال",
    "ماہ",
    "مہینہ",
    "سہ ماہی",
];

/// Words of a header under which one incident is named or dated.
const OF_ONE_INCIDENT: [&str; 14] = [
    "date",
    "datetime",
    "day",
    "time",
    "id",
    "uid",
    "fir",
    "number",
    "crime",
    "incident",
    "case",
    "complaint",
    "تاریخ",
    "نمبر",
];

/// Columns that are years or months: a wide table has several.
const WIDE: usize = 3;

/// What begins a row that sums up others.
const TOTALS: [&str; 12] = [
    "total",
    "totals",
    "grand total",
    "sub total",
    "subtotal",
    "sum",
    "overall",
    "کل",
    "کل تعداد",
    "میزان",
    "ٹوٹل",
    "مجموعہ",
];

/// Bytes of a total's label at most, signs behind it among them.
const LONGEST_TOTAL: usize = 32;

/// The headers that make a table one of numbers of incidents, `None` where its rows may be incidents.
///
/// That takes a period and a number, or several periods side by side, and no column that names or dates one incident.
pub(super) fn columns(header: &StringRecord) -> Option<Vec<String>> {
    let names: Vec<String> = header.iter().map(|name| words(name).join(" ")).collect();
    let of = |known: &[&str]| {
        let is_known = |name: &&String| known.contains(&name.as_str());
        names.iter().position(|name| is_known(&name))
    };
    let original = |i: usize| header.get(i).unwrap_or_default().trim().to_owned();
    let of_one = |name: &String| {
        !COUNTS.contains(&name.as_str())
            && name.split(' ').any(|word| OF_ONE_INCIDENT.contains(&word))
    };
    if names.iter().any(of_one) {
        return None;
    }
    let years: Vec<usize> = (0..names.len())
        .filter(|&i| names.get(i).is_some_and(|name| is_period(name)))
        .collect();
    if years.len() >= WIDE {
        return Some(years.into_iter().map(original).collect());
    }
    let (period, count) = (of(&PERIODS)?, of(&COUNTS)?);
    Some(vec![original(period), original(count)])
}

/// `2019`, `2019 20`, `jan 2019`.
fn is_period(name: &str) -> bool {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let is_year = |word: &str| {
        word.len() == 4
            && word.bytes().all(|b| b.is_ascii_digit())
            && (word.starts_with("19") || word.starts_with("20"))
    };
    let mut words = name.split(' ');
    match (words.next(), words.next(), words.next()) {
        (Some(year), None, None) => is_year(year),
        (Some(first), Some(second), None) => {
            let is_month = MONTHS.iter().any(|month| first.starts_with(month));
            (is_year(first) && second.bytes().all(|b| b.is_ascii_digit()))
                || (is_month && is_year(second))
        }
        _ => false,
    }
}

/// Whether a row sums up others: it begins with a word such as `Total`, and everything else in it is numbers.
pub(crate) fn is_total(row: &StringRecord) -> bool {
    let mut cells = row.iter().map(str::trim).filter(|cell| !cell.is_empty());
    let Some(label) = cells.next() else {
        return false;
    };
    // A row of a register hardly ever gets further than this.
    let may_begin =
        |c: char| !c.is_ascii() || matches!(c, 't' | 'T' | 'g' | 'G' | 's' | 'S' | 'o' | 'O');
    if label.len() > LONGEST_TOTAL || !label.starts_with(may_begin) {
        return false;
    }
    let label = fold(label.trim_end_matches([':', '=', '-', '۔', '.']));
    if !TOTALS.contains(&label.as_str()) {
        return false;
    }
    let mut numbers = 0;
    let all_numbers = cells.inspect(|_| numbers += 1).all(is_number);
    all_numbers && numbers > 0
}

fn is_number(cell: &str) -> bool {
    let cell = ascii_digits(cell);
    cell.bytes().any(|b| b.is_ascii_digit())
        && cell
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b',' | b'.' | b' ' | b'-' | b'%'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(header: &str) -> Option<String> {
        let header = StringRecord::from(header.split(',').collect::<Vec<_>>());
        columns(&header).map(|columns| columns.join(","))
    }

    #[test]
    fn tables_of_numbers_are_told_from_registers() {
        for (header, expected) in [
            ("year,cause,lon,lat,n", Some("year,n")),
            (
                "Year,State_UT,Heroin_Kg,Total_Cases,Total_Arrested",
                Some("Year,Total_Cases"),
            ),
            ("District,2018,2019,2020", Some("2018,2019,2020")),
            ("ضلع,سال,تعداد", Some("سال,تعداد")),
            (
                "District,Jan 2020,Feb 2020,Mar 2020",
                Some("Jan 2020,Feb 2020,Mar 2020"),
            ),
            ("month,longitude,latitude,location,lsoa_code", None),
            ("year,incident_date,narcan_given,n", None),
            ("TYPE,YEAR,MONTH,DAY,HOUR,MINUTE,X,Y,count", None),
            ("FIR No,Year,Total", None),
            ("Crime ID,Month,Crime type,count", None),
            ("2018,2019", None),
        ] {
            assert_eq!(found(header).as_deref(), expected, "{header}");
        }
    }

    fn total(row: &[&str]) -> bool {
        is_total(&StringRecord::from(row.to_vec()))
    }

    #[test]
    fn totals_are_a_word_and_numbers() {
        assert!(total(&["", "Grand Total:", "12", "", "1,250.5"]));
        assert!(total(&["کل", "۱۲"]));
        assert!(total(&["TOTAL", "100%"]));
        assert!(!total(&["Total", "Parco pump, Lahore"]), "a place");
        assert!(!total(&["Total"]), "nothing is summed up");
        assert!(!total(&["12", "Total"]));
        assert!(!total(&["", ""]));
    }
}

//! Files of street crime as the profile `open.police-uk` reads them, for tests that need rows and no place in the world.

use std::fmt::Write as _;

/// The header.
pub const HEADER: &str = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,Last outcome category,Context\n";

/// A row whose month is none: E301.
pub const BAD: &str = "bad,2018-17,WYP,WYP,-1.55,53.80,On or near X,E01,Leeds,Drugs,,\n";

/// A month with as many rows, spread over Leeds and told apart by `mark`.
pub fn file(mark: &str, rows: u32) -> Vec<u8> {
    let mut file = HEADER.to_owned();
    for row in 0..rows {
        let lon = f64::from(row % 400) / 4_000.0 - 1.6;
        // Writing to a text cannot fail.
        let _infallible = writeln!(
            file,
            "{mark}{row},2018-07,WYP,WYP,{lon},53.80,On or near X,E01,Leeds,Drugs,,"
        );
    }
    file.into_bytes()
}

//! Tables of population: `h3,population`, `lon,lat,population` or `district,population`.

use std::collections::HashSet;
use std::fmt::Write as _;

use h3o::{CellIndex, LatLng, Resolution};
use naqsha_ingest::Reference;
use naqsha_layers::{People, Population};
use naqsha_model::Point;

use super::Kind;
use super::fault::{Code, Fault};
use super::spread::Districts;

/// Who lives in which cells, by what the columns of a table say.
///
/// Points are summed to the cells at `resolution`, districts are spread over those. Other columns are not read.
///
/// # Errors
/// The first fault, with its line.
pub(super) fn read(
    text: &str,
    resolution: Resolution,
    reference: &Reference,
) -> Result<(Kind, Vec<(CellIndex, People)>), Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| Fault::of_table(Code::N101, error.to_string());
    let header = reader.headers().map_err(unreadable)?.clone();
    let column = |name: &str| header.iter().position(|column| column == name);
    let Some(population) = column("population") else {
        return Err(Fault::of_table(
            Code::N101,
            "there is no column `population`",
        ));
    };
    let place = match (
        column("h3"),
        column("lon").zip(column("lat")),
        column("district"),
    ) {
        (Some(h3), None, None) => Place::Cell(h3),
        (None, Some((lon, lat)), None) => Place::Point(lon, lat),
        (None, None, Some(district)) => Place::District(district),
        _ => {
            let reason = "beside `population` there is to be `h3`, or `lon` and `lat`, or `district`: one of the three";
            return Err(Fault::of_table(Code::N101, reason));
        }
    };
    let mut rows = Rows {
        resolution,
        reference,
        districts: matches!(place, Place::District(_)).then(|| Districts::of(reference)),
        seen: HashSet::new(),
        seen_districts: HashSet::new(),
        people: Vec::new(),
    };
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |at: usize| record.get(at).unwrap_or_default();
        rows.take(line, &place, &field, people(line, field(population))?)?;
    }
    if rows.people.is_empty() {
        return Err(Fault::of_table(Code::N109, "there are no rows"));
    }
    Ok((place.kind(), rows.people))
}

/// The columns that say where.
enum Place {
    Cell(usize),
    Point(usize, usize),
    District(usize),
}

impl Place {
    const fn kind(&self) -> Kind {
        match self {
            Self::Cell(_) => Kind::Cells,
            Self::Point(..) => Kind::Points,
            Self::District(_) => Kind::Districts,
        }
    }
}

/// What has been read so far.
struct Rows<'a> {
    resolution: Resolution,
    reference: &'a Reference,
    /// Where the table is of districts.
    districts: Option<Districts>,
    /// Cells, or districts by name, which are there once.
    seen: HashSet<CellIndex>,
    seen_districts: HashSet<String>,
    people: Vec<(CellIndex, People)>,
}

impl Rows<'_> {
    fn take<'r>(
        &mut self,
        line: u64,
        place: &Place,
        field: &impl Fn(usize) -> &'r str,
        people: People,
    ) -> Result<(), Fault> {
        match *place {
            Place::Cell(h3) => {
                let cell = cell(line, field(h3))?;
                once(line, cell, self.seen.insert(cell))?;
                self.people.push((cell, people));
            }
            Place::Point(lon, lat) => {
                let at = point(line, field(lon), field(lat))?;
                self.people.push((at.to_cell(self.resolution), people));
            }
            Place::District(district) => {
                let text = field(district);
                let Some(name) = self.reference.district_name(text) else {
                    let reason = format!("{text:?} is no district of the table, or several");
                    return Err(Fault::at(line, Code::N107, reason));
                };
                once(line, name, self.seen_districts.insert(name.to_owned()))?;
                let Some(cells) = self
                    .districts
                    .as_ref()
                    .and_then(|known| known.spread(name, people, self.resolution))
                else {
                    let reason = format!(
                        "no boundary of {name} is imported: naqsha boundaries import FILE.geojson --level district …"
                    );
                    return Err(Fault::at(line, Code::N108, reason));
                };
                self.people.extend(cells);
            }
        }
        Ok(())
    }
}

fn once(line: u64, name: impl std::fmt::Display, is_first: bool) -> Result<(), Fault> {
    if is_first {
        Ok(())
    } else {
        Err(Fault::at(
            line,
            Code::N105,
            format!("{name} is there twice"),
        ))
    }
}

fn cell(line: u64, text: &str) -> Result<CellIndex, Fault> {
    text.parse()
        .map_err(|_invalid| Fault::at(line, Code::N102, format!("{text:?} is not an H3 cell")))
}

fn point(line: u64, lon: &str, lat: &str) -> Result<LatLng, Fault> {
    let degrees = lon.parse().ok().zip(lat.parse().ok());
    let point = degrees.and_then(|(lon, lat)| Point::new(lon, lat).ok());
    point.map(Point::to_lat_lng).ok_or_else(|| {
        let reason = format!("longitude {lon:?} and latitude {lat:?} are no position in degrees");
        Fault::at(line, Code::N106, reason)
    })
}

fn people(line: u64, text: &str) -> Result<People, Fault> {
    let people = text.parse().ok().and_then(People::new);
    people.ok_or_else(|| {
        let reason =
            format!("{text:?} is not a number of people: 0 or more, with a point for fractions");
        Fault::at(line, Code::N104, reason)
    })
}

/// A population as a table of its cells, which [`read`] reads to the same population.
pub(super) fn written(population: &Population) -> String {
    let mut table = String::from("h3,population\n");
    for (cell, people) in population.cells() {
        let (whole, millionths) = (
            people.millionths() / 1_000_000,
            people.millionths() % 1_000_000,
        );
        // Writing to a string cannot fail.
        let _infallible = writeln!(table, "{cell},{whole}.{millionths:06}");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Population, Fault> {
        let (kind, people) = read(text, Resolution::Seven, &Reference::embedded())?;
        Ok(Population::new("2023", kind == Kind::Districts, people)?)
    }

    #[test]
    fn each_fault_has_its_code_and_its_line() {
        for (table, said) in [
            ("h3,people\n", "N101: there is no column `population`"),
            ("h3,district,population\n", "N101: beside"),
            ("lon,population\n", "N101: beside"),
            ("h3,population\nhere,5\n", "N102: line 2"),
            (
                "h3,population\n873daad11ffffff,5\n863daad17ffffff,5\n",
                "N103: cells of resolution 7 and of resolution 6",
            ),
            (
                "h3,population\n823d8ffffffffff,5\n",
                "N103: cells of resolution 2",
            ),
            ("h3,population\n873daad11ffffff,-5\n", "N104: line 2"),
            ("h3,population\n873daad11ffffff,NaN\n", "N104: line 2"),
            ("h3,population\n873daad11ffffff,\"1,000\"\n", "N104: line 2"),
            ("h3,population\n873daad11ffffff,inf\n", "N104: line 2"),
            (
                "h3,population\n873daad11ffffff,1\n873daad11ffffff,2\n",
                "N105: line 3",
            ),
            ("lon,lat,population\n31,95,2\n", "N106: line 2"),
            ("district,population\nAtlantis,2\n", "N107: line 2"),
            ("district,population\nLahore,2\n", "N108: line 2"),
            ("h3,population\n", "N109: there are no rows"),
            ("h3,population\n873daad11ffffff,0\n", "N109: nobody"),
        ] {
            let error = of(table).unwrap_err().to_string();
            assert!(error.starts_with(said), "{table:?}: {error}");
        }
    }

    #[test]
    fn points_are_summed_to_cells_and_what_is_written_reads_as_the_same() {
        let points = "\u{feff}lat, lon ,population,note\n31.55,74.35,0.1,a\n31.55,74.35,0.2,b\n25.4,68.37,1000000,c\n";
        let population = of(points).unwrap();
        assert_eq!(population.cells().len(), 2);
        assert_eq!(population.people().millionths(), 1_000_000_300_000);
        assert_eq!(of(&written(&population)).unwrap(), population);
    }
}

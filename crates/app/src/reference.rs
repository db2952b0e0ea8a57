//! Reference tables of the program: sentences, and study areas, shipped ones and those a deployment added in `DATA/study-areas/`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use geo::MultiPolygon;
use geojson::{FeatureCollection, GeoJson, GeometryValue};
use h3o::{CellIndex, Resolution};
use naqsha_analytics::StudyArea;
use naqsha_layers::{
    Border, Crossing, LabelledPlace, ListedDistrict, NamedArea, Sites, StudyAreas,
};
use naqsha_model::{Metres, Point};
use serde::Deserialize;

use crate::deployment;
/// What sections of law threaten with, edition 1.
pub(crate) const HARM_1: &str = include_str!("../../../data/statutes/harm-1.csv");

const INDEX: &str = include_str!("../../../data/study-areas/index.toml");

/// A shipped file, by its path below `data/`.
fn shipped(path: &str) -> Option<&'static str> {
    Some(match path {
        "study-areas/pakistan.cells.txt" => {
            include_str!("../../../data/study-areas/pakistan.cells.txt")
        }
        "study-areas/west-yorkshire.geojson" => {
            include_str!("../../../data/study-areas/west-yorkshire.geojson")
        }
        "gazetteer/pk_places.csv" => include_str!("../../../data/gazetteer/pk_places.csv"),
        "border-points/border_points.csv" => {
            include_str!("../../../data/border-points/border_points.csv")
        }
        "gazetteer/gb_places.csv" => include_str!("../../../data/gazetteer/gb_places.csv"),
        _ => return None,
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    study_area: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    title: String,
    kind: Kind,
    file: String,
    #[serde(default, rename = "finest")]
    _finest: Option<u8>,
    resolution: u8,
    labels: Option<String>,
    #[serde(default)]
    urdu_labels: bool,
    border: Option<BorderEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BorderEntry {
    crossings: String,
    finest: u8,
    coast: Vec<[f64; 4]>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Cells,
    Polygons,
}

/// Every study area of the deployment: shipped ones, then added ones, which may replace a shipped one.
pub(crate) fn study_areas(data: &Path) -> anyhow::Result<StudyAreas> {
    let mut areas = StudyAreas::default();
    let index: Index = toml::from_str(INDEX).context("reading the shipped study areas")?;
    for entry in index.study_area {
        areas.insert(
            shipped_area(&entry)
                .with_context(|| format!("reading the shipped study area {}", entry.name))?,
        );
    }
    for path in added(data)? {
        areas.insert(added_area(&path).with_context(|| format!("reading {}", path.display()))?);
    }
    Ok(areas)
}

/// The study areas, with where districts and crossing points lie.
pub(crate) fn located_areas(data: &Path) -> anyhow::Result<StudyAreas> {
    let reference = deployment::reference(data)?;
    let named = |sites: Vec<(String, Point, Metres)>| {
        let named = sites
            .into_iter()
            .map(|(name, at, metres)| (name, (at, metres)));
        named.collect()
    };
    Ok(study_areas(data)?.with_sites(Sites {
        districts: named(reference.district_sites()),
        crossings: named(reference.crossing_sites()),
        listed: reference
            .listed_districts()
            .into_iter()
            .map(|(name, code, province)| (name, ListedDistrict { code, province }))
            .collect(),
    }))
}

fn shipped_area(entry: &Entry) -> anyhow::Result<NamedArea> {
    let text = shipped(&entry.file).with_context(|| format!("{} does not ship", entry.file))?;
    let area = match entry.kind {
        Kind::Cells => StudyArea::from_cells(cell_list(text)?)?,
        Kind::Polygons => StudyArea::from_polygons(polygons(text)?)?,
    };
    let places = match entry
        .labels
        .as_deref()
        .map(|file| shipped(file).context("labels do not ship"))
    {
        Some(text) => places(text?, entry.urdu_labels)?,
        None => Vec::new(),
    };
    let resolution = Resolution::try_from(entry.resolution)?;
    let area = NamedArea::new(&entry.name, &entry.title, resolution, area).with_places(places);
    Ok(match &entry.border {
        Some(border) => area.with_border(border_of(border)?),
        None => area,
    })
}

fn border_of(entry: &BorderEntry) -> anyhow::Result<Border> {
    let text = shipped(&entry.crossings).context("crossings do not ship")?;
    Ok(Border {
        finest: Resolution::try_from(entry.finest)?,
        coast: entry.coast.clone(),
        crossings: crossings(text)?,
    })
}

/// The crossings on land of which it is known where they are.
fn crossings(text: &str) -> anyhow::Result<Vec<Crossing>> {
    #[derive(Deserialize)]
    struct Row {
        name: String,
        r#type: String,
        lat: Option<f64>,
        lon: Option<f64>,
    }
    let mut found = Vec::new();
    for row in csv::Reader::from_reader(text.as_bytes()).into_deserialize() {
        let row: Row = row.context("reading crossings")?;
        let on_land = matches!(row.r#type.as_str(), "land" | "rail" | "dry_port");
        let place = row.lon.zip(row.lat).filter(|_| on_land);
        found.extend(place.map(|(lon, lat)| Crossing {
            name: row.name,
            lon,
            lat,
        }));
    }
    Ok(found)
}

fn cell_list(text: &str) -> anyhow::Result<Vec<CellIndex>> {
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            line.parse::<CellIndex>()
                .with_context(|| format!("{line:?} is not a cell"))
        })
        .collect()
}

/// All polygons of a GeoJSON text, whatever it wraps them in.
pub(crate) fn polygons(text: &str) -> anyhow::Result<MultiPolygon<f64>> {
    let features = match text.parse::<GeoJson>().context("reading GeoJSON")? {
        GeoJson::FeatureCollection(collection) => collection,
        GeoJson::Feature(feature) => FeatureCollection::new(vec![feature]),
        GeoJson::Geometry(geometry) => {
            FeatureCollection::new(vec![geojson::Feature::from(geometry)])
        }
    };
    let mut all = Vec::new();
    for geometry in features
        .features
        .into_iter()
        .filter_map(|feature| feature.geometry)
    {
        match geometry.value {
            GeometryValue::Polygon { .. } => all.push(geo::Polygon::try_from(geometry)?),
            GeometryValue::MultiPolygon { .. } => all.extend(MultiPolygon::try_from(geometry)?.0),
            _ => bail!("a study area is made of polygons; this geometry is not one"),
        }
    }
    if all.is_empty() {
        bail!("there is no polygon in it");
    }
    Ok(MultiPolygon(all))
}

fn places(text: &str, urdu: bool) -> anyhow::Result<Vec<LabelledPlace>> {
    #[derive(Deserialize)]
    struct Row {
        name: String,
        latitude: f64,
        longitude: f64,
        population: u64,
        alternatenames: String,
    }
    let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize();
    rows.map(|row| {
        let row: Row = row.context("reading places")?;
        Ok(LabelledPlace {
            name_ur: urdu_name(&row.alternatenames).filter(|_name| urdu),
            name: row.name,
            lon: row.longitude,
            lat: row.latitude,
            population: row.population,
        })
    })
    .collect()
}

/// Alternate names carry no language; of those in Urdu letters, one with the plain ہ is preferred to a spelling with ھ, which
/// Urdu keeps for aspirated consonants.
fn urdu_name(alternates: &str) -> Option<String> {
    let urdu = || alternates.split('|').filter(|name| is_urdu(name));
    let plain = urdu().find(|name| !name.contains('ھ'));
    plain.or_else(|| urdu().next()).map(str::to_owned)
}

/// Urdu writes ک, ی, ہ, ے where Arabic writes ك, ي, ه; a name with a letter of another alphabet is not Urdu.
fn is_urdu(name: &str) -> bool {
    const URDU: &str = "ءآأؤئابپتٹثجچحخدڈذرڑزژسشصضطظعغفقکگلمنںوہھیےۂۃ ";
    !name.trim().is_empty() && name.chars().all(|letter| URDU.contains(letter))
}

fn folder(data: &Path) -> PathBuf {
    data.join("study-areas")
}

/// The GeoJSON files that a deployment added, by name.
fn added(data: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let folder = folder(data);
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "geojson")
    });
    paths.sort();
    Ok(paths)
}

fn added_area(path: &Path) -> anyhow::Result<NamedArea> {
    let name = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .context("the file name is not text")?;
    let area = StudyArea::from_polygons(polygons(&std::fs::read_to_string(path)?)?)?;
    let resolution = default_resolution(&area);
    Ok(NamedArea::new(name, name, resolution, area))
}

/// The finest resolution at which the area has at most this many cells: enough to show a pattern, few enough to read.
const READABLE_CELLS: usize = 5_000;

fn default_resolution(area: &StudyArea) -> Resolution {
    let readable = |resolution: &Resolution| {
        area.cells(*resolution)
            .is_ok_and(|cells| cells.len() <= READABLE_CELLS)
    };
    Resolution::range(Resolution::Three, Resolution::Nine)
        .take_while(readable)
        .fold(Resolution::Three, |_coarser, finer| finer)
}

/// Checks a GeoJSON file and keeps it under a name.
pub(crate) fn add_study_area(data: &Path, name: &str, file: &Path) -> anyhow::Result<()> {
    let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(letters) {
        bail!(crate::exit::Usage(format!(
            "{name:?} is not a name of lower-case letters, digits and hyphens"
        )));
    }
    let text =
        std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let area = StudyArea::from_polygons(polygons(&text)?)?;
    if area
        .cells(Resolution::Nine)
        .is_ok_and(|cells| cells.is_empty())
    {
        bail!(crate::exit::Usage(
            "the area is smaller than a cell at resolution 9".to_owned()
        ));
    }
    let folder = folder(data);
    std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let target = folder.join(format!("{name}.geojson"));
    let partial = folder.join(format!("{name}.partial"));
    std::fs::write(&partial, text).with_context(|| format!("writing {}", partial.display()))?;
    std::fs::rename(&partial, &target).with_context(|| format!("renaming to {}", target.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_areas_read_and_pakistan_has_its_cells() {
        let areas = study_areas(Path::new("no-such-folder")).unwrap();
        let names: Vec<_> = areas.iter().map(|area| area.name.as_str()).collect();
        assert_eq!(names, ["pakistan", "west-yorkshire"]);
        let lahore = areas
            .get("pakistan")
            .unwrap()
            .places
            .iter()
            .find(|place| place.name == "Lahore")
            .unwrap();
        assert_eq!(lahore.name_ur.as_deref(), Some("لاہور"));
    }

    #[test]
    fn a_geometry_that_is_not_a_polygon_is_refused() {
        assert!(polygons(r#"{"type":"Point","coordinates":[74.0,31.0]}"#).is_err());
        assert!(polygons("{}").is_err());
    }
}

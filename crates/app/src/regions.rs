//! The deployment's boundaries as areas of cells, by the names that records have of them.

use std::collections::BTreeMap;
use std::path::Path;

use geo::MultiPolygon;
use naqsha_analytics::StudyArea;
use naqsha_ingest::{BoundaryLevel, Reference};
use naqsha_layers::{Deployment, Regions};

use crate::stats::harm::sentences;
use crate::{boundaries, population};

/// The area of each district that has a boundary; of a district that was cut up, that of its parts where all have one.
pub(crate) fn districts(reference: &Reference) -> BTreeMap<String, StudyArea> {
    let mut shapes: BTreeMap<&str, MultiPolygon<f64>> = BTreeMap::new();
    for unit in reference.units(BoundaryLevel::District) {
        let Some(district) = unit.district else {
            continue;
        };
        // Two units of one name: a district, and one that was split off it since.
        let shape = shapes.entry(district).or_insert(MultiPolygon(Vec::new()));
        shape.0.extend(unit.shape.iter().cloned());
    }
    for (former, parts) in reference.former_districts() {
        let parts: Option<Vec<_>> = parts.iter().map(|part| shapes.get(part)).collect();
        if let Some(parts) = parts
            && !shapes.contains_key(former)
        {
            let whole = parts.into_iter().flatten().cloned().collect();
            shapes.insert(former, whole);
        }
    }
    let area = |(name, shape): (&str, MultiPolygon<f64>)| {
        Some((name.to_owned(), StudyArea::from_polygons(shape).ok()?))
    };
    shapes.into_iter().filter_map(area).collect()
}

/// The districts and tehsils that have boundaries, as layers take them.
fn regions(reference: &Reference) -> Regions {
    let mut regions = Regions::default();
    for (name, area) in districts(reference) {
        regions.insert_district(&name, area);
    }
    for unit in reference.units(BoundaryLevel::Tehsil) {
        let area = StudyArea::from_polygons(unit.shape.clone());
        if let (Some(district), Ok(area)) = (unit.district, area) {
            regions.insert_tehsil(district, unit.name, area);
        }
    }
    regions
}

/// What the deployment of a folder brought beside its records; nothing is read before it is needed.
pub(crate) fn deployment(data: &Path) -> Deployment {
    let (people, areas) = (data.to_owned(), data.to_owned());
    Deployment::new(
        move || population::latest(&people).map_err(|error| format!("{error:#}")),
        move || {
            let reference = boundaries::add_to(Reference::embedded(), &areas);
            let reference = reference.map_err(|error| format!("{error:#}"))?;
            Ok(regions(&reference))
        },
    )
    .with_sentences(sentences::embedded())
}

#[cfg(test)]
mod tests {
    use super::*;
    use naqsha_ingest::Boundaries;

    #[test]
    fn a_district_cut_up_is_its_parts_and_one_split_off_belongs_to_the_one_it_was_of() {
        let square = |name: &str, west: i32| {
            let (east, west) = (west + 1, west);
            format!(
                r#"{{"type":"Feature","properties":{{"d":"{name}"}},"geometry":{{"type":"Polygon",
                "coordinates":[[[{west},31],[{east},31],[{east},32],[{west},32],[{west},31]]]}}}}"#
            )
        };
        let squares = [
            "Upper Chitral",
            "Lower Chitral",
            "Karachi West",
            "Keamari",
            "Atlantis",
        ];
        let features: Vec<String> = (70..)
            .zip(squares)
            .map(|(west, name)| square(name, west))
            .collect();
        let text = format!(
            r#"{{"type":"FeatureCollection","features":[{}]}}"#,
            features.join(",")
        );
        let reference = Reference::embedded();
        let level = BoundaryLevel::District;
        let boundaries = Boundaries::parse(&text, level, "d", None, &reference).unwrap();
        let areas = districts(&reference.with_boundaries(boundaries));
        let names: Vec<&str> = areas.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["Chitral", "Chitral Lower", "Chitral Upper", "West Karachi"]
        );
        let cells = |name: &str| areas[name].cells(h3o::Resolution::Six).unwrap().len();
        assert_eq!(
            cells("Chitral"),
            cells("Chitral Lower") + cells("Chitral Upper")
        );
        assert!(cells("West Karachi") > cells("Chitral Upper") * 3 / 2);
    }
}

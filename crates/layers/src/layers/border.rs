//! `border`: what is near the border on land.

use naqsha_analytics::{Points, nearest_of};
use naqsha_model::{Category, CategorySet};
use naqsha_store::Filter;

use crate::border::Border;
use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::layers::directions::Directions;
use crate::layers::occupied::{Columns, Occupied};
use crate::layers::properties::H3;
use crate::layers::tally::{COUNTED_BASES, filter, tally, tally_of};
use crate::parameters::{OF_COUNTS, Parameter, joined};
use crate::table::{Fact, Metadata, Values};

/// Cells near the border on land.
pub(crate) struct OnLand;

pub(crate) static BORDER: LayerDescription = LayerDescription {
    id: "border",
    title: "Near the border on land",
    description: "Records near the border on land: H3 cells that hold one and whose centre is at most within_km (50 if not asked) from the study \
                  area's edge on land, with their counts by category, the distance, and the nearest named crossing whose place is \
                  known. The edge is that of the study area, an analysis mask and no statement about boundaries; it is known to a \
                  cell of resolution 7, some two kilometres, and its coast is left out. Crossings without coordinates in the table of \
                  border points are not among the nearest. A study area that is no country has no border and no features. Inbound, outbound and through are told \
                  of records whose route states an end abroad; where more than 200,000 records match they are null.",
    keywords: &["crime", "border", "crossing", "trafficking", "H3"],
    reference: "Karney, C. F. F. (2013), Journal of Geodesy 87, doi:10.1007/s00190-012-0578-z (distances); table of border points, data/PROVENANCE.csv",
    properties: &PROPERTIES,
    parameters: &PARAMETERS,
    default: false,
    over_cells: true,
};

static PARAMETERS: [Parameter; 12] = joined(&[&OF_COUNTS, &[Parameter::WithinKm]]);

const fn count(name: (&'static str, &'static str), description: &'static str) -> Property {
    Property::of(name, PropertyKind::Integer, Some("records"), description)
}

static PROPERTIES: [Property; 13] = [
    H3,
    count(("n", "Records"), "Records in the cell."),
    count(("tf", "Terror financing"), "Of them, terror financing."),
    count(("dt", "Drug trafficking"), "Of them, drug trafficking."),
    count(("ht", "Human trafficking"), "Of them, human trafficking."),
    count(("cy", "Cybercrime"), "Of them, cybercrime."),
    count(("adj", "Adjacent crime"), "Of them, adjacent crimes."),
    count(
        ("inbound", "Inbound"),
        "Of all, those whose route starts abroad and states no end abroad.",
    ),
    count(
        ("outbound", "Outbound"),
        "Of all, those whose route ends abroad and states no start abroad.",
    ),
    count(
        ("through", "Through"),
        "Of all, those whose route starts and ends abroad.",
    ),
    Property::of(
        ("distance_km", "Distance"),
        PropertyKind::Number,
        Some("km"),
        "From the cell's centre to the edge of the study area on land.",
    ),
    Property::of(
        ("crossing", "Nearest crossing"),
        PropertyKind::Text,
        None,
        "Name of the nearest crossing on land whose place is known.",
    ),
    Property::of(
        ("crossing_km", "Distance of the crossing"),
        PropertyKind::Number,
        Some("km"),
        "From the cell's centre to it, as the crow flies.",
    ),
];

impl Layer for OnLand {
    fn describe(&self) -> &'static LayerDescription {
        &BORDER
    }

    fn compute(&self, question: &Question<'_>) -> Result<Computed, LayerError> {
        let occupied = Occupied::of(question, tally(question, Some(&COUNTED_BASES))?)?;
        let near = Near::of(question, &occupied)?;
        let within = |at: &usize| near.edge[*at].is_some_and(|km| km <= question.query.within_km);
        let kept: Vec<usize> = occupied.kept(question).into_iter().filter(within).collect();
        let by_category = by_category(question, &occupied)?;
        let cells: Vec<_> = kept.iter().map(|&at| occupied.tally.cells[at]).collect();
        let directions = Directions::of(question, &cells, question.resolution)?;
        let led = |of: fn(&Directions) -> &Vec<u64>| {
            let counts = directions.as_ref().map(of);
            let count = |row: usize| i64::try_from(*counts?.get(row)?).ok();
            Values::Integers((0..kept.len()).map(count).collect())
        };
        let of = Columns(&kept);
        let counted =
            |category: usize| of.integers(|at| Some(u64::from(by_category[category][at])));
        let columns = [
            of.cells(&occupied),
            of.counts(&occupied),
            counted(0),
            counted(1),
            counted(2),
            counted(3),
            counted(4),
            led(|of| &of.inbound),
            led(|of| &of.outbound),
            led(|of| &of.through),
            of.numbers(|at| near.edge[at]),
            of.texts(|at| Some(near.crossing[at].as_ref()?.0.clone())),
            of.numbers(|at| Some(near.crossing[at].as_ref()?.1)),
        ];
        let metadata = Metadata {
            statistics: vec![
                ("within_km", Fact::Number(Some(question.query.within_km))),
                ("outline_cells", Fact::Count(near.outline)),
                ("crossings", Fact::Count(near.crossings)),
            ],
            ..occupied.metadata(question)
        };
        Ok(occupied.table(&BORDER, &kept, columns, metadata))
    }
}

/// Records of each cell by category: the four, and adjacent crimes together.
fn by_category(question: &Question<'_>, occupied: &Occupied) -> Result<Vec<Vec<u32>>, LayerError> {
    let four = [0, 1, 2, 3].map(|index| {
        let category = Category::from_index(index);
        category.map_or(CategorySet::NONE, |category| {
            CategorySet::NONE.with(category)
        })
    });
    let adjacent = CategorySet::ALL.iter().filter(|of| of.index() > 3);
    let adjacent = adjacent.fold(CategorySet::NONE, CategorySet::with);
    let sets = four.into_iter().chain([adjacent]);
    let asked: Vec<u8> = question
        .query
        .categories
        .iter()
        .map(Category::index)
        .collect();
    sets.map(|set| {
        let wanted = set.iter().filter(|of| asked.contains(&of.index()));
        let categories = wanted.fold(CategorySet::NONE, CategorySet::with);
        let filter = Filter {
            categories,
            ..filter(question.query)
        };
        let tally = tally_of(question, Some(&COUNTED_BASES), filter)?;
        let cells = &occupied.tally.cells;
        let mut counts = vec![0; cells.len()];
        for (cell, count) in tally.cells.iter().zip(tally.counts) {
            if let Ok(at) = cells.binary_search(cell) {
                counts[at] = count;
            }
        }
        Ok(counts)
    })
    .collect()
}

/// How far each cell is from the edge on land, and from which crossing.
struct Near {
    edge: Vec<Option<f64>>,
    crossing: Vec<Option<(String, f64)>>,
    outline: u64,
    crossings: u64,
}

impl Near {
    fn of(question: &Question<'_>, occupied: &Occupied) -> Result<Self, LayerError> {
        let centres = occupied.centres();
        let Some(border) = &question.area.border else {
            return Ok(Self {
                edge: vec![None; centres.len()],
                crossing: vec![None; centres.len()],
                outline: 0,
                crossings: 0,
            });
        };
        let outline = border.outline(&question.area.grid(border.finest)?.cells);
        let crossings: Vec<[f64; 2]> = border.crossings.iter().map(|of| [of.lon, of.lat]).collect();
        let edge = nearest(&centres, &outline)?;
        let crossing = nearest(&centres, &crossings)?;
        let named = |found: Option<(usize, f64)>| name(border, found?);
        Ok(Self {
            edge: edge.into_iter().map(|found| Some(found?.1)).collect(),
            crossing: crossing.into_iter().map(named).collect(),
            outline: outline.len() as u64,
            crossings: crossings.len() as u64,
        })
    }
}

fn name(border: &Border, (at, km): (usize, f64)) -> Option<(String, f64)> {
    Some((border.crossings.get(at)?.name.clone(), km))
}

/// The nearest of some places to each centre, in kilometres.
fn nearest(
    centres: &[[f64; 2]],
    places: &[[f64; 2]],
) -> Result<Vec<Option<(usize, f64)>>, LayerError> {
    let list = [centres, places].concat();
    let found = nearest_of(Points::LonLat(&list), centres.len());
    let found = found.map_err(|error| LayerError::Statistic(error.to_string()))?;
    let km = |(at, metres): (usize, f64)| (at, metres / 1_000.0);
    Ok(found.into_iter().map(|found| found.map(km)).collect())
}

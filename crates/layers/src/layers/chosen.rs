//! Records that a filter chooses or that are sorted: what the index knows is decided there, for the rest each record is
//! looked into, once for a version.

use std::sync::Arc;

use naqsha_model::{Basis, CategorySet, Precision, RecordStage};
use naqsha_store::{Filter, Page, RecordPlace};

use crate::error::LayerError;
use crate::filter::{Implied, Predicate};
use crate::layer::Question;
use crate::layers::incidents::table;
use crate::page::{SortValue, sort, sort_values};

/// Most records that are looked into for one question: some seconds of one processor.
pub(crate) const MOST_LOOKED_INTO: usize = 2_000_000;
/// Records that are in memory at a time.
const CHUNK: usize = 8_192;

/// Which records a question chooses, in its order.
pub(crate) type Chosen = Arc<Vec<RecordPlace>>;

/// Narrows a filter to what a predicate says of properties that the index knows; returns whether it says nothing else.
pub(crate) fn narrow(filter: &mut Filter<'_>, predicate: &Predicate) -> bool {
    let (implied, mut whole) = predicate.implied();
    for Implied { property, texts } in implied {
        match property {
            "category" => {
                let sets = texts.iter().filter_map(|text| {
                    let set = CategorySet::parse(text).ok()?;
                    // `ADJ/OT` is a category of parameters, not a value of the property.
                    (!text.contains('/')).then_some(set)
                });
                let asked = sets.fold(CategorySet::NONE, CategorySet::union);
                filter.categories = filter.categories.intersection(asked);
            }
            "stage" => restrict(&mut filter.stages, &known(&texts, RecordStage::parse)),
            "basis" => restrict(&mut filter.bases, &known(&texts, Basis::parse)),
            "precision" => restrict(&mut filter.precisions, &known(&texts, Precision::parse)),
            "agency" => restrict(&mut filter.agencies, &texts),
            _ => whole = false,
        }
    }
    whole
}

fn known<T, E>(texts: &[String], parse: impl Fn(&str) -> Result<T, E>) -> Vec<T> {
    texts.iter().filter_map(|text| parse(text).ok()).collect()
}

fn restrict<T: Clone + PartialEq>(list: &mut Option<Vec<T>>, to: &[T]) {
    *list = Some(match list.take() {
        None => to.to_vec(),
        Some(before) => before
            .into_iter()
            .filter(|member| to.contains(member))
            .collect(),
    });
}

/// The page of the records that pass one of the filters, of which none passes two, and of which the predicate is true, sorted as asked.
pub(crate) fn chosen(question: &Question<'_>, filters: &[Filter<'_>]) -> Result<Page, LayerError> {
    let page = question.page;
    let key = format!(
        "{}|{:?}|{:?}|{:?}|{}|{:?}|{:?}",
        question.snapshot.version(),
        question.scope,
        question.query,
        page.bbox,
        page.located,
        page.sort,
        page.filter.as_ref().map(|predicate| predicate.key()),
    );
    let choose = || choose(question, filters).map(Arc::new);
    let chosen = question.chosen.try_get_with(key, choose);
    let chosen = chosen.map_err(Arc::unwrap_or_clone)?;
    let skip = usize::try_from(page.offset).unwrap_or(usize::MAX);
    let from = chosen.get(skip..).unwrap_or_default();
    let wanted = from.get(..page.limit).unwrap_or(from);
    Ok(Page {
        rows: question.snapshot.rows_at(wanted)?,
        matched: chosen.len() as u64,
    })
}

fn choose(question: &Question<'_>, filters: &[Filter<'_>]) -> Result<Vec<RecordPlace>, LayerError> {
    let page = question.page;
    let places = question.snapshot.places(filters)?;
    if places.len() > MOST_LOOKED_INTO {
        let parameter = if page.filter.is_some() {
            "filter"
        } else {
            "sortby"
        };
        return Err(LayerError::of_parameter(
            parameter,
            format!(
                "asks to look into {} records, the most are {MOST_LOOKED_INTO}: narrow the question by category, stage, \
                 agency, datetime or bbox",
                places.len()
            ),
        ));
    }
    let mut kept: Vec<(Vec<SortValue>, RecordPlace)> = Vec::new();
    for some in places.chunks(CHUNK) {
        let records = question.snapshot.rows_at(some)?;
        let table = table(&records, question.scope, question.snapshot.version());
        for (row, &place) in some.iter().enumerate() {
            if page
                .filter
                .as_ref()
                .is_none_or(|filter| filter.admits(&table, row))
            {
                kept.push((sort_values(&page.sort, &table, row), place));
            }
        }
    }
    sort(&page.sort, &mut kept);
    Ok(kept.into_iter().map(|(_, place)| place).collect())
}

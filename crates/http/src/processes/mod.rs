//! OGC API - Processes 1.0 (18-062r2): each layer that computes is a process whose inputs are the layer's parameters and
//! whose one output is its features; an execution is answered at once or becomes a job.

mod describe;
mod execute;
mod jobs;

pub(crate) use describe::{description, list};
pub(crate) use execute::{LONGEST_BODY, execute, prefers_to_go_on};
pub(crate) use jobs::{
    Jobs, dismiss, errors, events, job, jobs, new_id, not_ready, passing, results,
};

use naqsha_layers::{Catalogue, LayerDescription};

use crate::problem::{Kind, Problem};

/// Name of the one output.
const OUTPUT: &str = "features";

/// The process of a name: layers over cells are, records are not computed.
///
/// # Errors
/// 404 with the type that the standard asks for.
fn process(catalogue: &Catalogue, id: &str) -> Result<&'static LayerDescription, Problem> {
    processes(catalogue)
        .find(|layer| layer.id == id)
        .ok_or_else(|| Problem::new(Kind::NoSuchProcess, "There is no such process."))
}

fn processes(catalogue: &Catalogue) -> impl Iterator<Item = &'static LayerDescription> {
    let layers = catalogue.descriptions().iter().copied();
    layers.filter(|layer| layer.over_cells)
}

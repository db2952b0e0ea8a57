//! `naqsha export`: a layer to a file, the same numbers as over HTTP.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use naqsha_http::{geojson, write_csv};
use naqsha_layers::{Answer, BoundingBox, Catalogue, LayerError, LayerQuery, Page, Role, Scope};

use super::{Context, print_line};
use crate::exit::Usage;
use crate::{reference, regions};

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Layer to write.
    layer: String,
    /// Layer parameter, repeatable; also bbox=west,south,east,north.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
    /// Format of the file.
    #[arg(long, value_enum, default_value_t = Format::Geojson)]
    format: Format,
    /// File to write.
    #[arg(long)]
    out: PathBuf,
    /// Write what this role would see instead of everything.
    #[arg(long = "as", value_enum, value_name = "ROLE")]
    role: Option<AsRole>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// RFC 7946 feature collection.
    Geojson,
    /// RFC 8142 GeoJSON text sequence.
    Geojsonseq,
    /// Comma-separated values with lon, lat of the cell's centre.
    Csv,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum AsRole {
    Public,
    Analyst,
}

pub(super) async fn run(context: &Context, args: ExportArgs) -> anyhow::Result<()> {
    let store = context.open_store().await?;
    let catalogue = Catalogue::new(
        store,
        reference::located_areas(&context.data)?,
        context.config.defaults()?,
    )
    .with_deployment(regions::deployment(&context.data));
    let role = match args.role {
        None => Role::Operator,
        Some(AsRole::Analyst) => Role::Analyst,
        Some(AsRole::Public) => Role::Public,
    };
    let (query, page) = question(&catalogue, &args)?;
    let answer = tokio::task::block_in_place(|| {
        catalogue.answer(&args.layer, &query, Scope::of(role), &page)
    })?;
    write(&args, &answer)?;
    let written = answer.rows.len();
    if context.json {
        let done = serde_json::json!({ "out": args.out, "features": written, "data_version": answer.version });
        return print_line(&done.to_string());
    }
    print_line(&format!(
        "{written} features of {} in {}",
        args.layer,
        args.out.display()
    ))
}

fn question(catalogue: &Catalogue, args: &ExportArgs) -> anyhow::Result<(LayerQuery, Page)> {
    let layer = catalogue.describe(&args.layer)?;
    let mut page = Page::ALL;
    let mut pairs = Vec::new();
    for param in &args.params {
        let pair = param
            .split_once('=')
            .ok_or_else(|| Usage(format!("--param {param:?} is not NAME=VALUE")))?;
        match pair {
            ("bbox", corners) => page.bbox = Some(bounding_box(corners)?),
            pair => pairs.push(pair),
        }
    }
    let query = LayerQuery::parse(layer, pairs).map_err(LayerError::Parameters)?;
    Ok((query, page))
}

fn bounding_box(text: &str) -> anyhow::Result<BoundingBox> {
    let not_four = || Usage(format!("bbox {text:?} is not four numbers"));
    let numbers: Result<Vec<f64>, _> = text
        .split(',')
        .map(|number| number.trim().parse())
        .collect();
    let numbers = numbers.map_err(|_number| not_four())?;
    let corners = <[f64; 4]>::try_from(numbers).map_err(|_count| not_four())?;
    BoundingBox::new(corners).map_err(|error| Usage(error.to_string()).into())
}

/// Writes beside the target and renames, so that a file under the asked name is always whole.
fn write(args: &ExportArgs, answer: &Answer) -> anyhow::Result<()> {
    let partial = args.out.with_extension("partial");
    let file = File::create(&partial).with_context(|| format!("creating {}", partial.display()))?;
    let mut out = BufWriter::new(file);
    match args.format {
        Format::Geojson => geojson::write_collection(answer, &[], &mut out),
        Format::Geojsonseq => geojson::write_sequence(answer, &mut out),
        Format::Csv => write_csv(answer, &mut out),
    }
    .and_then(|()| out.flush())
    .with_context(|| format!("writing {}", partial.display()))?;
    std::fs::rename(&partial, &args.out)
        .with_context(|| format!("renaming to {}", args.out.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_four_numbers_and_nothing_else() {
        assert!(bounding_box("74, 31, 75, 32").is_ok());
        for wrong in ["74,31,75", "74,31,x,75,32", "74,33,75,32", ""] {
            assert!(bounding_box(wrong).is_err(), "{wrong:?}");
        }
    }
}

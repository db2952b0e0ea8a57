//! `naqsha export`: a layer to a file, the same numbers as over HTTP.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use naqsha_http::{Crs, FileFormat, Pages, TableWriter};
use naqsha_layers::{Answer, BoundingBox, Catalogue, LayerError, LayerQuery, Page, Scope};
use naqsha_model::{AuditAction, Role};

use super::{Context, print_line};
use crate::exit::Usage;
use crate::{clock, reference, regions};

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Layer to write.
    layer: String,
    /// Layer parameter, repeatable; also bbox=west,south,east,north, and crs=EPSG:N for the coordinates written.
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
    /// A GeoJSON feature a line.
    Ndjson,
    /// Comma-separated values with lon, lat of the cell's centre.
    Csv,
    /// The same with the byte order mark by which Excel knows UTF-8.
    CsvBom,
    #[value(help = "GeoParquet 1.1")]
    Parquet,
    #[value(help = "FlatGeobuf with its index")]
    Fgb,
    /// Arrow IPC stream.
    Arrow,
}

impl Format {
    const fn file(self) -> FileFormat {
        match self {
            Self::Geojson => FileFormat::GeoJson,
            Self::Geojsonseq => FileFormat::GeoJsonSequence,
            Self::Ndjson => FileFormat::NdJson,
            Self::Csv => FileFormat::Csv,
            Self::CsvBom => FileFormat::CsvWithMark,
            Self::Parquet => FileFormat::GeoParquet,
            Self::Fgb => FileFormat::FlatGeobuf,
            Self::Arrow => FileFormat::Arrow,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum AsRole {
    Public,
    Analyst,
}

pub(super) async fn run(context: &Context, args: ExportArgs) -> anyhow::Result<()> {
    let store = context.open_store().await?;
    let catalogue = Catalogue::new(
        store.clone(),
        reference::located_areas(&context.data)?,
        context.config.defaults()?,
    )
    .with_deployment(regions::deployment(&context.data));
    let role = match args.role {
        None => Role::Operator,
        Some(AsRole::Analyst) => Role::Analyst,
        Some(AsRole::Public) => Role::Public,
    };
    let asked = question(&catalogue, &args, Scope::of(role))?;
    let done = tokio::task::block_in_place(|| write(context, &catalogue, &args, asked))?;
    let Written {
        partial,
        features: written,
        version,
    } = done;
    // The file has its name once the log tells of it: what cannot be recorded is not given out.
    let resource = format!("layer:{}", args.layer);
    let told = Context::by().did(AuditAction::Download, resource, clock::now());
    let recorded = store.audit(&[told.about(Some(written), version)]).await;
    if recorded.is_err() {
        // Where it cannot be removed either, the error below is the one to mend.
        drop(std::fs::remove_file(&partial));
    }
    recorded.context("writing to the audit log")?;
    std::fs::rename(&partial, &args.out)
        .with_context(|| format!("renaming to {}", args.out.display()))?;
    if context.json {
        let done =
            serde_json::json!({ "out": args.out, "features": written, "data_version": version });
        return print_line(&done.to_string());
    }
    print_line(&format!(
        "{written} features of {} in {}",
        args.layer,
        args.out.display()
    ))
}

/// What is asked of a layer, and the system of the coordinates written.
struct Asked {
    pages: Pages,
    crs: Crs,
}

fn question(catalogue: &Catalogue, args: &ExportArgs, scope: Scope) -> anyhow::Result<Asked> {
    let layer = catalogue.describe(&args.layer)?;
    let (mut page, mut crs) = (Page::ALL, Crs::default());
    let mut pairs = Vec::new();
    for param in &args.params {
        let pair = param
            .split_once('=')
            .ok_or_else(|| Usage(format!("--param {param:?} is not NAME=VALUE")))?;
        match pair {
            ("bbox", corners) => page.bbox = Some(bounding_box(corners)?),
            ("crs", name) => crs = system(name)?,
            pair => pairs.push(pair),
        }
    }
    let query = LayerQuery::parse(layer, pairs).map_err(LayerError::Parameters)?;
    let pages = Pages::new(layer, query, scope, page);
    Ok(Asked { pages, crs })
}

fn system(name: &str) -> anyhow::Result<Crs> {
    Crs::parse(name).ok_or_else(|| {
        let offered = Crs::ALL.map(|crs| match crs.epsg() {
            Some(code) => format!("EPSG:{code}"),
            None => "CRS84".to_owned(),
        });
        Usage(format!("crs {name:?} is not one of {}", offered.join(", "))).into()
    })
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

/// A file that is whole and has not got its name yet.
struct Written {
    partial: PathBuf,
    features: u64,
    version: u64,
}

/// Writes beside the target, which is renamed to, so that a file under the asked name is always whole.
fn write(
    context: &Context,
    catalogue: &Catalogue,
    args: &ExportArgs,
    asked: Asked,
) -> anyhow::Result<Written> {
    let Asked { mut pages, crs } = asked;
    let first = pages.first(catalogue)?;
    let partial = args.out.with_extension("partial");
    let file = File::create(&partial).with_context(|| format!("creating {}", partial.display()))?;
    let version = first.version;
    let out = BufWriter::new(file);
    let writer = TableWriter::begin(args.format.file(), &first, crs, Some(&context.data), out);
    let features = writer
        .map_err(anyhow::Error::from)
        .and_then(|writer| rows(&mut pages, catalogue, first, writer))
        .with_context(|| format!("writing {}", partial.display()))?;
    Ok(Written {
        partial,
        features,
        version,
    })
}

/// Writes page after page, so that records are never all in memory.
fn rows(
    pages: &mut Pages,
    catalogue: &Catalogue,
    first: Answer,
    mut writer: TableWriter<BufWriter<File>>,
) -> anyhow::Result<u64> {
    let mut answer = first;
    let mut written = 0;
    loop {
        writer.write(&answer)?;
        written += answer.rows.len() as u64;
        match pages.after(&answer, catalogue)? {
            Some(next) => answer = next,
            None => break,
        }
    }
    writer.finish()?;
    Ok(written)
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

//! `FlatGeobuf` 3 with its packed Hilbert R-tree, so that a reader fetches a region of a file by ranges.
//!
//! Features lie in the order of the tree. The tables, the sort and the tree are those of the `flatgeobuf` crate; its
//! writer is not used: it has no null geometry and a temporary file for each page.

use std::io::{Read, Seek, SeekFrom, Write};

use flatbuffers::{FlatBufferBuilder, WIPOffset};
use flatgeobuf::packed_r_tree::{NodeItem, PackedRTree, calc_extent, hilbert_sort};
use flatgeobuf::{
    Column, ColumnArgs, ColumnType, CrsArgs, Feature, FeatureArgs, Geometry, GeometryArgs,
    GeometryType, Header, HeaderArgs,
};
use naqsha_layers::{Answer, Column as LayerColumn, Property, PropertyKind, Values};

use crate::crs::Crs;
use crate::error::FormatError;
use crate::key::key;
use crate::shape::{Shape, shape};

/// The format's signature, version 3.
const MAGIC: [u8; 8] = *b"fgb\x03fgb\x00";
/// Children of a node of the tree.
const NODE_SIZE: u16 = 16;

/// Writes an answer as one `FlatGeobuf` file, by way of memory.
///
/// # Errors
/// As those of [`FlatGeobufWriter`].
pub fn write_flatgeobuf(
    answer: &Answer,
    crs: Crs,
    notes: &str,
    out: impl Write,
) -> Result<(), FormatError> {
    let spool = std::io::Cursor::new(Vec::new());
    let mut writer = FlatGeobufWriter::new(answer, crs, spool);
    writer.write(answer)?;
    writer.finish(notes, out)
}

/// Gathers features of one layer, and writes them as one `FlatGeobuf` file once all are there: the tree comes before them.
#[derive(Debug)]
pub struct FlatGeobufWriter<S> {
    name: &'static str,
    title: &'static str,
    properties: Vec<&'static Property>,
    crs: Crs,
    /// Features in the order in which they came.
    spool: S,
    spooled: u64,
    /// Box of each feature, `offset` being its number; without a geometry a box that meets none.
    nodes: Vec<NodeItem>,
    /// Where each feature lies in the spool, and its length.
    places: Vec<(u64, usize)>,
    kind: Option<GeometryType>,
}

impl<S: Read + Write + Seek> FlatGeobufWriter<S> {
    /// Begins a file of answers such as this one, which is not gathered yet; features wait in `spool`, which is empty.
    pub fn new(answer: &Answer, crs: Crs, spool: S) -> Self {
        Self {
            name: answer.table.layer.id,
            title: answer.table.layer.title,
            properties: answer.columns().map(|column| column.property).collect(),
            crs,
            spool,
            spooled: 0,
            nodes: Vec::new(),
            places: Vec::new(),
            kind: None,
        }
    }

    /// Gathers the rows of an answer.
    ///
    /// # Errors
    /// Those of the spool.
    pub fn write(&mut self, answer: &Answer) -> Result<(), FormatError> {
        let table = &*answer.table;
        let columns: Vec<&LayerColumn> = answer.columns().collect();
        let mut builder = FlatBufferBuilder::new();
        let mut chunk = Vec::new();
        for &row in &answer.rows {
            let row = row as usize;
            let shape = shape(table, row, self.crs).filter(|_| answer.geometry);
            let mut node = NodeItem::create(self.nodes.len() as u64);
            if let Some(shape) = &shape {
                let [west, south, east, north] = shape.bounds();
                node.expand_xy(west, south);
                node.expand_xy(east, north);
                let kind = kind(shape);
                let known = *self.kind.get_or_insert(kind);
                self.kind = Some(if known == kind {
                    kind
                } else {
                    GeometryType::Unknown
                });
            }
            self.nodes.push(node);
            feature(&mut builder, answer, &columns, row, shape.as_ref())?;
            let bytes = builder.finished_data();
            self.places.push((self.spooled, bytes.len()));
            self.spooled += bytes.len() as u64;
            chunk.extend_from_slice(bytes);
            builder.reset();
            if chunk.len() > 1 << 20 {
                self.spool.write_all(&chunk)?;
                chunk.clear();
            }
        }
        self.spool.write_all(&chunk)?;
        Ok(())
    }

    /// Writes the file. `notes`, a JSON text, stands in the header.
    ///
    /// # Errors
    /// Those of the spool and of `out`.
    pub fn finish(mut self, notes: &str, mut out: impl Write) -> Result<(), FormatError> {
        let extent = calc_extent(&self.nodes);
        out.write_all(&MAGIC)?;
        out.write_all(&self.header(&extent, notes))?;
        if !self.nodes.is_empty() {
            hilbert_sort(&mut self.nodes, &extent);
            let mut offset = 0;
            let placed = self.nodes.iter().map(|node| {
                let mut placed = node.clone();
                placed.offset = offset;
                offset += self.place(node).1 as u64;
                placed
            });
            let placed: Vec<NodeItem> = placed.collect();
            let tree = PackedRTree::build(&placed, &extent, NODE_SIZE)
                .map_err(|error| FormatError::Index(Box::new(error)))?;
            tree.stream_write(&mut out)?;
        }
        let mut bytes = Vec::new();
        for node in &self.nodes {
            let (from, length) = self.place(node);
            bytes.resize(length, 0);
            self.spool.seek(SeekFrom::Start(from))?;
            self.spool.read_exact(&mut bytes)?;
            out.write_all(&bytes)?;
        }
        out.flush()?;
        Ok(())
    }

    fn place(&self, node: &NodeItem) -> (u64, usize) {
        usize::try_from(node.offset).map_or((0, 0), |number| self.places[number])
    }

    fn header(&self, extent: &NodeItem, notes: &str) -> Vec<u8> {
        let mut builder = FlatBufferBuilder::new();
        let mut columns = vec![column(
            &mut builder,
            "id",
            "Feature id",
            ColumnType::String,
            false,
        )];
        for property in &self.properties {
            let kind = column_type(property.kind);
            columns.push(column(
                &mut builder,
                property.name,
                property.title,
                kind,
                true,
            ));
        }
        // As GDAL writes and reads it: east first, whatever the order of the system's axes.
        let crs = CrsArgs {
            org: Some(builder.create_string("EPSG")),
            code: i32::from(self.crs.epsg().unwrap_or(4_326)),
            name: Some(builder.create_string(self.crs.title())),
            ..CrsArgs::default()
        };
        let bounds = [extent.min_x, extent.min_y, extent.max_x, extent.max_y];
        let placed = bounds.iter().all(|side| side.is_finite());
        let arguments = HeaderArgs {
            name: Some(builder.create_string(self.name)),
            title: Some(builder.create_string(self.title)),
            metadata: Some(builder.create_string(notes)),
            envelope: placed.then(|| builder.create_vector(&bounds)),
            geometry_type: self.kind.unwrap_or(GeometryType::Unknown),
            columns: Some(builder.create_vector(&columns)),
            features_count: self.nodes.len() as u64,
            index_node_size: if self.nodes.is_empty() { 0 } else { NODE_SIZE },
            crs: Some(flatgeobuf::Crs::create(&mut builder, &crs)),
            ..HeaderArgs::default()
        };
        let header = Header::create(&mut builder, &arguments);
        builder.finish_size_prefixed(header, None);
        builder.finished_data().to_vec()
    }
}

fn column<'b>(
    builder: &mut FlatBufferBuilder<'b>,
    name: &str,
    title: &str,
    kind: ColumnType,
    nullable: bool,
) -> WIPOffset<Column<'b>> {
    let arguments = ColumnArgs {
        name: Some(builder.create_string(name)),
        title: Some(builder.create_string(title)),
        type_: kind,
        nullable,
        unique: !nullable,
        ..ColumnArgs::default()
    };
    Column::create(builder, &arguments)
}

const fn column_type(kind: PropertyKind) -> ColumnType {
    match kind {
        PropertyKind::Integer => ColumnType::Long,
        PropertyKind::Number => ColumnType::Double,
        PropertyKind::Boolean => ColumnType::Bool,
        PropertyKind::Text | PropertyKind::Choice(_) | PropertyKind::Cell => ColumnType::String,
        PropertyKind::Date => ColumnType::DateTime,
    }
}

const fn kind(shape: &Shape) -> GeometryType {
    match shape {
        Shape::Point(_) => GeometryType::Point,
        Shape::Lines(parts) if parts.len() == 1 => GeometryType::LineString,
        Shape::Lines(_) => GeometryType::MultiLineString,
        Shape::Polygons(parts) if parts.len() == 1 => GeometryType::Polygon,
        Shape::Polygons(_) => GeometryType::MultiPolygon,
    }
}

/// Puts one feature into the builder, its length before it.
fn feature(
    builder: &mut FlatBufferBuilder<'_>,
    answer: &Answer,
    columns: &[&LayerColumn],
    row: usize,
    shape: Option<&Shape>,
) -> Result<(), FormatError> {
    let geometry = shape.map(|shape| geometry(builder, shape));
    let mut properties = Vec::with_capacity(256);
    push_text(&mut properties, 0, &key(&answer.table.keys, row))?;
    for (i, column) in columns.iter().enumerate() {
        let at = u16::try_from(i + 1)
            .map_err(|_many| FormatError::Value("more than 65,535 columns".to_owned()))?;
        push_value(&mut properties, at, &column.values, row)?;
    }
    let properties = builder.create_vector(&properties);
    let arguments = FeatureArgs {
        geometry,
        properties: Some(properties),
        columns: None,
    };
    let feature = Feature::create(builder, &arguments);
    builder.finish_size_prefixed(feature, None);
    Ok(())
}

fn geometry<'b>(builder: &mut FlatBufferBuilder<'b>, shape: &Shape) -> WIPOffset<Geometry<'b>> {
    let flat = |parts: &[Vec<[f64; 2]>]| -> Vec<f64> {
        parts.iter().flatten().flatten().copied().collect()
    };
    let mut arguments = GeometryArgs {
        type_: kind(shape),
        ..GeometryArgs::default()
    };
    match shape {
        Shape::Point(position) => arguments.xy = Some(builder.create_vector(position)),
        Shape::Polygons(parts) if parts.len() > 1 => {
            let polygons: Vec<_> = parts
                .iter()
                .map(|ring| geometry(builder, &Shape::Polygons(vec![ring.clone()])))
                .collect();
            arguments.parts = Some(builder.create_vector(&polygons));
        }
        Shape::Lines(parts) | Shape::Polygons(parts) => {
            arguments.xy = Some(builder.create_vector(&flat(parts)));
            if parts.len() > 1 {
                let mut end = 0;
                let ends = parts.iter().map(|part| {
                    end += u32::try_from(part.len()).unwrap_or(u32::MAX);
                    end
                });
                let ends: Vec<u32> = ends.collect();
                arguments.ends = Some(builder.create_vector(&ends));
            }
        }
    }
    Geometry::create(builder, &arguments)
}

/// Appends the number of a column and its value; what is null is left out.
fn push_value(
    out: &mut Vec<u8>,
    column: u16,
    values: &Values,
    row: usize,
) -> Result<(), FormatError> {
    let mut push = |bytes: &[u8]| {
        out.extend_from_slice(&column.to_le_bytes());
        out.extend_from_slice(bytes);
    };
    match values {
        Values::Integers(values) => {
            if let Some(value) = values[row] {
                push(&value.to_le_bytes());
            }
        }
        Values::Numbers(values) => {
            if let Some(value) = values[row].filter(|value| value.is_finite()) {
                push(&value.to_le_bytes());
            }
        }
        Values::Booleans(values) => push(&[u8::from(values[row])]),
        Values::Texts(values) => {
            if let Some(text) = &values[row] {
                push_text(out, column, text)?;
            }
        }
        Values::Choices(values) => {
            if let Some(text) = values[row] {
                push_text(out, column, text)?;
            }
        }
        Values::Cells(values) => {
            if let Some(cell) = values[row] {
                push_text(out, column, &cell.to_string())?;
            }
        }
    }
    Ok(())
}

fn push_text(out: &mut Vec<u8>, column: u16, text: &str) -> Result<(), FormatError> {
    let length = u32::try_from(text.len())
        .map_err(|_long| FormatError::Value("a text of 4 GiB".to_owned()))?;
    out.extend_from_slice(&column.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

"""One table in every format, read by other people's readers: all must say the same.

Usage: formats.py FOLDER NAME CRS; the folder holds NAME.{geojson,geojsonseq,ndjson,csv,fgb,arrow,parquet}, each of the whole
answer, CRS is what pyproj calls its system. Prints {"rows", "nulls", "types"}; fails by name where two differ.
Made with pyarrow 26.0.1, pyogrio 0.13.0 (GDAL 3.12), geopandas and shapely as they come with libpysal 4.14.1.
"""

import csv
import datetime
import json
import math
import pathlib
import sys

import geopandas
import pyarrow
import pyarrow.ipc
import pyarrow.parquet
import pyogrio.raw
import pyproj
import shapely

folder, name, system = pathlib.Path(sys.argv[1]), sys.argv[2], pyproj.CRS(sys.argv[3])
north_first = system == pyproj.CRS("EPSG:4326")


def path(ending):
    return folder / f"{name}.{ending}"


def of_feature(feature):
    geometry = feature["geometry"] and shapely.geometry.shape(feature["geometry"])
    if geometry and north_first:
        geometry = shapely.transform(geometry, lambda points: points[:, ::-1])
    return feature["id"], feature["properties"], geometry


def same_shape(one, other):
    if one is None or other is None:
        return one is other
    return one.geom_type == other.geom_type and one.equals_exact(other, 0.0)


def plain(value):
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()[:10]
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def compare(ending, rows):
    """Rows of {id: (properties, geometry)} against those of the collection."""
    assert list(rows) == list(reference) if ending != "fgb" else set(rows) == set(reference), f"{ending}: other rows"
    for id, (properties, geometry) in rows.items():
        expected, shape = reference[id]
        assert list(properties) == list(expected), f"{ending} {id}: {list(properties)}"
        for key, value in expected.items():
            found = plain(properties[key])
            assert found == value and isinstance(found, bool) == isinstance(value, bool), f"{ending} {id} {key}: {found!r} for {value!r}"
        assert same_shape(geometry, shape), f"{ending} {id}: {geometry} for {shape}"


collection = json.loads(path("geojson").read_text())
features = [of_feature(feature) for feature in collection["features"]]
reference = {id: (properties, geometry) for id, properties, geometry in features}
assert len(reference) == len(features) == collection["numberMatched"] == collection["numberReturned"]

sequence = path("geojsonseq").read_text()
assert sequence.count("\x1e") == len(features), "RFC 8142 has a separator before each"
parsed = [of_feature(json.loads(text)) for text in sequence.split("\x1e")[1:]]
compare("geojsonseq", {id: rest for id, *rest in parsed})
parsed = [of_feature(json.loads(line)) for line in path("ndjson").read_text().splitlines()]
compare("ndjson", {id: rest for id, *rest in parsed})

# CSV has a position for a row, and no types: each value is read as the collection's is.
with open(path("csv"), encoding="utf-8", newline="") as file:
    rows = list(csv.DictReader(file))
axes = path("csv").read_text().split("\r\n")[0].split(",")[1:3]
assert axes == (["lat", "lon"] if north_first else ["x", "y"] if system.is_projected else ["lon", "lat"]), axes
assert [row["id"] for row in rows] == list(reference), "csv: other rows"
for row in rows:
    expected, shape = reference[row["id"]]
    assert list(row)[3:] == list(expected)
    for key, value in expected.items():
        text = row[key]
        if value is None or value == "":
            assert text == "", f"csv {key}: {text!r} for null"
        elif isinstance(value, bool):
            assert text == json.dumps(value)
        elif isinstance(value, (int, float)):
            assert type(value)(text) == value, f"csv {key}: {text} for {value}"
        else:
            formula = value[0] in "=+-@\t\r＝＋－＠"
            assert text == ("'" + value if formula else value), f"csv {key}: {text!r} for {value!r}"
    east_first = (row[axes[1]], row[axes[0]]) if north_first else (row[axes[0]], row[axes[1]])
    if shape is None:
        assert east_first == ("", ""), "no place"
    elif shape.geom_type == "Point":
        near = 1e-3 if system.is_projected else 1e-6
        assert shape.distance(shapely.Point(*map(float, east_first))) <= near
    elif shape.geom_type == "Polygon":
        assert shape.contains(shapely.Point(*map(float, east_first))), "the centre of its cell"


def shapes(binaries):
    return [None if binary is None else shapely.from_wkb(binary) for binary in binaries]


meta, _, binaries, columns = pyogrio.raw.read(path("fgb"), datetime_as_string=False)
columns = {field: column.tolist() for field, column in zip(meta["fields"], columns)}
ids = columns.pop("id")
places = shapes(binaries)
table = {id: ({key: column[i] for key, column in columns.items()}, places[i]) for i, id in enumerate(ids)}
compare("fgb", table)
found = pyproj.CRS(meta["crs"])
assert found == (pyproj.CRS("EPSG:4326") if system == pyproj.CRS("OGC:CRS84") else system), found
placed = [shape for _, shape in reference.values() if shape is not None]
# A box in the midst of what is there.
west, south, east, north = shapely.total_bounds(placed) if placed else (0, 0, 1, 1)
window = (west, south, west + (east - west) / 3, south + (north - south) / 2)
_, _, _, within = pyogrio.raw.read(path("fgb"), bbox=window, columns=["id"])
expected = sorted(id for id, (_, shape) in reference.items() if shape is not None and shape.intersects(shapely.box(*window)))
assert sorted(within[0].tolist()) == expected, "the index finds what is there"


def of_arrow(table):
    rows = {}
    for row in table.to_pylist():
        id, geometry = row.pop("id"), row.pop("geometry")
        box, geometry = row.pop("bbox", None), geometry and shapely.from_wkb(geometry)
        if "bbox" in table.column_names:
            assert (box and tuple(box.values())) == (geometry and geometry.bounds), f"{id}: {box}"
        rows[id] = (row, geometry)
    return rows


with pyarrow.ipc.open_stream(path("arrow")) as stream:
    arrow = stream.read_all()
assert arrow.schema.field("geometry").metadata[b"ARROW:extension:name"] == b"geoarrow.wkb"
stated = json.loads(arrow.schema.field("geometry").metadata[b"ARROW:extension:metadata"])["crs"]
assert pyproj.CRS.from_user_input(stated) == system
compare("arrow", of_arrow(arrow))
parquet = pyarrow.parquet.read_table(path("parquet"))
compare("parquet", of_arrow(parquet))
for schema in (arrow.schema, parquet.schema):
    notes = json.loads(schema.metadata[b"naqsha"])
    assert notes["data_version"] == collection["naqsha"]["data_version"] and "excluded" in notes

geo = json.loads(pyarrow.parquet.read_metadata(path("parquet")).metadata[b"geo"])
column = geo["columns"]["geometry"]
assert geo["version"] == "1.1.0" and geo["primary_column"] == "geometry" and column["encoding"] == "WKB"
assert set(column["geometry_types"]) == {shape.geom_type for shape in placed}
assert not placed or tuple(column["bbox"]) == tuple(shapely.total_bounds(placed))
assert pyproj.CRS.from_user_input(column.get("crs", "OGC:CRS84")) == system
frame = geopandas.read_parquet(path("parquet"))
assert frame.crs == system and len(frame) == len(features)
# Row groups are skipped by the boxes beside the geometries; what is left is what meets the window's box.
inside = set(geopandas.read_parquet(path("parquet"), bbox=window)["id"])
box = shapely.box(*window)
meet = {id for id, (_, shape) in reference.items() if shape is not None and shapely.box(*shape.bounds).intersects(box)}
assert inside == meet, "the covering finds what is there"

nulls = sum(shape is None for _, shape in reference.values())
types = {field.name: str(field.type) for field in arrow.schema}
json.dump({"rows": len(features), "nulls": nulls, "types": types}, sys.stdout)

"""Makes the study areas: `study-areas/pakistan.cells.txt` and `study-areas/west-yorkshire.geojson`.

Usage: python3 study_areas.py DOWNLOAD_FOLDER   (needs the packages h3, shapely and pyogrio; run gazetteer.py before)

Both come from Natural Earth (public domain). Pakistan's is a list of H3 cells, an analysis mask that is never drawn:
which territory it covers decides which incidents are counted, not what is shown as anybody's border.
"""

import csv
import json
import sys
from pathlib import Path

import h3
import pyogrio
import shapely

from packages import DATA, debian_folder, npm_file
from provenance import record

ATLAS_VERSION = "2.0.2"
RESOLUTION = 7
DISTRICTS = ["Bradford", "Calderdale", "Kirklees", "Leeds", "Wakefield"]

HEADER = """\
# Pakistan: the study area of the analysis, as H3 cells (resolution {resolution}, compacted).
# An analysis mask. It says which incidents are counted and how many cells were tested; it is never drawn, and it is no
# statement about any boundary.
# Source: Natural Earth 4.1.0, 1:10m admin-0 countries (public domain), feature 586 of countries-10m.json in the npm
# package world-atlas {version}. Covers the area under Pakistan's administration: Balochistan, Gilgit-Baltistan,
# Islamabad, Khyber Pakhtunkhwa (with the merged districts), Punjab, Sindh and Azad Kashmir.
# Rule: every cell whose centre is inside the polygon (edges straight in longitude and latitude), and every cell that
# holds a place of gazetteer/pk_places.csv (cells added by that second rule: {added}).
# At a coarser resolution a cell belongs when its centre child at resolution {resolution} is listed (the same point).
# Cells at resolution {resolution}: {cells}. Lines below: {lines}. Made by make/study_areas.py.
"""


def topology_polygon(topology: dict, identifier: str) -> shapely.Geometry:
    """The polygon of one country of a quantised TopoJSON file, in degrees."""
    (scale_x, scale_y), (move_x, move_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    country = next(g for g in topology["objects"]["countries"]["geometries"] if g.get("id") == identifier)

    def arc(index: int) -> list[tuple[float, float]]:
        x = y = 0
        points = []
        for step_x, step_y in topology["arcs"][index if index >= 0 else ~index]:
            x, y = x + step_x, y + step_y
            points.append((x * scale_x + move_x, y * scale_y + move_y))
        return points if index >= 0 else points[::-1]

    def ring(indices: list[int]) -> list[tuple[float, float]]:
        points: list[tuple[float, float]] = []
        for index in indices:
            points += arc(index)[1 if points else 0:]
        return points

    parts = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
    polygons = [shapely.Polygon(ring(rings[0]), [ring(hole) for hole in rings[1:]]) for rings in parts]
    return shapely.MultiPolygon(polygons)


def gazetteer_cells() -> set[str]:
    """The cells that hold a place of Pakistan's gazetteer."""
    with (DATA / "gazetteer/pk_places.csv").open(newline="", encoding="utf-8") as source:
        return {
            h3.latlng_to_cell(float(row["latitude"]), float(row["longitude"]), RESOLUTION)
            for row in csv.DictReader(source)
        }


def pakistan(downloads: Path) -> None:
    """Writes the cell list of Pakistan."""
    topology = json.loads(npm_file(downloads, "world-atlas", ATLAS_VERSION, "countries-10m.json"))
    outline = topology_polygon(topology, "586")
    inside = set(h3.h3shape_to_cells(h3.geo_to_h3shape(outline), RESOLUTION))
    cells = inside | gazetteer_cells()
    compacted = sorted(h3.compact_cells(cells))
    file = DATA / "study-areas/pakistan.cells.txt"
    header = HEADER.format(
        resolution=RESOLUTION, version=ATLAS_VERSION, added=len(cells - inside), cells=len(cells), lines=len(compacted)
    )
    file.write_text(header + "\n".join(compacted) + "\n", encoding="utf-8")
    record(file, "npm world-atlas (Natural Earth 4.1.0)", ATLAS_VERSION, "public domain")


def west_yorkshire(downloads: Path) -> None:
    """Writes the five districts as one feature."""
    folder, version = debian_folder(downloads, "qgis-common")
    _, _, geometries, fields = pyogrio.raw.read(
        folder / "usr/share/qgis/resources/data/world_map.gpkg",
        layer="states_provinces",
        columns=["name"],
        where=f"woe_name = 'West Yorkshire' AND name IN ({', '.join(repr(name) for name in DISTRICTS)})",
    )
    if sorted(fields[0]) != DISTRICTS:
        raise SystemExit(f"expected {DISTRICTS}, found {sorted(fields[0])}")
    # Districts share edges, which one valid MultiPolygon may not: the area is their union.
    area = shapely.union_all(shapely.from_wkb(geometries))
    parts = list(shapely.get_parts(area))
    feature = {
        "type": "Feature",
        "properties": {
            "name": "west-yorkshire",
            "title": "West Yorkshire: the districts Bradford, Calderdale, Kirklees, Leeds and Wakefield",
            "vintage": "Natural Earth 4.1.0",
            "source": f"Natural Earth 1:10m admin-1, simplified, as in Debian's qgis-common {version} (public domain)",
        },
        "geometry": json.loads(shapely.to_geojson(shapely.MultiPolygon(parts))),
    }
    file = DATA / "study-areas/west-yorkshire.geojson"
    collection = {"type": "FeatureCollection", "features": [feature]}
    file.write_text(json.dumps(collection, ensure_ascii=False) + "\n", encoding="utf-8")
    record(file, "Debian qgis-common (Natural Earth 4.1.0)", version, "public domain")


def main() -> None:
    """Makes both study areas."""
    downloads = Path(sys.argv[1]).resolve()
    pakistan(downloads)
    west_yorkshire(downloads)


if __name__ == "__main__":
    main()

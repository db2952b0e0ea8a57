"""Conflict events (UCDP GED) per H3 cell and per district, by the Python packages `h3` and `shapely`: an oracle for ingestion.

Reads a GeoJSON of districts and the CSV; prints {"cells": {"9": {cell: n}, ...}, "districts": {name: n}, "nowhere": n}.
An event of where_prec 1 has a cell of resolution 9; one of 2 (within 25 km) a cell of 4, the finest whose edge is as long; the
others have none. A district is known of events of where_prec 1 to 3. Coarser counts are those of index parents.
"""

import collections
import csv
import json
import sys

import h3
from shapely.geometry import Point, shape

with open(sys.argv[1], encoding="utf-8") as file:
    polygons = [(f["properties"]["name"], shape(f["geometry"])) for f in json.load(file)["features"]]
cells = {r: collections.Counter() for r in (9, 7, 4)}
districts, nowhere = collections.Counter(), 0
with open(sys.argv[2], encoding="utf-8", errors="replace", newline="") as file:
    for row in csv.DictReader(file):
        if not row["id"]:
            continue
        lat, lon, precision = float(row["latitude"]), float(row["longitude"]), row["where_prec"]
        finest = {"1": 9, "2": 4}.get(precision, 0)
        for r in cells:
            if r <= finest:
                cells[r][h3.cell_to_parent(h3.latlng_to_cell(lat, lon, finest), r)] += 1
        if precision in ("1", "2", "3"):
            point = Point(lon, lat)
            name = next((name for name, polygon in polygons if polygon.covers(point)), None)
            if name is None:
                nowhere += 1
            else:
                districts[name] += 1
json.dump({"cells": cells, "districts": districts, "nowhere": nowhere}, sys.stdout)

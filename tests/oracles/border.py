"""Records in Pakistan and how far their cells are from its border on land, by the C H3 library and pyproj, without Naqsha.

usage: border.py CELLS.txt CROSSINGS.csv FOLDER EXPECTED.json

The outline is every cell of resolution 7 of the study area with a neighbour outside of it; its coast is what lies between the Gwadar bay
and Sir Creek. All distances are taken, to every cell of the outline and to every crossing.
"""

import csv
import json
import os
import random
import sys
from collections import Counter

import h3
import numpy
from pyproj import Geod

cells_path, crossings_path, folder, expected_path = sys.argv[1:5]
choose = random.Random(4)
with open(cells_path) as file:
    listed = [line.strip() for line in file if line.strip() and not line.startswith("#")]
area = set(h3.uncompact_cells(listed, 7))
coarse = {cell for cell in {h3.cell_to_parent(cell, 5) for cell in area} if h3.cell_to_center_child(cell, 7) in area}
outline = []
for cell in area:
    lat, lon = h3.cell_to_latlng(cell)
    coast = (61.62 <= lon <= 61.9 and lat <= 25.24) or (61.9 <= lon <= 68.155 and lat <= 25.75)
    if not coast and any(other not in area for other in h3.grid_ring(cell, 1)):
        outline.append((lon, lat))
with open(crossings_path) as file:
    crossings = [row for row in csv.DictReader(file) if row["type"] in ("land", "rail", "dry_port") and row["lat"]]

# Around crossings, ports and cities.
records = []
for lon, lat in [(71.1, 34.1), (66.5, 30.9), (61.7, 29.0), (74.5, 31.6), (75.3, 36.8), (67.0, 24.9), (62.3, 25.1), (68.4, 24.2), (73.0, 31.4)]:
    for _ in range(25):
        records.append((round(lon + choose.gauss(0, 0.25), 5), round(lat + choose.gauss(0, 0.25), 5), choose.choice(["TF", "DT", "HT", "CY"])))
with open(os.path.join(folder, "records.csv"), "w", newline="") as file:
    rows = ((nth, lon, lat, "2023-03-04", kind) for nth, (lon, lat, kind) in enumerate(records))
    csv.writer(file).writerows([("id", "lon", "lat", "date", "category"), *rows])
counts = Counter()
for lon, lat, kind in records:
    cell = h3.cell_to_parent(h3.latlng_to_cell(lat, lon, 9), 5)
    if cell in coarse:
        counts[cell, kind] += 1
        counts[cell, "n"] += 1
geod = Geod(ellps="WGS84")


def nearest(lon, lat, places):
    lons, lats = numpy.array(places).T
    metres = geod.inv(numpy.full(len(lons), lon), numpy.full(len(lons), lat), lons, lats)[2]
    return int(metres.argmin()), float(metres.min()) / 1000


expected = {}
for cell in {cell for cell, _ in counts}:
    lat, lon = h3.cell_to_latlng(cell)
    _, distance = nearest(lon, lat, outline)
    at, crossing = nearest(lon, lat, [(float(row["lon"]), float(row["lat"])) for row in crossings])
    expected[cell] = {
        "n": counts[cell, "n"],
        **{kind.lower(): counts[cell, kind] for kind in ("TF", "DT", "HT", "CY")},
        "adj": 0,
        "distance_km": distance,
        "crossing": crossings[at]["name"],
        "crossing_km": crossing,
    }
with open(expected_path, "w") as file:
    json.dump({"records": len(records), "outline": len(outline), "cells": expected}, file)

"""Shares of records that are known only to lie in a district or tehsil, by h3-py and shapely.

usage: apportionment.py BOUNDARIES.geojson RECORDS.json LAYER.geojson EXPECTED.json

RECORDS.json is a list of [area, number]. `shares` weighs the cells at resolution 8 whose centre is inside by h3-py's own
areas and sums them to parents, as records are counted. `overlaps` is areal interpolation as tobler does it: the area that
an area and each cell have in common, in a cylindrical equal-area plane. The two differ a little, as a cell's children do
not tile it.
"""

import json
import math
import sys
from collections import defaultdict

import h3
import numpy
from esda.getisord import G_Local
from libpysal.weights import W
from shapely.geometry import Polygon, shape
from shapely.ops import transform

with open(sys.argv[1]) as file:
    areas = {of["properties"]["name"]: of["geometry"] for of in json.load(file)["features"]}
with open(sys.argv[2]) as file:
    records = json.load(file)
with open(sys.argv[3]) as file:
    rows = {of["properties"]["h3"]: of["properties"] for of in json.load(file)["features"]}
resolution = h3.get_resolution(next(iter(rows)))


def flat(lon, lat):
    return numpy.asarray(lon) * math.pi / 180, numpy.sin(numpy.radians(lat))


shares, overlaps = defaultdict(float), defaultdict(float)
for area, number in records:
    fine = {cell: h3.cell_area(cell, "km^2") for cell in h3.geo_to_cells(areas[area], 8)}
    whole = sum(fine.values())
    for cell, weight in fine.items():
        shares[h3.cell_to_parent(cell, resolution)] += number * weight / whole
    plane = transform(flat, shape(areas[area]).segmentize(0.01))
    parents = {h3.cell_to_parent(cell, resolution) for cell in fine}
    around = set().union(*(h3.grid_disk(cell, 1) for cell in parents))
    for cell in around:
        ring = [(lon, lat) for lat, lon in h3.cell_to_boundary(cell)]
        common = transform(flat, Polygon(ring).segmentize(0.01)).intersection(plane)
        overlaps[cell] += number * common.area / plane.area

answer = {"shares": shares, "overlaps": {cell: value for cell, value in overlaps.items() if value > 0}}
first = next(iter(rows.values()))
if "z" in first:
    cells = sorted(rows)
    around = {cell: sorted(set(h3.grid_disk(cell, 1)) & rows.keys() - {cell}) for cell in cells}
    y = numpy.array([rows[cell]["n"] + rows[cell]["n_apportioned"] for cell in cells])
    graph = W(around, id_order=cells, silence_warnings=True)
    found = G_Local(y, graph, star=True, transform="B", permutations=0)
    answer["z"] = dict(zip(cells, map(float, found.Zs)))
with open(sys.argv[4], "w") as file:
    json.dump(answer, file)

"""Colocation quotients from PySAL's nearest neighbours and bands, in pandas; density on H3 cells from scikit-learn's tree
and pyproj's distances.

usage: colocation_kde.py SEED FOLDER EXPECTED.json

The quotient is that of Leslie & Kronenfeld 2011 as sfdep computes it. The cells an event reaches are found by
scikit-learn's ball tree, their distances by pyproj on the ellipsoid, their centres and areas by the C H3 library.
"""

import csv
import json
import math
import os
import random
import sys
import warnings

import h3
import numpy
import pandas
from libpysal.weights import KNN, DistanceBand
from pyproj import Geod
from sklearn.neighbors import BallTree

warnings.simplefilter("ignore")
seed, folder, expected_path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
choose = random.Random(seed)
expected = {}


def write(name, header, rows):
    with open(os.path.join(folder, name), "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


count = 240
kinds = [choose.choice(["DT", "HT", "TF"]) for _ in range(count)]
shift = {"DT": 0, "HT": 1.5, "TF": 0.5}
places = [
    (choose.gauss(0, 1) + shift[kind], choose.gauss(0, 1) - shift[kind]) for kind in kinds
]
write("typed.csv", ("x", "y", "type"), ((x, y, kind) for (x, y), kind in zip(places, kinds)))
k, band = 5, 0.35
for name, weights in (
    ("knn", KNN.from_array(numpy.array(places), k=k)),
    ("band", DistanceBand(places, band, binary=True, silence_warnings=True)),
):
    table = weights.to_adjlist(drop_islands=True)
    table["share"] = 1 / table.groupby("focal")["neighbor"].transform("size")
    table["a"] = [kinds[event] for event in table["focal"]]
    table["b"] = [kinds[event] for event in table["neighbor"]]
    judged = table.groupby("a")["focal"].nunique()
    sums = table.pivot_table(index="a", columns="b", values="share", aggfunc="sum", fill_value=0)
    sizes = pandas.Series(kinds).value_counts()
    expected[name] = [
        {
            "a": a,
            "b": b,
            "clq": sums.loc[a, b] / judged[a] / ((sizes[b] - (a == b)) / (count - 1)),
        }
        for a in sorted(sizes.index)
        for b in sorted(sizes.index)
    ]
expected["k"], expected["d"] = k, band

resolution, bandwidth = choose.choice([(7, 6000.0), (8, 2500.0), (9, 1200.0)])
events = [(74.3 + choose.gauss(0, 0.02), 31.5 + choose.gauss(0, 0.02)) for _ in range(60)]
write("events.csv", ("lon", "lat"), events)
reach = 2 + math.ceil(bandwidth / h3.average_hexagon_edge_length(resolution, unit="m"))
cells = sorted(
    {
        cell
        for lon, lat in events
        for cell in h3.grid_disk(h3.latlng_to_cell(lat, lon, resolution), reach)
    }
)
centres = numpy.radians([h3.cell_to_latlng(cell) for cell in cells])
tree = BallTree(centres, metric="haversine")
radius = bandwidth * 1.01 / 6371008.8
density = numpy.zeros(len(cells))
geod = Geod(ellps="WGS84")
for lon, lat in events:
    near = tree.query_radius(numpy.radians([[lat, lon]]), radius)[0]
    ends = numpy.degrees(centres[near])
    _, _, metres = geod.inv(
        numpy.full(len(near), lon), numpy.full(len(near), lat), ends[:, 1], ends[:, 0]
    )
    inside = numpy.clip(1 - (metres / bandwidth) ** 2, 0, None)
    density[near] += 3 / (math.pi * (bandwidth / 1000) ** 2) * inside**2
expected["resolution"], expected["bandwidth"] = resolution, bandwidth
expected["density"] = {cell: value for cell, value in zip(cells, density) if value > 0}
with open(expected_path, "w") as file:
    json.dump(expected, file, default=float)

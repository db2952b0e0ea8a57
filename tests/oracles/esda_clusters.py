"""Local Moran's I of the cells of an exported layer, by esda (PySAL), and q by SciPy: the other side of a differential test.

usage: esda_clusters.py CLUSTERS.geojson EXPECTED.json

The cells and their counts are the layer's, zeros included; neighbours, statistics and quadrants are made anew.
"""

import json
import sys
import warnings

import h3
import numpy
from esda import Moran_Local
from libpysal.weights import W
from scipy.stats import false_discovery_control

warnings.simplefilter("ignore")
with open(sys.argv[1]) as file:
    rows = [feature["properties"] for feature in json.load(file)["features"]]
cells = {row["h3"]: row for row in rows}
around = {cell: sorted(set(h3.grid_disk(cell, 1)) & cells.keys() - {cell}) for cell in cells}
joined = [cell for cell in cells if around[cell]]
assert len(joined) == len(cells), "esda has no islands"
y = numpy.array([cells[cell]["n"] for cell in joined], dtype=float)
local = Moran_Local(y, W(around, id_order=joined, silence_warnings=True), transformation="b", permutations=0)
quadrant = {1: "HH", 2: "LH", 3: "LL", 4: "HL"}
p = [cells[cell]["p"] for cell in joined]
tested = [value for value in p if value is not None]
q = iter(false_discovery_control(tested))
with open(sys.argv[2], "w") as file:
    json.dump(
        {
            "id": joined,
            # esda scales I by the sample variance, n - 1.
            "i": [float(value) * len(y) / (len(y) - 1) for value in local.Is],
            "expected": [float(value) for value in local.EIc],
            "z": [
                float((i * len(y) / (len(y) - 1) - e) / v**0.5) for i, e, v in zip(local.Is, local.EIc, local.VIc)
            ],
            "quadrant": [quadrant[int(value)] for value in local.q],
            "neighbourhood_n": [int(cells[cell]["n"] + sum(cells[other]["n"] for other in around[cell])) for cell in joined],
            "q": [None if value is None else float(next(q)) for value in p],
        },
        file,
    )

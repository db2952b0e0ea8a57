"""The layer `rates` once more: people summed as decimals over h3-py's cells, intervals by SciPy, rates and Moran's I by esda.

usage: layer_rates.py RATES.geojson POINTS.csv EXPECTED.json

Cells and counts are the layer's; population, rates, intervals and neighbours are made anew. esda does not cut a negative
variance between places off at zero, so local rates are written out here from Marshall's formula.
"""

import csv
import json
import sys
import warnings
from collections import defaultdict
from decimal import Decimal

import h3
import numpy
from esda import Moran_Rate
from esda.smoothing import Empirical_Bayes, Excess_Risk
from libpysal.weights import W
from scipy.stats import chi2

warnings.simplefilter("ignore")
with open(sys.argv[1]) as file:
    rows = {of["properties"]["h3"]: of["properties"] for of in json.load(file)["features"]}
resolution = h3.get_resolution(next(iter(rows)))
people = defaultdict(Decimal)
with open(sys.argv[2], newline="") as file:
    for row in csv.DictReader(file):
        cell = h3.latlng_to_cell(float(row["lat"]), float(row["lon"]), 7)
        people[h3.cell_to_parent(cell, resolution)] += Decimal(row["population"])

cells = sorted(cell for cell in rows if people.get(cell, 0) > 0)
e = numpy.array([rows[cell]["n"] for cell in cells], dtype=float)
b = numpy.array([float(people[cell]) for cell in cells])
position = {cell: at for at, cell in enumerate(cells)}
around = {cell: sorted(set(h3.grid_disk(cell, 1)) & position.keys() - {cell}) for cell in cells}


def drawn(which, at):
    """Marshall's estimate for one place from the events and people of some."""
    events, heads = e[which], b[which]
    mean = events.sum() / heads.sum()
    spread = (heads * (events / heads - mean) ** 2).sum() / heads.sum()
    between = max(0.0, spread - mean / heads.mean())
    chance = mean / b[at]
    return mean if between + chance == 0 else mean + (e[at] / b[at] - mean) * between / (between + chance)


local = [drawn([position[other] for other in around[cell]] + [at], at) for at, cell in enumerate(cells)]
moran = Moran_Rate(e, b, W(around, id_order=cells, silence_warnings=True), transformation="b", permutations=0)
low = [0.0 if n == 0 else chi2.ppf(0.025, 2 * n) / 2 for n in e]
high = [chi2.ppf(0.975, 2 * n + 2) / 2 for n in e]
per = 100_000
columns = {
    "population": b,
    "rate": e / b * per,
    "rate_low": low / b * per,
    "rate_high": high / b * per,
    "rate_eb": Empirical_Bayes(e, b).r.flatten() * per,
    "rate_local_eb": numpy.array(local) * per,
    "excess": Excess_Risk(e, b).r.flatten(),
}
with open(sys.argv[3], "w") as file:
    json.dump(
        {
            "cells": cells,
            "columns": {name: [float(value) for value in values] for name, values in columns.items()},
            "moran": {"statistic": moran.I, "expected": moran.EI, "z": moran.z_rand, "p": moran.p_rand},
            "people": float(sum(people[cell] for cell in cells)),
            "records_without": int(sum(row["n"] for cell, row in rows.items() if cell not in position)),
            "overall": float(e.sum() / b.sum() * per),
        },
        file,
    )

"""Statistics of random maps on a random H3 study area, by esda (PySAL): the other side of a differential test.

usage: esda_maps.py SEED VALUES.csv EXPECTED.json

esda's own p-values from permutations are left out (random, and its tail rule counts ties as evidence); what it
prints as p_norm is one-sided.
"""

import csv
import json
import random
import sys
import warnings

import h3
import numpy
from esda import G, Geary, Join_Counts, Moran_Local
from esda.losh import LOSH
from libpysal.weights import W

warnings.simplefilter("ignore")
seed, values_path, expected_path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
choose = random.Random(seed)
centre = h3.latlng_to_cell(choose.uniform(24, 37), choose.uniform(61, 77), choose.choice([6, 7, 8]))
cells = sorted(cell for cell in h3.grid_disk(centre, 12) if choose.random() < 0.8)
k = choose.choice([1, 2])


def within(cells):
    inside = set(cells)
    return {cell: sorted(inside.intersection(h3.grid_disk(cell, k)) - {cell}) for cell in cells}


while not all(within(cells).values()):
    neighbours = within(cells)
    cells = [cell for cell in cells if neighbours[cell]]
neighbours = within(cells)
columns = {
    "count": [choose.choice([0, 0, 0, 1, 1, 2, 3, 9]) for _ in cells],
    "real": [choose.lognormvariate(0, 1) for _ in cells],
    "kind": [int(choose.random() < 0.4) for _ in cells],
}
with open(values_path, "w", newline="") as file:
    rows = list(zip(cells, *columns.values()))
    choose.shuffle(rows)
    csv.writer(file).writerows([("id", *columns), *rows])
expected = {"k": k, "ids": cells}


def weights():
    return W(neighbours, id_order=cells, silence_warnings=True)


for column in ("count", "real"):
    y = numpy.array(columns[column], dtype=float)
    found = expected[column] = {}
    for style, transformation in (("given", "b"), ("row", "r")):
        local = Moran_Local(y, weights(), transformation=transformation, permutations=0)
        quadrant = {1: "HH", 2: "LH", 3: "LL", 4: "HL"}
        # esda scales I by the sample variance, n - 1.
        scale = len(y) / (len(y) - 1)
        found["local " + style] = {
            "i": list(local.Is * scale),
            "expected": list(local.EIc),
            "variance": list(local.VIc),
            "quadrant": [quadrant[int(q)] for q in local.q],
        }
        geary = Geary(y, weights(), transformation=transformation, permutations=0)
        found["geary " + style] = {
            "statistic": geary.C,
            "variance_norm": geary.VC_norm,
            "variance_rand": geary.VC_rand,
            "z_norm": geary.z_norm,
            "z_rand": geary.z_rand,
        }
    general = G(y, weights(), permutations=0)
    found["general-g"] = {
        "statistic": general.G,
        "expected": general.EG,
        "variance": general.VG,
        "z": general.z_norm,
        "p": 2 * general.p_norm,
    }
    losh = LOSH(connectivity=weights(), inference="chi-square").fit(y)
    found["losh"] = {"h": list(losh.Hi), "variance": list(losh.VarHi), "p": list(losh.pval)}
joins = Join_Counts(numpy.array(columns["kind"]), weights(), permutations=0)
expected["join-count"] = {
    "bb": joins.bb,
    "ww": joins.ww,
    "bw": joins.bw,
    "j": joins.J,
    "chi2": joins.chi2,
    "chi2_p": joins.chi2_p,
}
with open(expected_path, "w") as file:
    json.dump(expected, file, default=float)

"""Gi and Gi* of random counts on a random H3 study area, by esda (PySAL): the other side of a differential test.

usage: esda_gi.py SEED VALUES.csv EXPECTED.json

Writes the values as the program reads them and the statistics as esda computes them. esda's p-values are left out:
its default tail rule counts ties as evidence. Binary weights only: its z for row-standardised ones uses the binary
variance.
"""

import csv
import json
import random
import sys
import warnings

import h3
import numpy
from esda.getisord import G_Local
from libpysal.weights import W

warnings.simplefilter("ignore")
seed, values_path, expected_path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
choose = random.Random(seed)
centre = h3.latlng_to_cell(choose.uniform(24, 37), choose.uniform(61, 77), choose.choice([6, 7, 8]))
cells = sorted(cell for cell in h3.grid_disk(centre, 14) if choose.random() < 0.8)
k = choose.choice([1, 2])
inside = set(cells)
neighbours = {cell: sorted(inside.intersection(h3.grid_disk(cell, k)) - {cell}) for cell in cells}
cells = [cell for cell in cells if neighbours[cell]]
neighbours = {cell: neighbours[cell] for cell in cells}
values = numpy.array([choose.choice([0, 0, 0, 1, 1, 2, 3, 9]) for _ in cells], dtype=float)
with open(values_path, "w", newline="") as file:
    rows = list(zip(cells, values.astype(int)))
    choose.shuffle(rows)
    csv.writer(file).writerows([("id", "n"), *rows])
weights = W(neighbours, id_order=cells, silence_warnings=True)
expected = {"k": k, "ids": cells}
for name, star in (("gi", False), ("gi_star", True)):
    found = G_Local(values, weights, transform="B", permutations=0, star=star)
    expected[name] = {"statistic": list(found.Gs), "expected": list(found.EGs), "z": list(found.Zs)}
with open(expected_path, "w") as file:
    json.dump(expected, file)

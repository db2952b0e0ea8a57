"""Counts per H3 cell of a data.police.uk street file, by the Python `h3` package: an oracle for the layer `counts`.

Reads a (gzipped) CSV and a list of resolutions; prints {"total": n, "drugs": n, "unlocated": n, "repeats": n,
"counts": {"9": {cell: n}, ...}}. A row that repeats the Crime ID of an earlier row is one record and counted once.
A coarser count is that of the index parents of the resolution-9 cells. Made with h3 4.5.0.
"""

import collections
import csv
import gzip
import json
import sys

import h3

path, resolutions = sys.argv[1], [int(r) for r in sys.argv[2:]]
counts = {r: collections.Counter() for r in resolutions}
seen, total, drugs, unlocated, repeats = set(), 0, 0, 0, 0
with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
    for row in csv.DictReader(file):
        total += 1
        crime = row["Crime ID"]
        if crime and crime in seen:
            repeats += 1
            continue
        seen.add(crime)
        drugs += row["Crime type"] == "Drugs"
        if not row["Longitude"]:
            unlocated += 1
            continue
        cell = h3.latlng_to_cell(float(row["Latitude"]), float(row["Longitude"]), 9)
        for r in resolutions:
            counts[r][h3.cell_to_parent(cell, r)] += 1
json.dump(
    {"total": total, "drugs": drugs, "unlocated": unlocated, "repeats": repeats, "counts": counts},
    sys.stdout,
)

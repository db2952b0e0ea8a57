"""Records of four categories around Lahore and what the layers near-repeat, linkages and scan must say of them, without Naqsha.

usage: place_layers.py SEED FOLDER EXPECTED.json

Writes records.csv and area.geojson into the folder. Cells, areas and edges are the C H3 library's, distances pyproj's; pairs, quotients
and circles are counted one by one; hypergeometric tails are SciPy's; bivariate join counts and Moran's I are esda's; the exact p of
the latter counts all draws in integers; shuffles are numpy's.
"""

import csv
import datetime
import json
import math
import os
import random
import sys
import warnings
from collections import Counter

import h3
import numpy
from esda import Moran_Local_BV
from esda.join_counts_local_bv import Join_Counts_Local_BV
from libpysal.weights import W
from pyproj import Geod
from scipy.stats import false_discovery_control, hypergeom

warnings.simplefilter("ignore")
seed, folder, expected_path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
choose = random.Random(seed)
RESOLUTION, DAYS = 7, 14
KINDS = ["TF", "DT", "HT", "CY"]
WEST, SOUTH, EAST, NORTH = 74.2, 31.4, 74.5, 31.7
corners = [(WEST, SOUTH), (EAST, SOUTH), (EAST, NORTH), (WEST, NORTH)]
with open(os.path.join(folder, "area.geojson"), "w") as file:
    ring = [list(corner) for corner in [*corners, corners[0]]]
    json.dump({"type": "Polygon", "coordinates": [ring]}, file)
area = sorted(h3.polygon_to_cells(h3.LatLngPoly([(lat, lon) for lon, lat in corners]), RESOLUTION))
inside = set(area)
first = datetime.date(2023, 1, 1)

# Spread over all; a burst of drugs at one place, human trafficking wherever terror is financed in one corner.
records = []
for _ in range(330):
    lon, lat = choose.uniform(WEST - 0.03, EAST + 0.03), choose.uniform(SOUTH - 0.03, NORTH + 0.03)
    records.append((lon, lat, choose.randrange(365), choose.choice(KINDS)))
for _ in range(25):
    records.append((74.351 + choose.gauss(0, 0.004), 31.552 + choose.gauss(0, 0.004), 130 + choose.randrange(9), "DT"))
for _ in range(40):
    when, kind = choose.randrange(365), choose.choice(["TF", "HT"])
    records.append((74.241 + choose.gauss(0, 0.008), 31.441 + choose.gauss(0, 0.008), when, kind))
choose.shuffle(records)
records = [(round(lon, 6), round(lat, 6), day, kind) for lon, lat, day, kind in records]
with open(os.path.join(folder, "records.csv"), "w", newline="") as file:
    dates = [(first + datetime.timedelta(days=day)).isoformat() for _, _, day, _ in records]
    rows = ((nth, lon, lat, when, kind) for nth, ((lon, lat, _, kind), when) in enumerate(zip(records, dates)))
    csv.writer(file).writerows([("id", "lon", "lat", "date", "category"), *rows])
placed = [
    (h3.cell_to_parent(h3.latlng_to_cell(lat, lon, 9), RESOLUTION), day, kind) for lon, lat, day, kind in records
]
placed = sorted(record for record in placed if record[0] in inside)
expected = {"records": len(records), "inside": len(placed)}
geod = Geod(ellps="WGS84")


def metres(a, b):
    (lat, lon), (other_lat, other_lon) = h3.cell_to_latlng(a), h3.cell_to_latlng(b)
    return geod.inv(lon, lat, other_lon, other_lat)[2]


occupied = sorted({cell for cell, _, _ in placed})
apart = numpy.array([[0.0 if a == b else metres(a, b) for b in occupied] for a in occupied])
number = {cell: at for at, cell in enumerate(occupied)}

# Near repeats.
space_m = 2.25 * h3.average_hexagon_edge_length(RESOLUTION, unit="m")
at = numpy.array([number[cell] for cell, _, _ in placed])
day = numpy.array([when for _, when, _ in placed])
near = apart[numpy.ix_(at, at)] <= space_m
numpy.fill_diagonal(near, False)
soon = numpy.abs(day[:, None] - day[None]) <= DAYS
one, other = numpy.nonzero(numpy.triu(near))
all_pairs = len(placed) * (len(placed) - 1) // 2
soon_pairs = int(numpy.triu(soon, 1).sum())


def touching(close):
    counts = numpy.bincount(at[one[close]], minlength=len(occupied)) + numpy.bincount(at[other[close]], minlength=len(occupied))
    return counts - numpy.bincount(at[one[close & (at[one] == at[other])]], minlength=len(occupied))


close = soon[one, other]
pairs, in_space = touching(close), touching(numpy.ones(len(one), dtype=bool))
shuffler = numpy.random.default_rng(seed)
reached, runs = numpy.zeros(len(occupied)), 1999
for _ in range(runs):
    shuffled = shuffler.permutation(day)
    reached += touching(numpy.abs(shuffled[one] - shuffled[other]) <= DAYS) >= pairs
follows = near & soon & (day[None] > day[:, None])
expected["near-repeat"] = {
    cell: {
        "n": int((at == place).sum()),
        "events": int((at == place).sum()),
        "originators": int(follows.any(axis=1)[at == place].sum()),
        "repeats": int(follows.any(axis=0)[at == place].sum()),
        "pairs": int(pairs[place]),
        "expected": in_space[place] * soon_pairs / all_pairs,
        "p_pairs": float(hypergeom.sf(pairs[place] - 1, all_pairs, soon_pairs, in_space[place])) if in_space[place] else None,
    }
    for cell, place in number.items()
}
expected["near-repeat p"] = {cell: (reached[place] + 1) / (runs + 1) for cell, place in number.items() if in_space[place]}
expected["whole"] = {
    "space_m": space_m,
    "observed": int(close.sum()),
    "expected": len(one) * soon_pairs / all_pairs,
    "ratio": int(close.sum()) / (len(one) * soon_pairs / all_pairs),
}

# Linkages.
counts = {kind: Counter(cell for cell, _, of in placed if of == kind) for kind in KINDS}
sizes = {kind: sum(counts[kind].values()) for kind in KINDS}
others = len(placed) - 1
around = {cell: [c for c in h3.grid_disk(cell, 1) if c in inside] for cell in area}
graph = W({cell: [c for c in around[cell] if c != cell] for cell in area}, id_order=area, silence_warnings=True)
vector = {kind: numpy.array([counts[kind][cell] for cell in area], dtype=float) for kind in KINDS}


def law(values, draws):
    """Ways to draw so many of some values with each sum."""
    ways = [Counter({0: 1})] + [Counter() for _ in range(draws)]
    for value in values:
        for k in range(draws, 0, -1):
            for total, many in ways[k - 1].items():
                ways[k][total + value] += many
    return ways[draws]


def two_sided(kind, cell, known):
    """Both tails of the neighbours' sum, the other cells' counts shuffled around a cell."""
    neighbours = [c for c in around[cell] if c != cell]
    key = (kind, counts[kind][cell], len(neighbours))
    if key not in known:
        values = [counts[kind][c] for c in area if c != cell]
        known[key] = law(values, len(neighbours))
    ways, total = known[key], sum(counts[kind][c] for c in neighbours)
    whole = sum(ways.values())
    upper = sum(many for s, many in ways.items() if s >= total)
    lower = sum(many for s, many in ways.items() if s <= total)
    return min(1.0, 2 * min(upper, lower) / whole)


rows, quotients, known = {}, {}, {}
for a in KINDS:
    for b in (kind for kind in KINDS if kind != a):
        x, z = (vector[a] > 0).astype(float), (vector[b] > 0).astype(float)
        joins = {
            case: dict(zip(area, Join_Counts_Local_BV(connectivity=graph).fit(x, z, case=case, permutations=0).LJC))
            for case in ("BJC", "CLC")
        }
        moran = Moran_Local_BV(vector[a], vector[b], graph, transformation="b", permutations=0)
        scale = len(area) / (len(area) - 1)
        moran_of = {cell: float(i) * scale for cell, i in zip(area, moran.Is)}
        only_b = int(((1 - x) * z).sum())
        both = int((x * z).sum())
        share, judged = 0.0, 0
        for cell in (cell for cell in occupied if counts[a][cell]):
            of_b = sum(counts[b][c] for c in around[cell])
            near_by = sum(counts[kind][c] for kind in KINDS for c in around[cell]) - 1
            apart_case = counts[b][cell] == 0
            found = int(joins["BJC" if apart_case else "CLC"][cell])
            marked, degree = (only_b if apart_case else both - 1), len(around[cell]) - 1
            row = {
                "a": counts[a][cell],
                "b": counts[b][cell],
                "around": of_b if near_by else None,
                "others": near_by or None,
                "expected": near_by * sizes[b] / others if near_by else None,
                "quotient": of_b / (near_by * sizes[b] / others) if near_by else None,
                "p": float(hypergeom.sf(of_b - 1, others, sizes[b], near_by)) if near_by else None,
                "join_case": "apart" if apart_case else "together",
                "joins": found,
                "joins_p": float(hypergeom.sf(found - 1, len(area) - 1, marked, degree)) if marked else None,
                "i": moran_of[cell],
                "i_p": two_sided(b, cell, known),
            }
            if near_by:
                share, judged = share + counts[a][cell] * of_b / near_by, judged + counts[a][cell]
            rows[f"{a}-{b}", cell] = row
        quotients[f"{a}-{b}"] = share / judged / (sizes[b] / others)
for p, q in (("p", "q"), ("joins_p", "joins_q"), ("i_p", "i_q")):
    tested = [key for key, row in rows.items() if row[p] is not None]
    for key, value in zip(tested, false_discovery_control([rows[key][p] for key in tested])):
        rows[key][q] = float(value)
    for row in rows.values():
        row.setdefault(q, None)
expected["linkages"] = {}
for (pair, cell), row in rows.items():
    expected["linkages"].setdefault(pair, {})[cell] = row
expected["quotients"] = quotients

# Scan: every circle and, by month, every stretch of at most half the year; a circle holds at most half of all.
month = numpy.array([(first + datetime.timedelta(days=int(when))).month - 1 for when in day])
table = numpy.zeros((len(occupied), 12))
numpy.add.at(table, (at, month), 1)


def ratio(c, e, all_cases):
    left = all_cases - c
    return c * math.log(c / e) + (left * math.log(left / (all_cases - e)) if left else 0.0) if c > e else 0.0


def circles(distances, weights, most):
    for centre in range(len(distances)):
        order = sorted(range(len(distances)), key=lambda place: distances[centre][place])
        held, weight = [], 0.0
        for nth, place in enumerate(order):
            held.append(place)
            weight += weights[place]
            if weight > most:
                break
            tied = nth + 1 < len(order) and distances[centre][order[nth + 1]] - distances[centre][place] < 1e-6
            if not tied:
                yield centre, list(held), distances[centre][place]


total, best = len(placed), (0.0,)
by_month = table.sum(axis=0)
for centre, held, radius in circles(apart, table.sum(axis=1), total / 2):
    here = table[held].sum(axis=0)
    for start in range(12):
        for end in range(start, min(12, start + 6)):
            c, e = here[start : end + 1].sum(), here.sum() * by_month[start : end + 1].sum() / total
            found = ratio(c, e, total) if c >= 2 else 0.0
            if found > best[0] + 1e-9:
                best = (found, c, e, start, end, sorted(occupied[place] for place in held if table[place].sum()))
llr, c, e, start, end, cells = best
expected["stp"] = {
    "llr": llr,
    "observed": int(c),
    "expected": e,
    "relative_risk": (c / e) / ((total - c) / (total - e)),
    "start": datetime.date(2023, start + 1, 1).isoformat(),
    "end": (datetime.date(2023 + (end + 1) // 12, (end + 1) % 12 + 1, 1) - datetime.timedelta(days=1)).isoformat(),
}
everywhere = numpy.array([[0.0 if a == b else metres(a, b) for b in area] for a in area])
cases = numpy.array([sum(counts[kind][cell] for kind in KINDS) for cell in area], dtype=float)
areas = numpy.array([h3.cell_area(cell, unit="km^2") for cell in area])
best = (0.0,)
for centre, held, radius in circles(everywhere, areas, areas.sum() / 2):
    c, e = cases[held].sum(), areas[held].sum() * total / areas.sum()
    found = ratio(c, e, total) if c >= 2 else 0.0
    if found > best[0] + 1e-9:
        best = (found, c, e, radius)
expected["poisson"] = {"llr": best[0], "observed": int(best[1]), "expected": best[2], "radius_km": best[3] / 1000}
with open(expected_path, "w") as file:
    json.dump(expected, file, default=float)

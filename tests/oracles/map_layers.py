"""Records around Lahore over thirteen months and what the layers density, emerging and change must say of them, without Naqsha.

usage: map_layers.py SEED FOLDER EXPECTED.json

Writes records.csv and area.geojson into the folder. Cells and areas are the C H3 library's, distances pyproj's; Gi* is esda's, its
exact p a count of all draws in integers, q SciPy's, the trend pymannkendall's; the rules of the classes are written down from
their text; the binomial law is SciPy's.
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
from functools import lru_cache

import h3
import numpy
import pymannkendall
from esda.getisord import G_Local
from libpysal.weights import W
from pyproj import Geod
from scipy.stats import binom, false_discovery_control

warnings.simplefilter("ignore")
seed, folder, expected_path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
choose = random.Random(seed)
RESOLUTION, BANDWIDTH, ALPHA = 7, 6000.0, 0.05
WEST, SOUTH, EAST, NORTH = 74.2, 31.4, 74.5, 31.7
corners = [(WEST, SOUTH), (EAST, SOUTH), (EAST, NORTH), (WEST, NORTH)]
with open(os.path.join(folder, "area.geojson"), "w") as file:
    ring = [list(corner) for corner in [*corners, corners[0]]]
    json.dump({"type": "Polygon", "coordinates": [ring]}, file)
area = sorted(h3.polygon_to_cells(h3.LatLngPoly([(lat, lon) for lon, lat in corners]), RESOLUTION))
inside = set(area)
months = [datetime.date(2022, 12, 1)] + [datetime.date(2023, month, 1) for month in range(1, 13)]

# Spread over all, with a place that comes up late, one that is always busy, one that was busy once, and two cells of which one fills
# and one empties at last.
records = []


def place(cell):
    lat, lon = h3.cell_to_latlng(cell)
    return lon + choose.gauss(0, 0.004), lat + choose.gauss(0, 0.004)


def day(month):
    following = (month.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)
    return month + datetime.timedelta(days=choose.randrange((following - month).days))


inner = [cell for cell in area if len(set(h3.grid_disk(cell, 2)) - inside) == 0]
late, busy, once, fills, empties = choose.sample(inner, 5)
for nth, month in enumerate(months):
    for _ in range(60):
        lon, lat = choose.uniform(WEST - 0.05, EAST + 0.05), choose.uniform(SOUTH - 0.05, NORTH + 0.05)
        records.append((lon, lat, day(month)))
    around = ((late, 18 if nth >= 10 else 0), (busy, 21), (once, 21 if 2 <= nth <= 5 else 0))
    for centre, many in around:
        for _ in range(many):
            records.append((*place(choose.choice(h3.grid_disk(centre, 1))), day(month)))
    for cell, many in ((fills, 15 if nth == 12 else 0), (empties, 17 if nth == 11 else 0)):
        for _ in range(many):
            records.append((*h3.cell_to_latlng(cell)[::-1], day(month)))
# The month after them is not over yet.
for of in range(1, 11):
    records.append((*place(late), datetime.date(2024, 1, of)))
records.append((*place(busy), months[0]))
choose.shuffle(records)
records = [(round(lon, 6), round(lat, 6), when) for lon, lat, when in records]
with open(os.path.join(folder, "records.csv"), "w", newline="") as file:
    rows = ((nth, lon, lat, when.isoformat()) for nth, (lon, lat, when) in enumerate(records))
    csv.writer(file).writerows([("id", "lon", "lat", "date"), *rows])

fine = [h3.latlng_to_cell(lat, lon, 9) for lon, lat, _ in records]
homes = [h3.cell_to_parent(cell, RESOLUTION) for cell in fine]
expected = {"resolution": RESOLUTION, "bandwidth": BANDWIDTH, "records": len(records)}

# Density: each record at the centre of its cell at resolution 9; what would fall outside the area stays inside.
geod = Geod(ellps="WGS84")
centres = {cell: h3.cell_to_latlng(cell) for cell in area}
lats, lons = (numpy.array([centres[cell][side] for cell in area]) for side in (0, 1))
areas = numpy.array([h3.cell_area(cell, unit="km^2") for cell in area])
density = numpy.zeros(len(area))
for cell, many in Counter(cell for cell, home in zip(fine, homes) if home in inside).items():
    lat, lon = h3.cell_to_latlng(cell)
    _, _, metres = geod.inv(numpy.full(len(area), lon), numpy.full(len(area), lat), lons, lats)
    kernel = 3 / (math.pi * (BANDWIDTH / 1000) ** 2) * numpy.clip(1 - (metres / BANDWIDTH) ** 2, 0, None) ** 2
    mass = float((kernel * areas).sum())
    density += many * kernel / (mass if abs(mass - 1) > 0.01 else 1)
n = Counter(home for home in homes if home in inside)
expected["density"] = {cell: {"density": value, "n": n[cell]} for cell, value in zip(area, density.tolist())}
expected["on_map"] = sum(n.values())

# Emerging hot spots.
steps = len(months)
cube = Counter((home, (when.year, when.month)) for home, (_, _, when) in zip(homes, records) if home in inside)
count = {(cell, t): cube[cell, (month.year, month.month)] for cell in area for t, month in enumerate(months)}
near = {cell: [other for other in h3.grid_disk(cell, 1) if other in inside] for cell in area}
links = {
    (cell, t): [(o, s) for o in near[cell] for s in (t - 1, t) if s >= 0 and (o, s) != (cell, t)] for cell, t in count
}
order = list(count)
star = G_Local(
    numpy.array([count[bin] for bin in order], dtype=float),
    W(links, id_order=order, silence_warnings=True),
    transform="B",
    permutations=0,
    star=True,
)
z = dict(zip(order, star.Zs.tolist()))
multiset = Counter(count.values())


@lru_cache(maxsize=None)
def ways(own, drawn):
    """In how many ways the sum of so many draws from the other bins is 0, 1, 2 …"""
    table = [Counter() for _ in range(drawn + 1)]
    table[0][0] = 1
    for value, many in multiset.items():
        many -= value == own
        following = [Counter() for _ in range(drawn + 1)]
        for taken, sums in enumerate(table):
            for more in range(min(many, drawn - taken) + 1):
                factor = math.comb(many, more)
                for total, number in sums.items():
                    following[taken + more][total + value * more] += number * factor
        table = following
    return table[drawn]


def tails(bin):
    law = ways(count[bin], len(links[bin]))
    seen, all_ways = sum(count[other] for other in links[bin]), sum(law.values())
    upper = sum(number for total, number in law.items() if total >= seen) / all_ways
    lower = sum(number for total, number in law.items() if total <= seen) / all_ways
    return upper, lower


both = [tails(bin) for bin in order]
q = dict(zip(order, false_discovery_control([min(1, 2 * min(pair)) for pair in both]).tolist()))
side = {
    bin: ("hot" if upper < lower else "cold") if q[bin] <= ALPHA and upper != lower else ""
    for bin, (upper, lower) in zip(order, both)
}


def name(sides, trend, p):
    """The first rule that fits, hot before cold."""
    rising = 0 if p >= 0.05 else (1 if trend > 0 else -1)
    for this, other, towards in (("hot", "cold", 1), ("cold", "hot", -1)):
        times = [t for t, of in enumerate(sides) if of == this]
        nearly_always = 10 * len(times) >= 9 * len(sides)
        last = bool(times) and times[-1] == len(sides) - 1
        if last and nearly_always:
            return {1: "intensifying", 0: "persistent", -1: "diminishing"}[rising * towards] + f"_{this}_spot"
        if last and other in sides:
            return f"oscillating_{this}_spot"
        if last and len(times) == 1:
            return f"new_{this}_spot"
        if last and times == list(range(times[0], len(sides))):
            return f"consecutive_{this}_spot"
        if last:
            return f"sporadic_{this}_spot"
        if nearly_always:
            return f"historical_{this}_spot"
    return "no_pattern"


expected["emerging"] = {}
for cell in area:
    series = [z[cell, t] for t in range(steps)]
    trend = pymannkendall.original_test(series)
    sides = [side[cell, t] for t in range(steps)]
    expected["emerging"][cell] = {
        "class": name(sides, trend.z, trend.p),
        "n": sum(count[cell, t] for t in range(steps)),
        "n_last": count[cell, steps - 1],
        "steps": steps,
        "hot_steps": sides.count("hot"),
        "cold_steps": sides.count("cold"),
        "z": series[-1],
        "q": q[cell, steps - 1],
        "trend_z": trend.z,
        "trend_p": trend.p,
    }
expected["stepped"] = sum(count.values())

# Change: December 2023 and the month before it, or the December before.
expected["change"] = {}
for baseline, before, days in (("previous", steps - 2, 30), ("year_before", 0, 31)):
    share = 31 / days / (1 + 31 / days)
    rows = {}
    for cell in area:
        b, a = count[cell, before], count[cell, steps - 1]
        upper, lower = float(binom.sf(a - 1, a + b, share)), float(binom.cdf(a, a + b, share))
        p = min(1.0, 2 * min(upper, lower))
        rows[cell] = {"before": b, "after": a, "p_upper": upper, "p_lower": lower, "p": p}
        rows[cell]["ratio"] = a / b / (31 / days) if b else None
        rows[cell]["expected"] = (a + b) * share
    for row, value in zip(rows.values(), false_discovery_control([row["p"] for row in rows.values()])):
        row["q"] = float(value)
    expected["change"][baseline] = rows
with open(expected_path, "w") as file:
    json.dump(expected, file)

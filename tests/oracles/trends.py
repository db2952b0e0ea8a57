"""Rates by esda, trends by pymannkendall, and both parts of emerging hot spots: the z of every step by esda on the
graph of places and steps, their trends by pymannkendall.

usage: trends.py SEED FOLDER EXPECTED.json
"""

import csv
import json
import os
import random
import sys
import warnings

import numpy
import pymannkendall
from esda.getisord import G_Local
from esda.smoothing import Empirical_Bayes, Excess_Risk, Spatial_Empirical_Bayes
from libpysal.weights import W

warnings.simplefilter("ignore")
seed, folder, expected_path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
choose = random.Random(seed)
expected = {}


def write(name, header, rows):
    rows = list(rows)
    if name != "trend.csv":
        choose.shuffle(rows)
    with open(os.path.join(folder, name), "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


# A random graph of places; ids are whole numbers, so that their order is that of the numbers.
places = range(40)
links = {place: set() for place in places}
for place in places:
    for other in choose.sample(places, 3):
        if other != place:
            links[place].add(other)
            links[other].add(place)
links = {place: sorted(others) for place, others in links.items()}
write("links.csv", ("from", "to", "weight"), ((a, b, 1) for a in places for b in links[a]))

people = [choose.randint(200, 30_000) for _ in places]
# Rates differ beyond chance: esda does not cut a negative variance between places off at zero.
risks = [0.002 * choose.lognormvariate(0, 0.7) for _ in places]
events = [sum(choose.random() < risk for _ in range(n)) for n, risk in zip(people, risks)]
write("rates.csv", ("id", "e", "b"), zip(places, events, people))
e, b = numpy.array(events, dtype=float), numpy.array(people, dtype=float)
graph = W(links, id_order=list(places), silence_warnings=True)
expected["rates"] = {
    "raw": list(e / b),
    "eb": list(Empirical_Bayes(e, b).r.flatten()),
    "local-eb": list(Spatial_Empirical_Bayes(e, b, graph).r.flatten()),
    "excess": list(Excess_Risk(e, b).r.flatten()),
}

series = [0.0]
for _ in range(59):
    series.append(round(0.7 * series[-1] + choose.gauss(0.05, 1), 1))
write("trend.csv", ("v",), ((value,) for value in series))
for name, test in (
    ("plain", pymannkendall.original_test),
    ("hamed_rao", pymannkendall.hamed_rao_modification_test),
):
    found = test(series)
    expected[name] = {
        "s": found.s,
        "var_s": found.var_s,
        "z": found.z,
        "p": found.p,
        "tau": found.Tau,
        "slope": found.slope,
    }

steps = 12
hot = choose.choice(places)
count = {
    (place, step): choose.choice([0, 0, 0, 1, 1, 2])
    + (step if place == hot or hot in links[place] else 0)
    for place in places
    for step in range(steps)
}
write("series.csv", ("id", "step", "value"), ((i, t, n) for (i, t), n in count.items()))
cube = {
    (place, step): [
        (other, when)
        for other in [place, *links[place]]
        for when in (step - 1, step)
        if when >= 0 and (other, when) != (place, step)
    ]
    for place, step in count
}
order = list(count)
values = numpy.array([count[bin] for bin in order], dtype=float)
star = G_Local(
    values, W(cube, id_order=order, silence_warnings=True), transform="B", permutations=0, star=True
)
z = [list(star.Zs[place * steps : (place + 1) * steps]) for place in places]
trends = [pymannkendall.original_test(row) for row in z]
expected["emerging"] = {
    "hot": hot,
    "z_series": z,
    "trend_z": [trend.z for trend in trends],
    "trend_p": [trend.p for trend in trends],
}
with open(expected_path, "w") as file:
    json.dump(expected, file, default=float)

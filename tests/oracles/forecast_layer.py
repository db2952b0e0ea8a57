"""The forecast of near-repeat weights from the exported incidents, worked out again with the C H3 library and SciPy.

usage: forecast_layer.py INCIDENTS.geojson FORECAST.geojson EXPECTED.json

The cells of the study area are those of the forecast; everything else comes from the incidents.
"""

import collections
import datetime
import json
import sys

import h3
import numpy
from scipy import stats

incidents_path, forecast_path, expected_path = sys.argv[1:4]
with open(forecast_path) as file:
    forecast = json.load(file)
with open(incidents_path) as file:
    incidents = [feature["properties"] for feature in json.load(file)["features"]]
resolution, horizon, folds = forecast["naqsha"]["resolution"], forecast["naqsha"]["forecast"]["horizon"], 8
cells = [feature["id"] for feature in forecast["features"]]
position = {cell: at for at, cell in enumerate(cells)}
areas = numpy.array([h3.cell_area(cell, "km^2") for cell in cells])


def number(day):
    return datetime.date.fromisoformat(day).toordinal()


dated = [row for row in incidents if row["first_day"]]
last = max(number(row["last_day"]) for row in dated)
first = max(min(number(row["first_day"]) for row in dated), last - 727)
events, reasons, matched = [], collections.Counter(), 0
for row in incidents:
    # A record without a time always matches.
    if row["first_day"] and (number(row["last_day"]) < first or number(row["first_day"]) > last):
        continue
    matched += 1
    if row["h3"] is None:
        reasons["no_location"] += 1
    elif row["basis"] not in ("occurrence", "seizure", "exploitation", "border_point"):
        reasons["basis"] += 1
    elif h3.get_resolution(row["h3"]) < resolution:
        reasons["too_coarse"] += 1
    elif row["first_day"] is None or row["first_day"] != row["last_day"]:
        reasons["no_day"] += 1
    elif h3.cell_to_parent(row["h3"], resolution) not in position:
        reasons["outside_study_area"] += 1
    else:
        events.append((position[h3.cell_to_parent(row["h3"], resolution)], number(row["first_day"])))
home, days = (numpy.array(column) for column in zip(*events))


def counts(chosen):
    return numpy.bincount(home[chosen], minlength=len(cells)).astype(float)


def prospective(known, to):
    scores = numpy.zeros(len(cells))
    for at, day in zip(home[known], days[known]):
        week = (to - day) // 7
        if week < 8:
            for away in range(8):
                for cell in h3.grid_ring(cells[at], away):
                    if cell in position:
                        scores[position[cell]] += 1 / ((1 + week) * (1 + away))
    return scores


def whole(scores, known, to):
    span = min(to - first, 364)
    total = max((days[known] >= to - span).sum() / span, 1 / span / 2) * horizon
    even = areas / areas.sum()
    return total * (0.99 * scores / scores.sum() + 0.01 * even if scores.sum() else even)


every = numpy.ones(len(events), dtype=bool)
scores = {"model": [], "naive": []}
happened = 0
for fold in range(folds):
    start = last + 1 - (folds - fold) * horizon
    known = days < start
    came = counts((days >= start) & (days < start + horizon))
    happened += int(came.sum())
    for name, risk in (("model", prospective(known, start)), ("naive", counts(known))):
        scores[name].extend(-stats.poisson.logpmf(came, whole(risk, known, start)))
risk = prospective(every, last + 1)
density = risk / areas
means = whole(risk, every, last + 1)
with open(expected_path, "w") as file:
    json.dump(
        {
            "expected": dict(zip(cells, means)),
            "n": dict(zip(cells, counts(every))),
            "highest": cells[int(numpy.argmax(density))],
            "matched": matched,
            "reasons": reasons,
            "happened": happened,
            "log_score": {name: float(numpy.mean(values)) for name, values in scores.items()},
        },
        file,
    )

"""Forecasts on H3 cells: near-repeat weights, density and the self-exciting likelihood by brute force, judged with SciPy.

usage: forecast_scipy.py SEED FOLDER EXPECTED.json

Events are simulated from a self-exciting process. Distances are pyproj's on the ellipsoid, cells those of the C H3 library. The
likelihood is a plain double sum, maximised by SciPy's L-BFGS; the CRPS is the closed form of Wei & Held 2014.
"""

import csv
import json
import math
import os
import sys
import warnings

import h3
import numpy
from pyproj import Geod
from scipy import optimize, special, stats

warnings.simplefilter("ignore")
seed, folder, expected_path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
random = numpy.random.default_rng(seed)
geod = Geod(ellps="WGS84")
RESOLUTION, DAYS, HORIZON, FOLDS, SHARE, EVEN = 8, 200, 7, 6, 0.1, 0.01
CENTRE = (74.35, 31.55)
expected = {}


def write(name, header, rows):
    with open(os.path.join(folder, name), "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def metres(points, others):
    """The distances of all points to all others."""
    a, b = numpy.asarray(points), numpy.asarray(others)
    lon, lat = numpy.repeat(a, len(b), axis=0).T
    other_lon, other_lat = numpy.tile(b, (len(a), 1)).T
    return geod.inv(lon, lat, other_lon, other_lat)[2].reshape(len(a), len(b))


# A background of 1.5 a day, each event followed by 0.4 others within days and a few hundred metres.
events = []
for day in numpy.sort(random.uniform(0, DAYS, random.poisson(1.5 * DAYS))):
    queue = [(random.uniform(-4000, 4000), random.uniform(-4000, 4000), day)]
    while queue:
        x, y, t = queue.pop()
        if t >= DAYS:
            continue
        events.append((CENTRE[0] + x / 94700, CENTRE[1] + y / 110900, t))
        for _ in range(random.poisson(0.4)):
            step = random.normal(0, 200, 2)
            queue.append((x + step[0], y + step[1], t + random.exponential(4)))
events = numpy.array(events)
random.shuffle(events)
write("events.csv", ("lon", "lat", "t"), events.tolist())
cells = sorted(h3.grid_disk(h3.latlng_to_cell(CENTRE[1], CENTRE[0], RESOLUTION), 8))
write("cells.csv", ("id",), [(cell,) for cell in cells])
position = {cell: at for at, cell in enumerate(cells)}
areas = numpy.array([h3.cell_area(cell, "km^2") for cell in cells])
centres = numpy.array([h3.cell_to_latlng(cell)[::-1] for cell in cells])
home = numpy.array(
    [position.get(h3.latlng_to_cell(lat, lon, RESOLUTION), -1) for lon, lat, _ in events]
)
events, home = events[home >= 0], home[home >= 0]
first, last = math.floor(events[:, 2].min()), math.floor(events[:, 2].max()) + 1
steps = numpy.array(
    [[h3.grid_distance(a, b) for b in cells] for a in cells]
)


def counts(chosen):
    return numpy.bincount(home[chosen], minlength=len(cells)).astype(float)


def whole(scores, known, to):
    """Scores as an expected number in each cell."""
    days = min(to - first, 364)
    total = max((events[known, 2] >= to - days).sum() / days, 1 / days / 2) * HORIZON
    spread = areas / areas.sum()
    if scores.sum() > 0:
        spread = (1 - EVEN) * scores / scores.sum() + EVEN * spread
    return total * spread


def prospective(known, to):
    weeks = numpy.floor((to - events[known, 2]) / 7)
    scores = numpy.zeros(len(cells))
    for at, week in zip(home[known], weeks):
        if week < 8:
            scores += numpy.where(steps[at] < 8, 1 / ((1 + week) * (1 + steps[at])), 0)
    return scores


BANDWIDTH, WINDOW = 2500.0, 91.0


def kde(known, to):
    recent = known & (events[:, 2] >= to - WINDOW)

    def kernel(apart):
        return 3 / math.pi / (BANDWIDTH / 1000) ** 2 * numpy.clip(1 - (apart / BANDWIDTH) ** 2, 0, None) ** 2

    # What would fall outside stays within: each event's kernel is divided by its mass inside, where that is not 1 within 1 %.
    density = numpy.zeros(len(cells))
    apart = metres(centres, events[recent, :2])
    for column, (event, at) in enumerate(zip(events[recent], home[recent])):
        around = h3.grid_disk(cells[at], 6)
        points = [h3.cell_to_latlng(other)[::-1] for other in around]
        mass = kernel(metres([event[:2]], points))[0] * [h3.cell_area(c, "km^2") for c in around]
        inside = numpy.array([other in position for other in around])
        left = mass[inside].sum()
        density += kernel(apart[:, column]) / (left if abs(left - 1) > 0.01 else 1)
    return density * areas


def rate(scores, share, outcomes):
    """The hit rate at a share of the area; cells of equal risk are taken in parts."""
    left, hits = share * areas.sum(), 0.0
    for level in sorted(set(scores), reverse=True):
        tied = scores == level
        part = min(1, left / areas[tied].sum())
        hits += part * outcomes[tied].sum()
        left -= part * areas[tied].sum()
        if left <= 1e-12:
            break
    return hits / outcomes.sum()


def crps(y, mean):
    below = stats.poisson.cdf(y, mean)
    bessel = special.ive(0, 2 * mean) + special.ive(1, 2 * mean)
    return (y - mean) * (2 * below - 1) + 2 * mean * stats.poisson.pmf(y, mean) - mean * bessel


def judged(model):
    hits = best = happened = before = known_events = 0.0
    sums = {"crps": [], "log_score": [], "brier": []}
    for fold in range(FOLDS):
        start = last - (FOLDS - fold) * HORIZON
        known = events[:, 2] < start
        came = counts((events[:, 2] >= start) & (events[:, 2] < start + HORIZON))
        scores = model(known, start)
        means = whole(scores, known, start)
        if came.sum() > 0:
            risk = scores / areas
            hits += rate(risk, SHARE, came) * came.sum()
            best += rate(came / areas, SHARE, came) * came.sum()
            before += rate(risk, SHARE, counts(known)) * known.sum()
            happened, known_events = happened + came.sum(), known_events + known.sum()
        sums["crps"].extend(crps(came, means))
        sums["log_score"].extend(-stats.poisson.logpmf(came, means))
        sums["brier"].extend(((came > 0) - (1 - numpy.exp(-means))) ** 2)
    return {
        "hit_rate": hits / happened,
        "pai": hits / happened / SHARE,
        "pei": hits / best,
        "rri": (hits / happened) / (before / known_events),
        **{name: float(numpy.mean(values)) for name, values in sums.items()},
    }


def naive(known, _to):
    return counts(known)


every = numpy.ones(len(events), dtype=bool)
for name, model in (("naive", naive), ("prospective", prospective), ("kde", kde)):
    expected[name] = {
        "rows": dict(zip(cells, whole(model(every, last), every, last))),
        "scores": judged(model),
    }

# The likelihood: a plain sum over all pairs within 180 days and three bandwidths.
order = numpy.lexsort((events[:, 1], events[:, 0], events[:, 2]))
events, home = events[order], home[order]
SELF_BANDWIDTH = 1000.0
apart = metres(events[:, :2], events[:, :2])
later = events[:, 2][:, None] - events[:, 2][None, :]
PARTS = (1, 1 / 2, 1 / 4, 1 / 8)
f = []
for part in PARTS:
    wide = part * SELF_BANDWIDTH
    kernel = numpy.exp(-(apart**2) / (2 * wide**2)) * (apart <= 5 * wide)
    numpy.fill_diagonal(kernel, 0)
    density = kernel.sum(axis=1) / (len(events) - 1) / (2 * math.pi * (wide / 1000) ** 2)
    f.append((1 - EVEN) * density + EVEN / areas.sum())
f = numpy.array(f)
paired = (later > 0) & (later <= 180) & (apart <= 3 * SELF_BANDWIDTH)
seen = numpy.minimum(last - events[:, 2], 180)


def log_likelihood(logs):
    *background, offspring, decay, sigma = numpy.exp(logs)
    variance = (sigma / 1000) ** 2
    triggered = numpy.where(
        paired,
        offspring * decay * numpy.exp(-decay * later - (apart / 1000) ** 2 / (2 * variance)) / (2 * math.pi * variance),
        0,
    ).sum(axis=1)
    rates = numpy.log(background @ f + triggered).sum()
    return rates - sum(background) * (last - first) - offspring * (1 - numpy.exp(-decay * seen)).sum()


bounds = [(-25, None)] * 4 + [(None, math.log(0.99)), (math.log(1 / 30), math.log(4)), (math.log(50), math.log(500))]
start = numpy.log([len(events) / DAYS / 5] * 4 + [0.2, 0.5, 100])
found = optimize.minimize(
    lambda logs: -log_likelihood(logs), start, bounds=bounds, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 2000, "maxfun": 100000}
)
*background, offspring, decay, sigma = numpy.exp(found.x)
expected["fit"] = {
    "background_per_day": sum(background),
    "offspring": offspring,
    "decay_per_day": decay,
    "sigma_m": sigma,
    "log_likelihood": -found.fun,
    "pairs": int(paired.sum()),
}


def masses(weights, width):
    """What events leave in each cell: a normal law in the middle of cells three steps finer, to six deviations."""
    fine = [(child, at) for at, cell in enumerate(cells) for child in h3.cell_to_children(cell, RESOLUTION + 3)]
    points = numpy.array([h3.cell_to_latlng(child)[::-1] for child, _ in fine])
    east, north = 111320 * math.cos(math.radians(CENTRE[1])), 110900
    sizes = numpy.array([h3.cell_area(child, "m^2") for child, _ in fine])
    law = numpy.zeros(len(fine))
    for (lon, lat, _), weight in zip(events, weights):
        square = ((points[:, 0] - lon) * east) ** 2 + ((points[:, 1] - lat) * north) ** 2
        law += weight * numpy.exp(-square / (2 * width**2)) / (2 * math.pi * width**2) * sizes
    return numpy.bincount([at for _, at in fine], weights=law, minlength=len(cells))


fading = decay * (1 - offspring)
lasting = (1 - math.exp(-fading * HORIZON)) / fading
# The mean of a branching process: its rate from t on solves m(t) = b + offspring · ∫ decay e^(−decay (t − s)) m(s) ds.
grid = numpy.linspace(0, HORIZON, 7001)
step = grid[1]
rate_now = numpy.ones(len(grid))
memory = 0.0
for at in range(1, len(grid)):
    memory = memory * math.exp(-decay * step) + rate_now[at - 1] * (1 - math.exp(-decay * step))
    rate_now[at] = 1 + offspring * memory
grown = numpy.trapezoid(rate_now, grid)
now = offspring * decay * numpy.exp(-decay * (last - events[:, 2])) * (last - events[:, 2] <= 180)
spread = sum(background) * EVEN * areas / areas.sum()
for per_day, part in zip(background, PARTS):
    each = (1 - EVEN) * per_day / len(events)
    spread = spread + masses(each * numpy.ones(len(events)), part * SELF_BANDWIDTH)
expected["self-exciting"] = dict(zip(cells, spread * grown + masses(now, sigma) * lasting))
with open(expected_path, "w") as file:
    json.dump(expected, file, default=float)

"""Draws the plot of each page of docs/statistics from what the program prints for the page's example.

usage: draw.py PROGRAM FOLDER

Needs Python alone. Numbers are written with three decimals, so that the same answers give the same bytes on every machine.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480, 240, 52, 12, 46, 42
INK, FIRST, SECOND, FAINT = "#1b1b1b", "#0b5fa5", "#d97706", "#d0d4d9"


def number(value):
    """At most three decimals, without trailing zeros."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


class Plot:
    """One chart: a title, two named axes, and marks between them."""

    def __init__(self, title, across, up, labels, highest, lowest=0.0):
        self.labels, self.highest, self.lowest = labels, highest, lowest
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
            f'role="img" font-family="sans-serif" font-size="11" fill="{INK}">',
            f"<title>{title}</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            f'<text x="{LEFT}" y="16" font-size="12" font-weight="bold">{title}</text>',
            f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{across}</text>',
            f'<text x="4" y="{TOP - 14}">{up}</text>',
        ]
        for share in (0, 0.5, 1):
            value = lowest + share * (highest - lowest)
            y = number(self.y(value))
            self.parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="{FAINT}"/>')
            self.parts.append(f'<text x="{LEFT - 4}" y="{y}" dy="4" text-anchor="end">{number(value)}</text>')
        for at, label in enumerate(labels):
            x = number(self.x(at))
            self.parts.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle">{label}</text>')

    def x(self, at):
        return LEFT + (at + 0.5) * (WIDTH - LEFT - RIGHT) / len(self.labels)

    def y(self, value):
        return TOP + (self.highest - value) / (self.highest - self.lowest) * (HEIGHT - TOP - BOTTOM)

    def bars(self, values, colour=FIRST, slot=0, slots=1):
        """One bar a label, beside those of other lists; a value that is not there has none."""
        room = 0.7 * (WIDTH - LEFT - RIGHT) / len(self.labels)
        for at, value in enumerate(values):
            if value is None:
                continue
            x, zero, y = self.x(at) - room / 2 + room * slot / slots, self.y(max(self.lowest, 0.0)), self.y(value)
            self.parts.append(
                f'<rect x="{number(x)}" y="{number(min(y, zero))}" width="{number(room / slots - 1)}" '
                f'height="{number(abs(y - zero))}" fill="{colour}"><title>{number(value)}</title></rect>'
            )

    def line(self, points, colour=FIRST):
        """A line through (position among the labels, value)."""
        path = " ".join(f"{number(self.x(at))},{number(self.y(value))}" for at, value in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')

    def ranges(self, ends, colour=INK):
        for at, (low, high) in enumerate(ends):
            x = number(self.x(at))
            self.parts.append(
                f'<line x1="{x}" x2="{x}" y1="{number(self.y(low))}" y2="{number(self.y(high))}" stroke="{colour}" '
                f'stroke-width="2"><title>{number(low)} to {number(high)}</title></line>'
            )

    def legend(self, names):
        """Names of the lists, each with its colour."""
        for at, (name, colour) in enumerate(names):
            x = LEFT + 130 * at
            self.parts.append(f'<rect x="{x}" y="{HEIGHT - 15}" width="9" height="9" fill="{colour}"/>')
            self.parts.append(f'<text x="{x + 13}" y="{HEIGHT - 6}">{name}</text>')

    def written(self):
        return "\n".join([*self.parts, "</svg>"]) + "\n"


class Run:
    """The program, in a folder of tables."""

    def __init__(self, program, folder):
        self.program, self.folder = program, Path(folder)

    def __call__(self, name, tables, *arguments):
        for table, rows in tables.items():
            lines = [",".join(map(str, row)) for row in rows]
            (self.folder / table).write_text("\n".join(lines) + "\n")
        run = [self.program, "stats", name, *map(str, arguments)]
        done = subprocess.run(run, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{run}: {done.stderr}")
        return json.loads(done.stdout)


def values(numbers, column="v"):
    return [("id", column), *enumerate(numbers)]


def row_of(places):
    """Each place of a row beside the next."""
    both = [pair for at in range(places - 1) for pair in ((at, at + 1, 1), (at + 1, at, 1))]
    return [("from", "to", "weight"), *both]


def in_a_row(run, name, numbers, *more):
    tables = {"v.csv": values(numbers), "n.csv": row_of(len(numbers))}
    return run(name, tables, "--values", "v.csv", "--column", "v", "--neighbours", "n.csv", *more)["rows"]


def local_moran(run):
    numbers = [0, 1, 0, 1, 5, 5]
    rows = in_a_row(run, "local-moran", numbers)
    plot = Plot("Local Moran's I of six places in a row", "values", "I", numbers, 2, -1)
    plot.bars([row["i"] for row in rows])
    return plot


def losh(run):
    numbers = [2, 2, 2, 2, 2, 9, 1, 8]
    rows = in_a_row(run, "losh", numbers)
    plot = Plot("Unevenness along a street", "values", "H", numbers, 3)
    plot.bars([row["h"] for row in rows])
    return plot


def whole_map(run):
    beside = []
    for place in range(16):
        for other in [place + 1] * (place % 4 < 3) + [place + 4] * (place < 12):
            beside += [(place, other, 1), (other, place, 1)]
    tables = {"v.csv": values([int(place < 8) for place in range(16)]), "n.csv": [("from", "to", "weight"), *beside]}
    found = run("join-count", tables, "--values", "v.csv", "--column", "v", "--neighbours", "n.csv")
    plot = Plot("Joins of a square whose upper half is marked", "joins of", "links", ["two ones", "two zeros", "one each"], 12)
    plot.bars([found[kind] for kind in ("bb", "ww", "bw")])
    return plot


def rates(run):
    events, people = [1, 0, 10, 25], [50, 50, 10_000, 10_000]
    tables = {"v.csv": [("id", "e", "b"), *((at, *pair) for at, pair in enumerate(zip(events, people)))]}
    of = ["--values", "v.csv", "--events", "e", "--population", "b", "--method"]
    raw, drawn = (run("rates", tables, *of, method)["rows"] for method in ("raw", "eb"))
    labels = [f"{e} of {b}" for e, b in zip(events, people)]
    plot = Plot("Rates of two villages and two towns", "events of people", "per 1,000", labels, 20)
    plot.bars([1_000 * row["value"] for row in raw], FIRST, 0, 2)
    plot.bars([1_000 * row["value"] for row in drawn], SECOND, 1, 2)
    plot.legend([("raw", FIRST), ("empirical Bayes", SECOND)])
    return plot


def mann_kendall(run):
    months = [1, 3, 2, 5, 4, 7, 6, 8, 9, 8]
    found = run("mann-kendall", {"v.csv": values(months)}, "--values", "v.csv", "--column", "v")
    plot = Plot(f"A series with slope {number(found['slope'])}, p {number(found['p'])}", "month", "", range(1, 11), 10)
    plot.bars(months, FAINT)
    middle = sorted(months)[4:6]
    start = sum(middle) / 2 - found["slope"] * 4.5
    plot.line([(at, start + found["slope"] * at) for at in (0, 9)])
    return plot


def emerging(run):
    series = [("id", "step", "value")]
    for place in range(30):
        series += [(place, step, 6 if place in (14, 15, 16) and step > 9 else (place * 7 + step * 5) % 3) for step in range(1, 13)]
    found = run("emerging", {"s.csv": series, "n.csv": row_of(30)}, "--series", "s.csv", "--neighbours", "n.csv")
    hot = found["rows"][15]
    plot = Plot(f"Gi* of one place step by step: {hot['class'].replace('_', ' ')}", "step", "z", range(1, 13), 12, -2)
    plot.bars(hot["z_series"])
    return plot


def knox(run):
    places = [(0, 0), (50, 0), (900, 0), (950, 0), (0, 900), (0, 950)]
    events = [("x", "y", "t"), *((*place, day) for place, day in zip(places, [1, 3, 40, 41, 80, 85]))]
    bands = ["--space-bands", "0,100,inf", "--time-bands", "0,7,inf", "--metric", "euclidean", "--seed", 1]
    found = run("knox", {"e.csv": events}, "--events", "e.csv", *bands)
    labels = ["near, soon", "near, late", "far, soon", "far, late"]
    plot = Plot("Pairs of six events", "distance and time", "pairs", labels, 12)
    plot.bars(sum(found["observed"], []), FIRST, 0, 2)
    plot.bars(sum(found["expected"], []), SECOND, 1, 2)
    plot.legend([("observed", FIRST), ("expected", SECOND)])
    return plot


def scan(run):
    cases = [6, 6, 1, 0, 1, 2, 0, 1]
    tables = {
        "c.csv": values(cases, "cases"),
        "p.csv": values([1_000] * 8, "population"),
        "xy.csv": [("id", "x", "y"), *((at, at * at, 0) for at in range(8))],
    }
    of = ["--model", "poisson", "--cases", "c.csv", "--population", "p.csv", "--coords", "xy.csv", "--seed", 1]
    first = run("scan", tables, *of)["clusters"][0]
    found = {int(place) for place in first["ids"]}
    plot = Plot(f"Eight villages and the cluster found (p {number(first['p'])})", "village", "cases", range(8), 8)
    plot.bars([count if at in found else None for at, count in enumerate(cases)], SECOND)
    plot.bars([None if at in found else count for at, count in enumerate(cases)], FIRST)
    plot.legend([("in the cluster", SECOND), ("outside", FIRST)])
    return plot


def colocation(run):
    kinds = zip([0, 1, 20, 21, 40, 41], "ABABBB")
    events = [("x", "y", "type"), *((x, 0, kind) for x, kind in kinds)]
    pairs = run("colocation", {"e.csv": events}, "--events", "e.csv", "--knn", 1, "--seed", 1)["pairs"]
    plot = Plot("Quotients of two kinds of events", "whose neighbour is", "", [f"{p['a']}: {p['b']}" for p in pairs], 2)
    plot.bars([pair["clq"] for pair in pairs])
    plot.line([(-0.5, 1), (len(pairs) - 0.5, 1)], SECOND)
    return plot


def kde(run):
    events = [("lon", "lat"), (67.01, 24.86), (67.02, 24.86), (67.01, 24.87)]
    found = run("kde", {"e.csv": events}, "--events", "e.csv", "--bandwidth", 3_000, "--resolution", 8)
    densities = sorted((row["density_per_km2"] for row in found["rows"]), reverse=True)
    plot = Plot("Density of three events, cell by cell", "cells, densest first", "per km²", range(1, len(densities) + 1), 0.4)
    plot.parts = [part for part in plot.parts if f'y="{HEIGHT - BOTTOM + 15}"' not in part]
    plot.bars(densities)
    return plot


def concentration(run):
    plot = Plot("Four crimes in a hundred places", "share of places, in tenths", "share of crimes", range(11), 1)
    for crimes, colour in ([[1] * 4, FIRST], [[4, 0, 0, 0], SECOND]):
        numbers = crimes + [0] * 96
        found = run("concentration", {"v.csv": values(numbers)}, "--values", "v.csv", "--column", "v")
        plot.line([(10 * places, events) for places, events in found["lorenz"]], colour)
    plot.legend([("all apart", FIRST), ("all in one", SECOND)])
    return plot


def aoristic(run):
    events = [
        ("id", "start", "end"),
        ("car", "2024-03-11T22:00", "2024-03-12T06:00"),
        ("shop", "2024-03-11T20:00", "2024-03-12T20:00"),
        ("alarm", "2024-03-12T03:00", ""),
    ]
    rows = run("aoristic", {"e.csv": events}, "--events", "e.csv", "--step", "hour")["rows"]
    plot = Plot("When the car, the shop and the alarm happened", "hour", "events", [row["start"][11:13] for row in rows], 1.2)
    plot.bars([row["weight"] for row in rows])
    return plot


def harm(run):
    events = [("id", "section")]
    events += [(f"fraud{at}", "PECA-2016 14") for at in range(40)] + [(f"child{at}", "PTPA-2018 3(2)") for at in range(3)]
    rows = run("harm", {"e.csv": events}, "--events", "e.csv")["rows"]
    plot = Plot("Frauds online and trafficking in children", "", "share of all", [row["section"] for row in rows], 1)
    for slot, (name, colour) in enumerate([("reported", FIRST), ("days_reported", SECOND)]):
        plot.bars([row[name] / sum(row[name] for row in rows) for row in rows], colour, slot, 2)
    plot.legend([("events", FIRST), ("days", SECOND)])
    return plot


def pai(run):
    scores, outcomes = [0.9, 0.5, 0.5, 0.1, 0.0], [4, 3, 1, 2, 0]
    tables = {
        "f.csv": [("id", "score", "area"), *((at, score, 1) for at, score in enumerate(scores))],
        "o.csv": values(outcomes, "n"),
    }
    found = run("pai", tables, "--forecast", "f.csv", "--outcome", "o.csv", "--share", 0.4)
    plot = Plot(f"Hits by area chosen: PAI {number(found['pai'])} at 0.4", "tenths of the area", "hit rate", range(11), 1)
    plot.line([(10 * area, hits) for area, hits in found["curve"]])
    plot.line([(0, 0), (10, 1)], FAINT)
    return plot


def change(run):
    before, after, ratio = [1, 100, 0], [4, 140, 6], 31 / 30
    tables = {"v.csv": [("id", "before", "after"), *((at, *pair) for at, pair in enumerate(zip(before, after)))]}
    of = ["--values", "v.csv", "--before", "before", "--after", "after", "--exposure-ratio", ratio]
    rows = run("change", tables, *of)["rows"]
    labels = [f"p {number(row['p_two_sided'])}, q {number(row['q'])}" for row in rows]
    plot = Plot("Three districts, a month of 30 days and one of 31", "", "events", labels, 150)
    plot.bars([count * ratio for count in before], FIRST, 0, 2)
    plot.bars(after, SECOND, 1, 2)
    plot.legend([("if the rate stayed", FIRST), ("after", SECOND)])
    return plot


def flows(run):
    table = [("from", "to", "n"), ("Quetta", "Karachi", 2), ("Karachi", "Quetta", 1), ("Lahore", "Lahore", 1)]
    places = run("flows", {"f.csv": table}, "--flows", "f.csv")["places"]
    plot = Plot("What three places send, receive and keep", "", "seizures", [place["id"] for place in places], 2)
    kinds = [("sent", FIRST), ("received", SECOND), ("within", FAINT)]
    for slot, (kind, colour) in enumerate(kinds):
        plot.bars([place[kind] for place in places], colour, slot, 3)
    plot.legend(kinds)
    return plot


def corridors(run):
    # The middle of a disk is place 0, the six around it are 1 to 6 in turn.
    links = [pair for at in range(1, 7) for other in (0, at % 6 + 1) for pair in ((at, other, 1), (other, at, 1))]
    tables = {"v.csv": values([9, 1, 1, 1, 1, 1, 1]), "n.csv": [("from", "to", "weight"), *links]}
    of = ["--values", "v.csv", "--column", "v", "--neighbours", "n.csv", "--from", 1, "--to", 4, "--paths", 9]
    rows = run("corridors", tables, *of)["rows"]
    plot = Plot("Paths from one side of a disk to the other", "path, cheapest first", "cost", range(1, len(rows) + 1), 16)
    around = [None if "0" in row["path"] else row["cost"] for row in rows]
    plot.bars(around)
    plot.bars([row["cost"] if cost is None else None for row, cost in zip(rows, around)], SECOND)
    plot.legend([("round the middle", FIRST), ("through it", SECOND)])
    return plot


def forecast(run):
    events = [("lon", "lat", "t"), (74.35, 31.55, 1), (74.35, 31.55, 8)]
    of = ["--events", "e.csv", "--model", "prospective", "--resolution", 8]
    shares = sorted((row["share"] for row in run("forecast", {"e.csv": events}, *of)["rows"]), reverse=True)
    plot = Plot("Where the next event is expected after two at one place", "cells, likeliest first", "share", range(1, len(shares) + 1), 0.2)
    plot.bars(shares)
    return plot


PAGES = [
    aoristic, change, colocation, concentration, corridors, emerging, flows, forecast, harm, kde, knox, local_moran, losh, mann_kendall,
    pai, rates, scan, whole_map,
]

if __name__ == "__main__":
    program, target = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as tables:
        for page in PAGES:
            name = page.__name__.replace("_", "-")
            (target / f"{name}.svg").write_text(page(Run(program, tables)).written(), encoding="utf-8")

"""Filters and the features they choose, by others: SQLite (comparisons, nulls, three-valued logic), Shapely (how geometries
lie), the cql2 package (case, time, and the same filter as JSON).

Reads one JSON object from standard input: layer -> GeoJSON features. Writes one JSON array: layer, text, json, ids.
"""

import json
import random
import sqlite3
import sys

import cql2
from shapely.geometry import box, mapping, shape

random.seed(20261128)
layers = json.load(sys.stdin)
found = []


def note(layer, text, ids):
    found.append({"layer": layer, "text": text, "json": cql2.Expr(text).to_json(), "ids": sorted(ids)})


def literal(value):
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)


def kinds(features):
    """Names of the properties that are numbers, and of those that are texts."""
    numbers, texts = set(), set()
    for feature in features:
        for name, value in feature["properties"].items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                numbers.add(name)
            elif isinstance(value, str) and "\\" not in value and not value.startswith("20"):
                texts.add(name)
    return sorted(numbers), sorted(texts)


def comparison(features, numbers, texts, depth=0):
    pick = lambda name: random.choice([f["properties"][name] for f in features])
    roll = random.random()
    if depth < 3 and roll < 0.45:
        parts = [comparison(features, numbers, texts, depth + 1) for _ in range(random.randint(2, 3))]
        joined = random.choice([" AND ", " OR "]).join(f"({part})" for part in parts)
        return joined if random.random() < 0.6 else f"NOT ({joined})"
    if roll < 0.55:
        name = random.choice(numbers + texts)
        return f"{name} IS {random.choice(['', 'NOT '])}NULL"
    if numbers and roll < 0.8:
        name, other = random.choice(numbers), random.choice(numbers)
        value = pick(name)
        value = 0.5 if value is None else value
        sign = random.choice(["=", "<>", "<", ">", "<=", ">="])
        return random.choice([
            f"{name} {sign} {literal(value)}",
            f"{name} {sign} {other}",
            f"{name} * 2 + 1 {sign} {literal(value)} - {other} * 3",
            f"{name} {random.choice(['', 'NOT '])}BETWEEN {literal(value)} AND {literal(value + 1)}",
            f"{name} {random.choice(['', 'NOT '])}IN ({literal(value)}, 1.0, 7.0)",
        ])
    name = random.choice(texts or ["h3"])
    value = pick(name) or "x"
    return random.choice([
        f"{name} = {literal(value)}",
        f"{name} <> {literal(value)}",
        f"{name} >= {literal(value)}",
        f"{name} {random.choice(['', 'NOT '])}LIKE {literal(value[:2] + '%')}",
        f"{name} LIKE {literal('_' + value[1:-1] + '%')}",
        f"{name} {random.choice(['', 'NOT '])}IN ({literal(value)}, 'none')",
    ])


for layer, features in layers.items():
    numbers, texts = kinds(features)
    base = sqlite3.connect(":memory:")
    base.execute("PRAGMA case_sensitive_like = ON")
    names = sorted(set(numbers + texts))
    columns = ", ".join(f"{name} {'REAL' if name in numbers else 'TEXT'}" for name in names)
    base.execute(f"CREATE TABLE features (id TEXT, {columns})")
    for feature in features:
        values = [feature["id"]] + [feature["properties"][name] for name in names]
        base.execute(f"INSERT INTO features VALUES ({', '.join('?' * len(values))})", values)
    for _ in range(120):
        text = comparison(features, numbers, texts)
        note(layer, text, [row[0] for row in base.execute(f"SELECT id FROM features WHERE {text}")])

    places = [(f["id"], shape(f["geometry"])) for f in features if f["geometry"]]
    relations = ["intersects", "disjoint", "equals", "touches", "crosses", "within", "contains", "overlaps"]
    for _ in range(40):
        _, some = random.choice(places)
        west, south, east, north = some.bounds
        other = random.choice([
            box(west, south, east, north),
            box(west - 0.02, south - 0.02, east + 0.01, north + 0.01),
            some,
            some.centroid,
            box(west, south, east, north).boundary,
            some.union(box(east, south, east + 0.05, north)),
        ])
        if other.geom_type == "GeometryCollection":
            continue
        relation = random.choice(relations)
        inside = [i for i, place in places if getattr(place, relation)(other)]
        turned = [i for i, place in places if getattr(other, relation)(place)]
        # Seventeen digits: the same double comes back.
        def wkt(geometry):
            at = lambda positions: ", ".join(f"{x!r} {y!r}" for x, y in positions)
            rings = lambda polygon: ", ".join(f"({at(ring)})" for ring in polygon["coordinates"])
            kind = geometry["type"]
            if kind == "Point":
                return "POINT(" + at([geometry["coordinates"]]) + ")"
            if kind == "LineString":
                return "LINESTRING(" + at(geometry["coordinates"]) + ")"
            if kind == "Polygon":
                return "POLYGON(" + rings(geometry) + ")"
            return "MULTIPOLYGON(" + ", ".join(
                f"({rings({'coordinates': polygon})})" for polygon in geometry["coordinates"]) + ")"
        note(layer, f"S_{relation.upper()}(geometry, {wkt(mapping(other))})", inside)
        note(layer, f"S_{relation.upper()}({wkt(mapping(other))}, geometry)", turned)

    if "first_day" in features[0]["properties"]:
        days = sorted({f["properties"]["first_day"] for f in features})
        for _ in range(20):
            a, b = sorted(random.sample(days, 2))
            chosen = lambda test: [f["id"] for f in features if test(f["properties"]["first_day"])]
            note(layer, f"T_AFTER(first_day, DATE('{a}'))", chosen(lambda day: day > a))
            note(layer, f"T_BEFORE(first_day, DATE('{a}'))", chosen(lambda day: day < a))
            note(layer, f"T_DURING(first_day, INTERVAL('{a}', '{b}'))", chosen(lambda day: a < day < b))
            note(layer, f"T_INTERSECTS(first_day, INTERVAL('{a}', '..'))", chosen(lambda day: day >= a))
            note(layer, f"first_day >= DATE('{a}') AND first_day <= DATE('{b}')", chosen(lambda day: a <= day <= b))
            note(layer, f"first_day > TIMESTAMP('{a}T12:00:00Z')", chosen(lambda day: day > a))
        folded = lambda test: [f["id"] for f in features if test(f["properties"]["category_name"].lower())]
        note(layer, "CASEI(category_name) LIKE CASEI('CYBER%')", folded(lambda name: name.startswith("cyber")))
        note(layer, "CASEI(category_name) = CASEI('drug TRAFFICKING')", folded(lambda name: name == "drug trafficking"))

json.dump(found, sys.stdout)

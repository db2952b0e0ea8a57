"""What becomes of the rows of a published file, by plain reading: an oracle for the open-data profiles.

Usage: open_data.py NAME FILE. Prints one JSON object: rows and their outcomes, accepted incidents by category and by
month of occurrence, how many have a point and the sums of their coordinates in ten-millionths of a degree, and how many
repeated keys carry the same (D701) or another content (D702). Nothing of the program under test is read or imported.
"""

import collections
import csv
import datetime
import gzip
import json
import math
import re
import sys

NULL = {"", "NA"}
MONTHS = {m: i for i, m in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}


def iso(text):
    return datetime.date.fromisoformat(text[:10])


def english(text):
    """`9-Jul-19`, `Thursday-Oct-22-2015`, `Sunday-November 19-1995`."""
    day, year = re.findall(r"\d+", text)
    month = MONTHS[re.findall(r"[A-Za-z]+", text)[-1][:3].lower()]
    return datetime.date(int(year) + (2000 if len(year) == 2 else 0), month, int(day))


def columns(lon="longitude", lat="latitude"):
    def point(row):
        cells = [row[lon].strip(), row[lat].strip()]
        if any(cell in NULL for cell in cells):
            return None
        return [float(cell) for cell in cells]

    return point


def combined(row):
    parts = row["Location Coordinates"].split(",")
    return [float(parts[1]), float(parts[0])] if len(parts) == 2 else None


def nowhere(_row):
    return None


def away_from_zero(number):
    return int(math.copysign(math.floor(abs(number) + 0.5), number))


def year_month(row):
    if not row["YEAR"] or row["month"].strip().lower() not in MONTHS:
        return None
    return datetime.date(int(row["YEAR"]), MONTHS[row["month"].strip().lower()], 1)


def chicago(row):
    kind = row["Primary Type"]
    if "NARCOTIC" in kind:
        return "DT"
    if kind == "HUMAN TRAFFICKING":
        return "HT"
    return "ADJ/AR" if kind in ("WEAPONS VIOLATION", "CONCEALED CARRY LICENSE VIOLATION") else "ADJ/OT"


# name: (date of a row, point of a row, category, key column, columns whose content is compared)
SETS = {
    "chicago-crimes": (lambda r: iso(r["Date"]), nowhere, chicago, None, ()),
    "chicago-aggravated-assaults": (lambda r: iso(r["date"]), columns(), "ADJ/OT", None, ()),
    "cod-homicides": (lambda r: iso(r["date_single"]), columns(), "ADJ/OT", "uid", ()),
    "nyc-vehicle-thefts": (lambda r: iso(r["date_start"]), columns(), "ADJ/OT", "uid", ()),
    "memphis-robberies": (lambda r: iso(r["date"]), columns(), "ADJ/OT", "uid", ()),
    "san-francisco-robberies": (lambda r: iso(r["date_time"]), columns(), "ADJ/OT", "uid", ()),
    "nyc-homicides": (lambda r: iso(r["offense_date"]), columns(), "ADJ/OT", "uid", ()),
    "nyc-shootings": (
        lambda r: iso(r["occur_date"]),
        columns(),
        "ADJ/OT",
        "incident_key",
        ("boro", "occur_date", "murder", "longitude", "latitude"),
    ),
    "cincinnati-burglary": (
        lambda r: iso(r["offense_date"]),
        columns(),
        "ADJ/OT",
        "incident_no",
        ("offense_date", "offense", "longitude", "latitude"),
    ),
    "tempe-opioid-calls": (lambda r: iso(r["incident_date"]), columns(), "DT", None, ()),
    "police-uk-extract": (lambda r: iso(r["month"]), columns(), "ADJ/OT", None, ()),
    "iom-missing-migrants": (lambda r: english(r["Reported Date"]), combined, "ADJ/OT", "Web ID", ()),
    "pk-suicide-attacks": (lambda r: english(r["Date"]), columns("Longitude", "Latitude"), "ADJ/OT", "S#", ()),
    "cdmx-car-jackings": (lambda r: iso(r["fecha_hechos"]), columns("lon", "lat"), "ADJ/OT", None, ()),
    "vancouver-thefts": (lambda r: datetime.date(*(int(r[c]) for c in ("YEAR", "MONTH", "DAY"))), nowhere, "ADJ/OT", None, ()),
    "ransomware-attacks": (year_month, nowhere, "CY", "#ID", ()),
}


def features(path):
    with open(path) as file:
        for feature in json.load(file)["features"]:
            lon, lat = feature["geometry"]["coordinates"]
            yield {**feature["properties"], "lon": str(lon), "lat": str(lat)}


def records(name, path):
    if path.endswith(".geojson"):
        yield from features(path)
        return
    opener = gzip.open if path.endswith(".gz") else open
    encoding = "windows-1252" if name == "pk-suicide-attacks" else "utf-8-sig"
    with opener(path, "rt", encoding=encoding, newline="") as file:
        if name == "ransomware-attacks":
            next(file)
        yield from csv.DictReader(file, delimiter="\t" if path.endswith(".tab") else ",")


def main(name, path):
    date_of, point_of, category_of, key, content = SETS[name]
    seen, result = {}, collections.Counter()
    categories, months = collections.Counter(), collections.Counter()
    for row in records(name, path):
        result["rows"] += 1
        date = date_of(row)
        if date is None:
            result["rejected"] += 1
            continue
        if key and row[key].strip():
            told = [row[column] for column in content]
            if row[key] in seen:
                result["duplicate"] += 1
                result["D701" if told == seen[row[key]] else "D702"] += 1
                continue
            seen[row[key]] = told
        result["accepted"] += 1
        categories[category_of(row) if callable(category_of) else category_of] += 1
        months[date.isoformat()[:7]] += 1
        point = point_of(row)
        if point and point != [0, 0]:
            result["located"] += 1
            result["lon"] += away_from_zero(point[0] * 1e7)
            result["lat"] += away_from_zero(point[1] * 1e7)
    names = ("rows", "accepted", "rejected", "duplicate", "skipped", "located", "lon", "lat", "D701", "D702")
    numbers = {name: result[name] for name in names}
    if name == "vancouver-thefts":  # eastings and northings: the projection is tested against GDAL on its own
        for field in ("located", "lon", "lat"):
            del numbers[field]
    json.dump({**numbers, "categories": categories, "months": months}, sys.stdout)


main(*sys.argv[1:3])

"""Routes of records, and the flows they make: districts from the gazetteer, cells from the C H3 library, lines from pyproj.

usage: flows_layer.py DATA FOLDER EXPECTED.json

DATA is the folder of reference tables. Writes routes.csv into FOLDER. Everything is worked out again here: where districts lie and
how surely, which cell supports that, which records make a flow and why others do not.
"""

import collections
import csv
import json
import math
import os
import random
import sys

import h3
from pyproj import Geod

data, folder, expected_path = sys.argv[1:4]
choose = random.Random(11)
geod = Geod(ellps="WGS84")
RESOLUTION = 3


def table(path):
    with open(os.path.join(data, path), newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def cell(lon, lat, metres):
    for resolution in range(9, 2, -1):
        if h3.average_hexagon_edge_length(resolution, unit="m") * 1.05 >= metres:
            return h3.latlng_to_cell(lat, lon, resolution)
    return None


in_district = {row["geonameid"]: row["district"] for row in table("gazetteer/pk_place_districts.csv")}
names = {row["code"]: row["name"] for row in table("districts/districts.csv") if row["kind"] == "current"}
places = collections.defaultdict(list)
for row in table("gazetteer/pk_places.csv"):
    if row["geonameid"] in in_district:
        size = max(2000, 1000 * math.sqrt(int(row["population"]) / 15000 / math.pi))
        places[in_district[row["geonameid"]]].append((float(row["longitude"]), float(row["latitude"]), size))
sites = {}
for code, found in places.items():
    lon, lat = (sum(place[i] for place in found) / len(found) for i in (0, 1))
    reach = max(30000, *(geod.inv(lon, lat, x, y)[2] + size for x, y, size in found))
    sites[names[code]] = cell(lon, lat, reach)
crossings = {
    row["id"]: cell(float(row["lon"]), float(row["lat"]), float(row["uncertainty_m"]))
    for row in table("border-points/border_points.csv")
    if row["lat"]
}
everywhere = set()
with open(os.path.join(data, "study-areas/pakistan.cells.txt")) as file:
    everywhere = {line.strip() for line in file if line.strip() and not line.startswith("#")}


def inside(of):
    """Whether the centre of a cell is in the study area."""
    if h3.get_resolution(of) < 7:
        of = h3.cell_to_center_child(of, 7)
    return any(h3.cell_to_parent(of, r) in everywhere for r in range(8))


districts = sorted(names.values())
frequent = choose.sample(districts, 12)
rows, flows, reasons = [], collections.Counter(), collections.Counter()
categories = collections.defaultdict(collections.Counter)
matched = 0
for number in range(700):
    category = choose.choice(["DT", "DT", "HT", "ADJ/SM"])
    start = choose.choice([*frequent, *frequent, "", choose.choice(districts)])
    border = choose.choice(["", "", "", *sorted(crossings)])
    end = choose.choice([*frequent, *frequent, "", choose.choice(districts)])
    country = choose.choice(["", "", "", "IR"])
    seized = choose.choice([None, (round(choose.uniform(67, 74), 4), round(choose.uniform(27, 33), 4))])
    lon, lat = seized or ("", "")
    rows.append((number + 1, category, start, border, end, country, lon, lat))
    own = cell(*seized, 100) if seized else None
    if not (start or border or end or country):
        continue
    matched += 1

    def stated(district, crossing="", abroad=""):
        if crossing:
            return crossings[crossing] or "too_coarse"
        if district:
            return (sites[district] or "too_coarse") if district in sites else ("abroad" if abroad else None)
        return "abroad" if abroad else None

    origin = stated(start, border) if start or border else own
    destination = stated(end, "", country) if end or country else own
    ends = []
    for found, unknown in ((origin, "no_origin"), (destination, "no_destination")):
        if found in ("too_coarse", "abroad"):
            ends.append((found, None))
        elif found is None:
            ends.append((unknown, None))
        else:
            ends.append((None, h3.cell_to_parent(found, RESOLUTION)))
    (why, a), (why_not, b) = ends
    if why or why_not:
        reasons[why or why_not] += 1
    elif not inside(a) and not inside(b):
        reasons["outside_study_area"] += 1
    elif a == b:
        reasons["within_cell"] += 1
    else:
        flows[a, b] += 1
        categories[a, b][category[:3]] += 1
with open(os.path.join(folder, "routes.csv"), "w", newline="", encoding="utf-8") as file:
    csv.writer(file).writerows([("No", "Category", "From", "Border", "To", "Country", "Lon", "Lat", "Date"), *((*row, "01-02-2024") for row in rows)])

features = {}
for (a, b), n in sorted(flows.items()):
    (lat, lon), (to_lat, to_lon) = h3.cell_to_latlng(a), h3.cell_to_latlng(b)
    length = geod.inv(lon, lat, to_lon, to_lat)[2]
    middle = geod.fwd(lon, lat, geod.inv(lon, lat, to_lon, to_lat)[0], length / 2)
    features[f"{a}-{b}"] = {
        "n": n,
        "net": n - flows[b, a],
        "n_dt": categories[a, b]["DT"],
        "n_ht": categories[a, b]["HT"],
        "n_adj": categories[a, b]["ADJ"],
        "distance_km": length / 1000,
        "ends": [[lon, lat], [to_lon, to_lat]],
        "middle": middle[:2],
    }
with open(expected_path, "w") as file:
    json.dump({"features": features, "matched": matched, "reasons": reasons}, file)

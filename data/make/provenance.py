"""Keeps `data/PROVENANCE.csv`: one row for each data file, sorted by file.

Columns: file (below `data/`), package, version, licence, sha256. A row is replaced when its file is made again.
For a file that is written by hand: python3 provenance.py FILE PACKAGE VERSION LICENCE
"""

import csv
import hashlib
import sys
from pathlib import Path

from packages import DATA

COLUMNS = ["file", "package", "version", "licence", "sha256"]
TABLE = DATA / "PROVENANCE.csv"


def record(file: Path, package: str, version: str, licence: str) -> None:
    """Writes or replaces the row of `file`."""
    name = file.resolve().relative_to(DATA).as_posix()
    rows = {}
    if TABLE.exists():
        with TABLE.open(newline="", encoding="utf-8") as source:
            rows = {row["file"]: row for row in csv.DictReader(source)}
    rows[name] = {
        "file": name,
        "package": package,
        "version": version,
        "licence": licence,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }
    with TABLE.open("w", newline="", encoding="utf-8") as target:
        writer = csv.DictWriter(target, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[key] for key in sorted(rows))
    print(f"{name}: {file.stat().st_size} bytes")


if __name__ == "__main__":
    record(Path(sys.argv[1]), *sys.argv[2:5])

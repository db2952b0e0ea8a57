"""A store at size: starts, memory, index, questions of the running service, scrub, backup and restore.

    python3 benches/store_scale.py --naqsha PATH/TO/naqsha [--rows 10000000] [--batches 20]

Points over Pakistan in clusters, four categories, ten years, from one seed; each batch is a file of its own. A start is
`naqsha batch list`: it opens the store as every command and the service do. Questions are new each time (another category or
other months), so that no cache answers.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

CLEAN = ["--set", "date=time", "--set", "lon=lon", "--set", "lat=lat", "--set", "category=category"]


def run(*command):
    """Seconds, peak memory in MiB, and what it printed."""
    began = time.perf_counter()
    child = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE)
    printed = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, command
    return round(time.perf_counter() - began, 2), round(usage.ru_maxrss / 1024), printed


def write_batch(path, rows, draw, centres):
    with open(path, "w") as out:
        out.write("time,lon,lat,category\n")
        for _ in range(rows):
            lon, lat, spread = centres[min(int(draw.expovariate(0.05)), len(centres) - 1)]
            day = draw.randrange(3650)
            out.write(
                f"{2015 + day // 365}-{1 + day % 365 // 31:02}-{1 + day % 28:02} {day % 24:02}:00,"
                f"{draw.gauss(lon, spread):.5f},{draw.gauss(lat, spread):.5f},{draw.choice(('TF', 'DT', 'HT', 'CY'))}\n"
            )


def fill(program, store, folder, rows, batches):
    draw = random.Random(7)
    centres = [(draw.uniform(66, 74), draw.uniform(25, 33.5), draw.uniform(0.02, 0.3)) for _ in range(200)]
    run(program, "--data", store, "init")
    seconds = 0.0
    for number in range(batches):
        path = folder / f"batch-{number}.csv"
        write_batch(path, rows // batches, draw, centres)
        seconds += run(program, "--data", store, "ingest", "--profile", "open.generic-points", *CLEAN, path)[0]
        path.unlink()
    return round(seconds, 1)


def size(folder):
    return sum(path.stat().st_size for path in folder.glob("*"))


def questions(program, store):
    """Milliseconds of cold questions, by layer and resolution; and the service's peak memory."""
    config = store.parent / "service.toml"
    config.write_text('[auth]\nanonymous_role = "analyst"\n')
    service = subprocess.Popen(
        [program, "--config", config, "--json", "--data", store, "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE)
    began = time.perf_counter()
    base = json.loads(service.stdout.readline())["listening"].rstrip("/")
    ready = round(time.perf_counter() - began, 2)

    def ask(layer, resolution, more):
        url = f"{base}/collections/{layer}/items?study_area=pakistan&resolution={resolution}&limit=1&f=json&{more}"
        began = time.perf_counter()
        with urllib.request.urlopen(url) as answer:
            answer.read()
        return 1000 * (time.perf_counter() - began)

    figures = {}
    for layer, resolution in (("counts", 7), ("counts", 9), ("hotspots", 7)):
        ask(layer, resolution, "category=TF")  # study area and neighbours are made once
        times = [
            ask(layer, resolution, f"category={category}&datetime={year}-01-01/{year}-12-31")
            for category in ("DT", "HT", "CY") for year in range(2016, 2023)
        ]
        figures[f"{layer} at {resolution}, one category, a year"] = {
            "median_ms": round(statistics.median(times), 1), "largest_ms": round(max(times), 1)}
    peak = next(line for line in open(f"/proc/{service.pid}/status") if line.startswith("VmHWM"))
    service.terminate()
    service.wait()
    return {"ready_seconds": ready, "peak_mib": int(peak.split()[1]) // 1024, "questions": figures}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--naqsha", required=True, type=Path)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--batches", type=int, default=20)
    arguments = parser.parse_args()
    program = arguments.naqsha
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        store = folder / "store"
        taken = fill(program, store, folder, arguments.rows, arguments.batches)
        for kept in (store / "index").glob("*"):
            kept.unlink()
        start = lambda: dict(zip(("seconds", "peak_mib"), run(program, "--data", store, "batch", "list")[:2]))
        figures = {"rows": arguments.rows, "ingested_seconds": taken, "first_start": start(), "later_start": start()}
        index, incidents = size(store / "index"), size(store / "incidents")
        figures |= {
            "parquet_bytes_a_row": round(incidents / arguments.rows, 1),
            "index_bytes_a_row": round(index / arguments.rows, 2),
            "service": questions(program, store),
        }
        for name, command in (
            ("verify", ["--data", store, "verify"]),
            ("backup", ["--data", store, "backup", "--out", folder / "copy"]),
            ("restore", ["--data", folder / "back", "restore", "--from", folder / "copy"]),
        ):
            figures[name] = dict(zip(("seconds", "peak_mib"), run(program, *command)[:2]))
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()

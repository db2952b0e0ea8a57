"""Files as bureaus send them, through the program: rows a second, a dry run, and peak memory at two sizes of file.

    python3 benches/ingest_files.py --naqsha PATH/TO/naqsha [--incidents 600000]

The mix is what `naqsha generate --messy 0.6` makes of five bureaus (workbooks among them); each file is taken into the same
new store. Peak memory is that of the program; the process that reads workbooks is capped by itself and reported apart.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

CLEAN = ["--set", "date=time", "--set", "lon=lon", "--set", "lat=lat", "--set", "category=category"]


def run(*command):
    """Seconds, peak memory in MiB of the largest process of the command, and what it printed."""
    began = time.perf_counter()
    child = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE)
    printed = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    # 3 is a held batch: its rows were read and stored all the same.
    assert child.returncode in (0, 3), (command, child.returncode)
    return seconds, usage.ru_maxrss / 1024, printed


def last_json(printed):
    return json.loads(printed.decode().strip().splitlines()[-1])


def ingest(program, store, profile, path, *more):
    seconds, peak, printed = run(program, "--data", store, "--json", "ingest", "--profile", profile, *more, path)
    return seconds, peak, last_json(printed)


def mix(program, folder, incidents):
    run(program, "generate", "--incidents", incidents, "--seed", 7, "--out", folder / "mix", "--messy", 0.6)
    files = sorted(path for path in (folder / "mix").iterdir() if path.suffix in (".csv", ".xlsx"))
    store = folder / "store"
    run(program, "--data", store, "init")
    rows, seconds, peaks, each = 0, 0.0, [], {}
    for path in files:
        profile = path.name.rsplit("-", 1)[0]
        took, peak, said = ingest(program, store, profile, path)
        rows, seconds = rows + said["rows"], seconds + took
        peaks.append(peak)
        of = each.setdefault(profile, [0, 0.0])
        of[0], of[1] = of[0] + said["rows"], of[1] + took
    return {
        "files": len(files),
        "rows": rows,
        "seconds": round(seconds, 2),
        "rows_per_second": round(rows / seconds),
        "by_profile": {name: round(n / took) for name, (n, took) in each.items()},
        "peak_mib": round(max(peaks)),
    }


def dry_run(program, folder):
    """The first 50,000 rows of the mix's largest FIR register."""
    source = max((folder / "mix").glob("punjab.fir-*.csv"), key=lambda path: path.stat().st_size)
    path = folder / "register.csv"
    with open(source, encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        rows = list(csv.reader(file, delimiter=max(",;\t|", key=first.count)))[:50_001]
    with open(path, "w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
    store = folder / "dry"
    run(program, "--data", store, "init")
    times, peak = [], 0
    for _ in range(5):
        seconds, peak, said = ingest(program, store, "punjab.fir", path, "--dry-run")
        times.append(seconds)
    seconds, report_peak, _ = ingest(
        program, store, "punjab.fir", path, "--dry-run", "--report", folder / "result.csv")
    return {
        "rows": said["rows"],
        "seconds": [round(t, 2) for t in sorted(times)],
        "with_report": round(seconds, 2),
        "peak_mib": round(max(peak, report_peak)),
    }


def growth(program, folder, bytes_wanted):
    """Peak memory at a hundredth of a file and at the whole of it."""
    line = "2024-03-{:02} 10:{:02},{:.6f},{:.6f},DT\n"
    path, peaks = folder / "large.csv", {}
    for size in (bytes_wanted // 100, bytes_wanted):
        with open(path, "w") as out:
            out.write("time,lon,lat,category\n")
            block = "".join(
                line.format(1 + n % 28, n % 60, 61 + (n * 7919 % 160_000) / 1e4, 24 + (n * 104_729 % 120_000) / 1e4)
                for n in range(200_000)
            )
            while out.tell() < size:
                out.write(block)
        store = folder / f"store-{size}"
        run(program, "--data", store, "init")
        seconds, peak, said = ingest(program, store, "open.generic-points", path, *CLEAN)
        peaks[f"{path.stat().st_size >> 20} MiB"] = {
            "rows": said["rows"], "seconds": round(seconds, 1), "peak_mib": round(peak)}
    path.unlink()
    return peaks


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--naqsha", required=True, type=Path)
    parser.add_argument("--incidents", type=int, default=600_000)
    parser.add_argument("--large-bytes", type=int, default=2 << 30)
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        program = arguments.naqsha.resolve()
        print(json.dumps({
            "mix": mix(program, folder, arguments.incidents),
            "dry_run": dry_run(program, folder),
            "growth": growth(program, folder, arguments.large_bytes),
        }, indent=1))


if __name__ == "__main__":
    main()

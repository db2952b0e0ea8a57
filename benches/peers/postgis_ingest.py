"""The same clean CSV into Naqsha and into PostgreSQL with PostGIS, in one run: rows a second, and the ratio.

    python3 benches/peers/postgis_ingest.py --naqsha PATH/TO/naqsha [--rows 5000000]

Both end where the rows are durable and can be asked by place, category and time: Naqsha after its commit with the H3
index; PostgreSQL after COPY, a geometry column, a GiST index on it and a B-tree on (category, time). A private cluster is
made in a temporary folder, with the settings that bulk loads are usually given (fsync stays on, as it does in Naqsha).
As root the cluster runs as the user `postgres`.
"""

import argparse
import datetime
import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

BIN = Path("/usr/lib/postgresql/15/bin")
SETTINGS = {
    "listen_addresses": "''",
    "shared_buffers": "1GB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
}


def write_rows(path, rows):
    """Points over Pakistan, denser towards one corner; four categories; five years of minutes."""
    draw = random.Random(1)
    start = datetime.datetime(2020, 1, 1)
    with open(path, "w") as out:
        out.write("time,lon,lat,category\n")
        for _ in range(rows):
            lon, lat = 61 + 16 * draw.random() ** 2, 24 + 12 * draw.random() ** 2
            when = start + datetime.timedelta(minutes=draw.randrange(5 * 365 * 1440))
            category = ("TF", "DT", "HT", "CY")[draw.randrange(4)]
            out.write(f"{when:%Y-%m-%d %H:%M},{lon:.6f},{lat:.6f},{category}\n")


def as_postgres(*command):
    prefix = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    subprocess.run([*prefix, *map(str, command)], check=True, stdout=subprocess.DEVNULL)


def postgis(csv, folder):
    """Seconds of each step."""
    data, socket = folder / "cluster", folder / "socket"
    socket.mkdir()
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
        shutil.chown(socket, "postgres")
    as_postgres(BIN / "initdb", "-D", data, "-A", "trust", "-U", "postgres")
    with open(data / "postgresql.conf", "a") as conf:
        conf.writelines(f"{key} = {value}\n" for key, value in SETTINGS.items())
        conf.write(f"unix_socket_directories = '{socket}'\n")
    as_postgres(BIN / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "start")
    steps = {}
    try:
        def run(step, sql):
            began = time.perf_counter()
            subprocess.run(
                [BIN / "psql", "-q", "-h", socket, "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-c", sql],
                check=True,
            )
            if step:
                steps[step] = time.perf_counter() - began

        run(None, "CREATE EXTENSION postgis")
        run(None, "CREATE TABLE points (time timestamp, lon float8, lat float8, category text)")
        run("copy", f"\\copy points FROM '{csv}' CSV HEADER")
        run("geometry", "ALTER TABLE points ADD COLUMN place geometry(Point, 4326) "
            "GENERATED ALWAYS AS (ST_SetSRID(ST_MakePoint(lon, lat), 4326)) STORED")
        run("gist", "CREATE INDEX ON points USING gist (place)")
        run("btree", "CREATE INDEX ON points (category, time)")
        run("checkpoint", "CHECKPOINT")
    finally:
        as_postgres(BIN / "pg_ctl", "-D", data, "-m", "fast", "stop")
    return steps


def naqsha(program, csv, folder):
    store = folder / "store"
    subprocess.run([program, "--data", store, "init"], check=True, stdout=subprocess.DEVNULL)
    began = time.perf_counter()
    done = subprocess.run(
        [program, "--data", store, "--json", "ingest", "--profile", "open.generic-points",
         "--set", "date=time", "--set", "lon=lon", "--set", "lat=lat", "--set", "category=category", csv],
        check=True, stdout=subprocess.PIPE,
    )
    seconds = time.perf_counter() - began
    return seconds, json.loads(done.stdout)["accepted"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--naqsha", required=True, type=Path)
    parser.add_argument("--rows", type=int, default=5_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        folder.chmod(0o755)
        csv = folder / "points.csv"
        write_rows(csv, arguments.rows)
        csv.read_bytes()  # both read it from the page cache
        first, accepted = naqsha(arguments.naqsha, csv, folder)
        assert accepted == arguments.rows, accepted
        peer = postgis(csv, folder)
        shutil.rmtree(folder / "store")
        second, _ = naqsha(arguments.naqsha, csv, folder)
        total = sum(peer.values())
        ours = min(first, second)
        print(json.dumps({
            "rows": arguments.rows,
            "bytes": csv.stat().st_size,
            "naqsha_seconds": [round(first, 2), round(second, 2)],
            "postgis_seconds": {step: round(seconds, 2) for step, seconds in peer.items()},
            "naqsha_rows_per_second": round(arguments.rows / ours),
            "postgis_rows_per_second": round(arguments.rows / total),
            "ratio": round(total / ours, 2),
        }, indent=1))


if __name__ == "__main__":
    main()

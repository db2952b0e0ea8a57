"""The national cube of a category and a year, and by any filter, in one run: Naqsha, polars, DuckDB, PostgreSQL.

    python3 benches/peers/cube.py --scale PATH/TO/scale-bench --store FOLDER [--rows 10000000]

`scale-bench` is the program that `cargo bench --workspace --bench scale --no-run` names; it fills the store where it is not
there and asks its questions. polars and DuckDB (from PyPI) read the Parquet files of the same store, once from the files and
once from columns that they hold in memory; PostgreSQL has them as a table, with a B-tree on (category, day), a BRIN index on
the cell, in whose order the rows lie, and everything in its buffers. Every peer answers the questions of the same categories
and periods, and its last answer must have as many cells as Naqsha's.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import duckdb
import polars

from postgis_ingest import BIN, SETTINGS, as_postgres

TIMES, FIRST, DAYS = 41, 42_004, 3_650
COLUMNS = ["cell", "category", "stage", "basis", "handling", "occurred_first_day"]


def parent(resolution):
    """The parent of a cell in SQL and in polars: bit arithmetic, as in the store."""
    low = (1 << (3 * (15 - resolution))) - 1
    return f"((cell & {~(0xF << 52)}) | {resolution << 52} | {low})"


def questions():
    """Name, resolution and SQL condition of each question, as the bench asks them."""
    def period(nth, days):
        first = FIRST + nth * 67 % (DAYS - days)
        return f"occurred_first_day BETWEEN {first} AND {first + days - 1}"
    some = "stage IN ({}) AND basis IN (0, 1) AND handling = 0"
    return {
        "national, r7, one category, 365 days":
            (7, lambda nth: f"category = {nth % 4} AND {period(nth, 365)}"),
        "national, r9, one category, 365 days":
            (9, lambda nth: f"category = {nth % 4} AND {period(nth, 365)}"),
        "national, r9, stage, basis, handling, 3,000 days":
            (9, lambda nth: f"{some} AND {period(nth, 3000)}"),
    }


def naqsha(scale, rows, store):
    """Median milliseconds and cells of each question, on the merged index."""
    told = subprocess.run([scale, str(rows + 1), store, "--bench"], check=True, capture_output=True, text=True).stdout
    found = re.findall(r"^(national.*?) \((\d+) cells\): median ([\d.]+) ms", told, re.M)
    return {name: (float(median), int(cells)) for name, cells, median in found}


def measure(answer, stages, times):
    figures = {}
    for name, (resolution, condition) in questions().items():
        taken, cells = [], 0
        for nth in range(TIMES - times, TIMES):
            sql = (f"SELECT {parent(resolution)} AS place, count(*) AS n FROM incidents "
                   f"WHERE {condition(nth).format(stages)} GROUP BY place ORDER BY place")
            began = time.perf_counter()
            cells = answer(sql)
            taken.append(1000 * (time.perf_counter() - began))
        figures[name] = (round(statistics.median(taken), 1), cells)
    return figures


def with_duckdb(files, stages, held):
    database = duckdb.connect()
    kind = "TABLE" if held else "VIEW"
    database.sql(f"CREATE {kind} incidents AS SELECT {', '.join(COLUMNS)} FROM read_parquet('{files}')")
    return measure(lambda sql: database.sql(sql).to_arrow_table().num_rows, stages, 11)


def with_polars(files, stages, held):
    frame = polars.scan_parquet(files).select(COLUMNS)
    frame = frame.collect().lazy() if held else frame
    context = polars.SQLContext(incidents=frame)
    return measure(lambda sql: context.execute(sql).collect().height, stages, 11)


def with_postgres(files, stages, folder):
    data, socket = folder / "cluster", folder / "socket"
    socket.mkdir()
    folder.chmod(0o755)
    for made in (folder, socket):
        shutil.chown(made, "postgres")
    as_postgres(BIN / "initdb", "-D", data, "-A", "trust", "-U", "postgres")
    with open(data / "postgresql.conf", "a") as conf:
        conf.writelines(f"{key} = {value}\n" for key, value in SETTINGS.items())
        conf.write(f"unix_socket_directories = '{socket}'\nwork_mem = 256MB\n")
    as_postgres(BIN / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "start")

    def ask(sql):
        command = [BIN / "psql", "-qAt", "-h", socket, "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-c", sql]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    try:
        csv = folder / "incidents.csv"
        duckdb.sql(f"COPY (SELECT {', '.join(COLUMNS)} FROM read_parquet('{files}') ORDER BY cell) TO '{csv}' (HEADER false)")
        columns = ", ".join(f"{name} {'bigint' if name == 'cell' else 'integer'}" for name in COLUMNS)
        ask(f"CREATE TABLE incidents ({columns})")
        ask(f"\\copy incidents FROM '{csv}' CSV")
        ask("CREATE INDEX ON incidents (category, occurred_first_day)")
        ask("CREATE INDEX ON incidents USING brin (cell)")
        ask("VACUUM ANALYZE incidents")
        count = lambda sql: int(ask(f"SELECT count(*) FROM ({sql}) AS answer"))
        count("SELECT cell FROM incidents")
        return measure(count, stages, 5)
    finally:
        as_postgres(BIN / "pg_ctl", "-D", data, "-m", "fast", "stop")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", required=True, type=Path)
    parser.add_argument("--store", required=True, type=Path)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--stages", default="0, 2", help="indexes of the two stages that the bench asks for")
    arguments = parser.parse_args()
    files = str(arguments.store / "incidents" / "*.parquet")
    ours = naqsha(arguments.scale, arguments.rows, arguments.store)
    # The bench has appended some batches since it asked, so peers count more.
    with tempfile.TemporaryDirectory() as folder:
        peers = {
            "polars, files": with_polars(files, arguments.stages, held=False),
            "polars, in memory": with_polars(files, arguments.stages, held=True),
            "DuckDB, files": with_duckdb(files, arguments.stages, held=False),
            "DuckDB, in memory": with_duckdb(files, arguments.stages, held=True),
            "PostgreSQL 15": with_postgres(files, arguments.stages, Path(folder)),
        }
        again = naqsha(arguments.scale, arguments.rows, arguments.store)
    for name in questions():
        (first, _), (second, cells) = ours[name], again[name]
        print(name)
        print(f"  naqsha: {first} ms before, {second} ms after ({cells} cells)")
        best = min(first, second)
        for peer, figures in peers.items():
            taken, found = figures[name]
            print(f"  {peer}: {taken} ms, {taken / best:.0f} x ({found} cells)")
    print(json.dumps({"rows": arguments.rows}))


if __name__ == "__main__":
    main()

"""The same layer from Naqsha, from pygeoapi and from martin (both on PostgreSQL with PostGIS), in one run: features of a box, tiles.

    python3 benches/peers/serving.py --naqsha PATH/TO/naqsha [--martin PATH/TO/martin] [--seconds 10]

The layer is `hotspots` over Pakistan at resolution 7 from the synthetic sample (each cell of the study area: some 160,000 polygons),
exported by Naqsha and loaded into a private cluster with a GiST index. Load is put on each server by wrk (two threads, 16
connections, closed loop) over a list of boxes and of tiles from one seed; nothing is asked of two servers at once. Naqsha's answers are
asked with `Cache-Control` as any client does and come out of its cache where a box comes again; `cold` boxes never do.

Needs wrk, ogr2ogr and PostGIS (Debian: wrk gdal-bin postgresql-15-postgis-3), and in this Python pygeoapi, gunicorn,
psycopg2-binary, sqlalchemy and geoalchemy2.
"""

import argparse
import json
import math
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

BIN = Path("/usr/lib/postgresql/15/bin")
SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample" / "pakistan"
PROFILES = {"anf.seizure": "csv", "ctd.tf": "csv", "punjab.fir": "csv"}
DATABASE_PORT = 54329
PORTS = {"naqsha": 18080, "pygeoapi": 18081, "martin": 18082}


def as_postgres(*command):
    prefix = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    subprocess.run([*prefix, *map(str, command)], check=True, stdout=subprocess.DEVNULL)


def cluster(folder, stack):
    """A private cluster with the layer in it."""
    data = folder / "cluster"
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    as_postgres(BIN / "initdb", "-D", data, "-A", "trust", "-U", "postgres")
    with open(data / "postgresql.conf", "a") as conf:
        conf.write(f"port = {DATABASE_PORT}\nshared_buffers = '1GB'\nunix_socket_directories = '{folder}'\n")
    as_postgres(BIN / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "start")
    stack.callback(as_postgres, BIN / "pg_ctl", "-D", data, "-m", "fast", "stop")


def load(geojson):
    connection = f"PG:host=127.0.0.1 port={DATABASE_PORT} user=postgres dbname=postgres"
    psql = [BIN / "psql", "-q", "-h", "127.0.0.1", "-p", str(DATABASE_PORT), "-U", "postgres", "-c"]
    subprocess.run([*psql, "CREATE EXTENSION postgis"], check=True)
    subprocess.run(
        ["ogr2ogr", "-q", "-f", "PostgreSQL", connection, geojson, "-nln", "hotspots", "-lco", "GEOMETRY_NAME=geom",
         "-lco", "FID=fid", "-lco", "LAUNDER=NO", "-nlt", "PROMOTE_TO_MULTI"],
        check=True,
    )
    subprocess.run([*psql, "VACUUM ANALYZE hotspots"], check=True)


def start(command, port, path, stack, **options):
    child = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    stack.callback(lambda: (child.terminate(), child.wait()))
    for _ in range(600):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60).read()
        except OSError:
            assert child.poll() is None, command
            time.sleep(0.1)
    raise SystemExit(f"{command} does not answer")


def pygeoapi(folder, stack):
    """Two workers, as there are two cores."""
    port = PORTS["pygeoapi"]
    config = {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port}, "url": f"http://127.0.0.1:{port}", "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8", "language": "en-US", "gzip": False, "pretty_print": False,
            "limits": {"default_items": 1000, "max_items": 10000},
            "map": {"url": "https://tile.example/{z}/{x}/{y}.png", "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {"title": "peer", "description": "peer", "keywords": ["peer"], "keywords_type": "theme",
                               "terms_of_service": "none", "url": "http://example.org"},
            "license": {"name": "none", "url": "http://example.org"}, "provider": {"name": "none", "url": "http://example.org"},
            "contact": {"name": "none", "email": "none@example.org", "url": "http://example.org"},
        },
        "resources": {"hotspots": {
            "type": "collection", "title": "hotspots", "description": "hotspots", "keywords": ["peer"],
            "links": [], "extents": {"spatial": {"bbox": [60, 23, 78, 38], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}},
            "providers": [
                {"type": "feature", "name": "PostgreSQL", "id_field": "fid", "table": "hotspots", "geom_field": "geom",
                 "data": {"host": "127.0.0.1", "port": DATABASE_PORT, "dbname": "postgres", "user": "postgres", "password": "",
                          "search_path": ["public"]}},
            ],
        }},
    }
    (folder / "pygeoapi.yml").write_text(json.dumps(config))
    environment = {**os.environ, "PYGEOAPI_CONFIG": str(folder / "pygeoapi.yml"), "PYGEOAPI_OPENAPI": str(folder / "openapi.yml")}
    generate = [sys.executable, "-c", "from pygeoapi import cli; cli()", "openapi", "generate", folder / "pygeoapi.yml",
                "--output-file", folder / "openapi.yml"]
    subprocess.run(list(map(str, generate)), check=True, env=environment, stdout=subprocess.DEVNULL)
    command = [sys.executable, "-m", "gunicorn", "-w", "2", "-b", f"127.0.0.1:{port}", "pygeoapi.flask_app:APP"]
    start(command, port, "/collections?f=json", stack, env=environment)


def boxes(count, seed):
    """Half a degree wide, anywhere over the country."""
    draw = random.Random(seed)
    corners = ((62 + 11 * draw.random(), 25 + 9 * draw.random()) for _ in range(count))
    return [f"{west:.4f},{south:.4f},{west + 0.5:.4f},{south + 0.5:.4f}" for west, south in corners]


def tiles(count, seed, zoom=8):
    draw, side = random.Random(seed), 2**zoom
    found = []
    for _ in range(count):
        lon, lat = 66 + 8 * draw.random(), 26 + 8 * draw.random()
        x = int((lon + 180) / 360 * side)
        y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * side)
        found.append((zoom, x, y))
    return found


def wrk(port, paths, seconds, folder):
    """Requests a second, median and 99th percentile in milliseconds, failures."""
    script = folder / "paths.lua"
    listed = ",\n".join(json.dumps(path) for path in paths)
    script.write_text(
        f"local paths = {{{listed}}}\nlocal nth = 0\n"
        "request = function() nth = nth % #paths + 1; return wrk.format('GET', paths[nth]) end\n"
    )
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", "--timeout", "30s", "--latency", "-s", script, f"http://127.0.0.1:{port}"]
    told = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout
    number = lambda pattern: re.search(pattern, told)
    milliseconds = lambda text: float(text[:-2]) if text.endswith("ms") else float(text[:-2]) / 1000 if text.endswith("us") else float(text[:-1]) * 1000
    failed = number(r"Non-2xx or 3xx responses: (\d+)")
    return {
        "requests_a_second": float(number(r"Requests/sec:\s+([\d.]+)")[1]),
        "median_ms": milliseconds(number(r"50%\s+(\S+)")[1]),
        "p99_ms": milliseconds(number(r"99%\s+(\S+)")[1]),
        "failed": int(failed[1]) if failed else 0,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--naqsha", required=True, type=Path)
    parser.add_argument("--martin", type=Path)
    parser.add_argument("--seconds", type=int, default=10)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        folder = Path(folder)
        folder.chmod(0o755)
        config, data = folder / "naqsha.toml", folder / "data"
        config.write_text('[auth]\nanonymous_role = "analyst"\n')
        naqsha = [arguments.naqsha, "--config", config, "--data", data]
        run = lambda *words: subprocess.run(list(map(str, [*naqsha, *words])), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        run("init")
        for profile, ending in PROFILES.items():
            run("ingest", "--profile", profile, SAMPLE / f"{profile}-001.{ending}")
        layer = folder / "hotspots.geojson"
        run("export", "hotspots", "--param", "resolution=7", "--format", "geojson", "--out", layer)
        database = folder / "database"
        database.mkdir()
        cluster(database, stack)
        load(layer)
        ports = dict(PORTS)
        start([*naqsha, "serve", "--listen", f"127.0.0.1:{ports['naqsha']}"], ports["naqsha"],
              "/collections/hotspots/items?limit=1&resolution=7", stack)
        pygeoapi(folder, stack)
        if arguments.martin:
            start([arguments.martin, "--listen-addresses", f"127.0.0.1:{ports['martin']}", "--workers", "2",
                   f"postgres://postgres@127.0.0.1:{DATABASE_PORT}/postgres"], ports["martin"], "/catalog", stack)
        else:
            del ports["martin"]

        box, tile = boxes(200, 1), tiles(64, 2)
        items = "/collections/hotspots/items?limit=1000&f=json&bbox="
        # Each box of the cold list is asked once: as many as a long run asks.
        cold = boxes(200_000, 3)
        asked = {
            "features of a box": {
                "naqsha": [f"{items}{one}&resolution=7" for one in box],
                "pygeoapi": [f"{items}{one}" for one in box],
            },
            "features of a box, each asked once": {
                "naqsha": [f"{items}{one}&resolution=7" for one in cold],
                "pygeoapi": [f"{items}{one}" for one in cold],
            },
            "tiles at zoom 8": {
                "naqsha": [f"/xyz/hotspots/{z}/{x}/{y}.mvt?resolution=7" for z, x, y in tile],
                "martin": [f"/hotspots/{z}/{x}/{y}" for z, x, y in tile],
            },
        }
        for what, by_server in asked.items():
            found = {}
            for server, paths in by_server.items():
                if server in ports:
                    body = urllib.request.urlopen(f"http://127.0.0.1:{ports[server]}{paths[0]}").read()
                    found[server] = {**wrk(ports[server], paths, arguments.seconds, folder), "bytes": len(body)}
            ours = found["naqsha"]["requests_a_second"]
            for server, figures in found.items():
                figures["naqsha_is_times"] = round(ours / figures["requests_a_second"], 1)
                print(json.dumps({"what": what, "server": server, **figures}), flush=True)


if __name__ == "__main__":
    main()

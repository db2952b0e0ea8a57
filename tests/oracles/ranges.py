"""A `FlatGeobuf` file of the service read over HTTP by ranges, as GDAL does (/vsicurl).

Usage: ranges.py URL WEST,SOUTH,EAST,NORTH FILE; FILE is the same file as fetched whole. Prints {"features", "ids"}: what
GDAL found in the box. Made with pyogrio 0.13.0 (GDAL 3.12).
"""

import json
import sys

import pyogrio
import pyogrio.raw

url, corners, file = sys.argv[1:4]
bbox = tuple(float(part) for part in corners.split(","))
pyogrio.set_gdal_config_options({"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": None})
meta, _, shapes, columns = pyogrio.raw.read(f"/vsicurl/{url}", bbox=bbox, columns=["id"])
_, _, _, local = pyogrio.raw.read(file, bbox=bbox, columns=["id"])
assert sorted(columns[0].tolist()) == sorted(local[0].tolist())
info = pyogrio.read_info(f"/vsicurl/{url}")
json.dump({"features": info["features"], "ids": sorted(columns[0].tolist())}, sys.stdout)

"""The layer `hotspots` as GDAL reads it through `pyogrio`: an oracle for paging, types and boxes.

Usage: pyogrio_read.py URL PAGE_SIZE [WEST,SOUTH,EAST,NORTH]; prints {"features": [{"id", "n", "q", "class"}, ...]} in
the order in which GDAL gives them. Made with pyogrio 0.13.0.
"""

import json
import math
import sys

from pyogrio import raw

url, page_size = sys.argv[1], sys.argv[2]
bbox = tuple(float(part) for part in sys.argv[3].split(",")) if len(sys.argv) > 3 else None
meta, _, geometry, columns = raw.read("OAPIF:" + url, layer="hotspots", bbox=bbox, PAGE_SIZE=page_size)
of = dict(zip(meta["fields"], columns))
assert all(shape is not None for shape in geometry), "every cell has a shape"
features = [
    {"id": id, "n": int(n), "q": None if math.isnan(q) else float(q), "class": kind}
    for id, n, q, kind in zip(of["id"], of["n"], of["q"], of["class"])
]
json.dump({"features": features}, sys.stdout)

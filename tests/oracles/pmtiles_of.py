"""Every tile of a PMTiles file by its readers: `pmtiles_of.py FILE PROPERTY`.

The reader of the format's authors gives the header and the tiles (their SHA-256 once unpacked); GDAL opens the file as
a data source and gives the values of a property in its deepest zoom. Prints JSON.
"""

import gzip
import hashlib
import json
import sys

import pyogrio
from pmtiles.reader import MmapSource, Reader, all_tiles

path, name = sys.argv[1:]
with open(path, "rb") as file:
    source = MmapSource(file)
    reader = Reader(source)
    header = reader.header()
    tiles = {
        "/".join(map(str, tile)): hashlib.sha256(gzip.decompress(body)).hexdigest()
        for tile, body in all_tiles(source)
    }
    metadata = reader.metadata()
layers = pyogrio.list_layers(path)
table = pyogrio.raw.read(path, layer=layers[0][0], columns=[name], read_geometry=False)
values = sorted({str(value) for value in table[3][0]})
json.dump(
    {
        "zooms": [header["min_zoom"], header["max_zoom"]],
        "bounds": [
            header[side] / 1e7
            for side in ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7")
        ],
        "clustered": header["clustered"],
        "tiles": tiles,
        "metadata": metadata,
        "layers": [str(layer) for layer, _ in layers],
        "values": values,
    },
    sys.stdout,
)

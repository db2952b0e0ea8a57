"""A vector tile as the Python package `mapbox-vector-tile` decodes it.

Reads the tile from standard input; prints {layer: {"extent", "features": [{"type", "properties"}, ...]}, ...}. Made with
mapbox-vector-tile 2.2.0.
"""

import json
import sys

import mapbox_vector_tile

layers = mapbox_vector_tile.decode(sys.stdin.buffer.read())
told = {
    name: {
        "extent": layer["extent"],
        "features": [
            {"type": feature["geometry"]["type"], "properties": feature["properties"]}
            for feature in layer["features"]
        ],
    }
    for name, layer in layers.items()
}
json.dump(told, sys.stdout)

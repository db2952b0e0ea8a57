"""What OWSLib reads from the service: conformance, collections, queryables, and a box of features.

Usage: owslib_read.py BASE COLLECTION WEST,SOUTH,EAST,NORTH
"""

import json
import sys

from owslib.ogcapi.features import Features

base, collection, box = sys.argv[1:4]
service = Features(base)
items = service.collection_items(collection, bbox=[float(corner) for corner in box.split(",")], limit=1000)
print(
    json.dumps(
        {
            "conformance": service.conformance()["conformsTo"],
            "collections": service.feature_collections(),
            "queryables": sorted(service.collection_queryables(collection)["properties"]),
            "matched": items["numberMatched"],
            "ids": sorted(feature["id"] for feature in items["features"]),
        }
    )
)

"""Coordinates and boxes of the service in every system it offers, against PROJ and GEOS, and as GDAL reads it.

Usage: reference_systems.py BASE COLLECTION QUESTION; prints {"checked": {uri: positions}, "boxes": {uri: features}}; fails by
name where the two differ. Made with pyproj 3.7.2, shapely as it comes with libpysal 4.14.1, pyogrio 0.13.0 (GDAL 3.12).
"""

import json
import sys
import urllib.parse
import urllib.request

import numpy
import pyogrio.raw
import pyproj
import shapely

base, collection, question = sys.argv[1:4]


def fetch(**parameters):
    query = urllib.parse.urlencode(parameters)
    with urllib.request.urlopen(f"{base}/collections/{collection}/items?limit=10000&{question}&{query}") as reply:
        assert reply.headers["Content-Crs"] == f"<{parameters.get('crs', CRS84)}>", reply.headers["Content-Crs"]
        page = json.load(reply)
    assert page["numberMatched"] == page["numberReturned"]
    return {feature["id"]: feature for feature in page["features"]}


def corners_of(numbers):
    return ",".join(repr(float(number)) for number in numbers)


CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
with urllib.request.urlopen(f"{base}/collections/{collection}") as reply:
    document = json.load(reply)
assert document["crs"][0] == CRS84 and document["storageCrs"] in document["crs"]
plain = fetch()
shapes = {id: shapely.geometry.shape(feature["geometry"]) for id, feature in plain.items() if feature["geometry"]}
west, south, east, north = shapely.total_bounds(list(shapes.values()))
# A box in the midst of what is there.
part = (west + (east - west) * 0.31, south + (north - south) * 0.27, west + (east - west) * 0.66, south + (north - south) * 0.71)
checked, boxes = {}, {}
for uri in document["crs"]:
    system = pyproj.CRS.from_authority(*(("OGC", "CRS84") if uri == CRS84 else ("EPSG", uri.rsplit("/", 1)[1])))
    # In the order of the authority's axes, as OGC API - Features asks for.
    there = pyproj.Transformer.from_crs("OGC:CRS84", system)
    back = pyproj.Transformer.from_crs(system, "OGC:CRS84")
    answer = fetch(crs=uri)
    assert list(answer) == list(plain)
    tolerance = 2e-3 if system.is_projected else 0.0
    count = 0
    in_plane = {}
    for id, feature in answer.items():
        if id not in shapes:
            assert feature["geometry"] is None
            continue
        found = shapely.geometry.shape(feature["geometry"])
        expected = shapely.transform(shapes[id], lambda points: numpy.column_stack(there.transform(*points.T)))
        in_plane[id] = expected
        assert found.equals_exact(expected, tolerance), f"{uri} {id}: {found} for {expected}"
        returned = shapely.transform(found, lambda points: numpy.column_stack(back.transform(*points.T)))
        assert returned.equals_exact(shapes[id], 1e-7), f"{uri} {id} back"
        count += len(shapely.get_coordinates(found))
        assert feature["properties"] == plain[id]["properties"]
    checked[uri] = count
    # A box of the system selects what meets it in the system's plane; features without a place stay.
    corners = there.transform([part[0], part[2]], [part[1], part[3]])
    low, high = [min(axis) for axis in corners], [max(axis) for axis in corners]
    box = shapely.box(*low, *high)
    selected = fetch(bbox=corners_of(low + high), **{"bbox-crs": uri})
    expected = {id for id, shape in in_plane.items() if shape.intersects(box)}
    expected |= {id for id in plain if id not in shapes}
    # On the very edge, two libraries may differ by the last digit.
    edge = {id for id in expected ^ set(selected) if in_plane[id].distance(box.boundary) > tolerance}
    assert not edge, f"{uri}: {len(edge)} of {len(expected)}"
    assert 0 < len(selected) < len(plain)
    boxes[uri] = len(selected)
    if not system.is_projected:
        assert set(selected) == set(fetch(bbox=corners_of(part))), "the same box in degrees"
    # The system of the answer and that of the box are independent.
    assert set(fetch(bbox=corners_of(low + high), crs=document["crs"][-1], **{"bbox-crs": uri})) == set(selected)

# GDAL takes CRS84 where it is asked for EPSG:4326, so that is not among these.
for code in (3857, 32642):
    meta, _, binaries, columns = pyogrio.raw.read(f"OAPIF:{base}/", layer=collection, CRS=f"EPSG:{code}", PAGE_SIZE="1000", INITIAL_REQUEST_PAGE_SIZE="20")
    assert pyproj.CRS(meta["crs"]) == pyproj.CRS(f"EPSG:{code}")
    ids = columns[list(meta["fields"]).index("id")].tolist()
    placed = [shapely.from_wkb(binary) for binary in binaries if binary is not None]
    there = pyproj.Transformer.from_crs("OGC:CRS84", f"EPSG:{code}", always_xy=True)
    whole = {}
    address = f"{base}/collections/{collection}/items?limit=10000"
    while address:
        with urllib.request.urlopen(address) as reply:
            page = json.load(reply)
        whole |= {feature["id"]: feature["geometry"] for feature in page["features"]}
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    assert sorted(ids) == sorted(whole), f"GDAL reads {len(ids)} of {len(whole)} in EPSG:{code}"
    for id, binary in zip(ids, binaries):
        if whole[id] is None:
            assert binary is None
            continue
        expected = shapely.transform(
            shapely.geometry.shape(whole[id]), lambda points: numpy.column_stack(there.transform(*points.T))
        )
        assert shapely.from_wkb(binary).equals_exact(expected, 2e-3), f"GDAL in EPSG:{code}: {id}"
json.dump({"checked": checked, "boxes": boxes}, sys.stdout)

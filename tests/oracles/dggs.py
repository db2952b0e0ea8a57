"""A client of OGC API - DGGS that knows H3 by the Python `h3` package and planes by `shapely`, and nothing of the service.

Usage: dggs.py BASE STUDY_AREA.geojson OUT.json

It starts at BASE, finds its way by links, and asserts what 21-038r1 requires and what H3 says: zones of a box are the cells
that overlap it whose centre lies in the study area; compaction is h3.compact_cells; values stand in the order of
h3.cell_to_children; documents are valid against schemas written from the text of the standard. Writes what it compared.
Made with h3 4.5.0, shapely 2.2.0, jsonschema 4.26.0.
"""

import collections
import json
import math
import struct
import sys
import urllib.error
import urllib.request

import h3
import jsonschema
import shapely
import shapely.geometry

BASE, AREA, OUT = sys.argv[1:]
with open(AREA, encoding="utf-8") as file:
    document = json.load(file)
features = document["features"] if document["type"] == "FeatureCollection" else [document]
AREA = shapely.union_all([shapely.geometry.shape(feature["geometry"]) for feature in features])
shapely.prepare(AREA)
compared = collections.Counter()


def get(address, accept="application/json"):
    address = address if address.startswith("http") else BASE + address
    request = urllib.request.Request(address, headers={"Accept": accept})
    with urllib.request.urlopen(request) as response:
        assert response.status == 200, (address, response.status)
        return response.headers, response.read()


def document_of(address, accept="application/json"):
    headers, body = get(address, accept)
    assert headers["Content-Type"].split(";")[0] == accept, (address, headers["Content-Type"])
    return json.loads(body)


def linked(document, rel):
    found = [link["href"] for link in document["links"] if link["rel"] == rel]
    assert found, (rel, document["links"])
    return found[0]


LINKS = {"type": "array", "items": {"type": "object", "required": ["href", "rel"]}}
OR_NULL = {"type": ["number", "null"]}
SCHEMAS = {
    "list": {
        "type": "object",
        "required": ["dggrs", "links"],
        "properties": {
            "links": LINKS,
            "dggrs": {"type": "array", "minItems": 1, "items": {"required": ["id", "title", "links"]}},
        },
    },
    "dggrs": {
        "type": "object",
        "required": ["id", "title", "description", "defaultDepth", "links", "linkTemplates"],
        "properties": {
            "id": {"const": "H3"},
            "defaultDepth": {"type": "integer", "minimum": 0},
            "maxRefinementLevel": {"type": "integer", "minimum": 0},
            "maxRelativeDepth": {"type": "integer", "minimum": 0},
            "links": LINKS,
        },
    },
    "definition": {
        "type": "object",
        "required": ["dggh", "zirs", "subZoneOrder"],
        "properties": {
            "dggh": {
                "required": ["definition"],
                "properties": {
                    "definition": {
                        "required": ["spatialDimensions", "temporalDimensions"],
                        "properties": {
                            "refinementRatio": {"const": 7},
                            "zoneTypes": {"items": {"enum": ["triangle", "square", "hexagon", "pentagon", "rhombus"]}},
                        },
                    },
                    "parameters": {
                        "properties": {"orientation": {"required": ["longitude", "latitude"]}},
                    },
                },
            },
            "zirs": {
                "required": ["textZIRS"],
                "properties": {"textZIRS": {"required": ["description"]}, "uint64ZIRS": {"required": ["description"]}},
            },
            "subZoneOrder": {"required": ["description"]},
        },
    },
    "zone": {
        "type": "object",
        "required": ["id", "links"],
        "properties": {"id": {"type": "string"}, "links": LINKS, "areaMetersSquare": {"type": "number"}},
    },
    "zones": {
        "type": "object",
        "required": ["zones", "links"],
        "properties": {
            "zones": {"type": "array", "items": {"type": "string"}},
            "returnedAreaMetersSquare": {"type": "number"},
            "links": LINKS,
        },
    },
    "data": {
        "type": "object",
        "required": ["dggrs", "zoneId", "depths", "values"],
        "properties": {
            "dggrs": {"type": "string", "format": "uri"},
            "zoneId": {"type": "string"},
            "depths": {"type": "array", "items": {"type": "integer", "minimum": 0}},
            "values": {
                "additionalProperties": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["data"],
                        "properties": {
                            "depth": {"type": "integer"},
                            "shape": {"required": ["count", "subZones"]},
                            "data": {"type": "array", "items": OR_NULL},
                        },
                    },
                }
            },
        },
    },
}


def valid(name, address, accept="application/json"):
    document = document_of(address, accept)
    jsonschema.validate(document, SCHEMAS[name])
    compared[name] += 1
    return document


def number(cell):
    return int(cell, 16)


def children(zone, depth):
    return sorted(h3.cell_to_children(zone, h3.get_resolution(zone) + depth), key=number)


def inside(cell):
    lat, lng = h3.cell_to_latlng(cell)
    return shapely.contains_xy(AREA, lng, lat)


def cover(box, level):
    """Cells that overlap a box and whose centre lies in the study area."""
    west, south, east, north = box
    ring = h3.LatLngPoly([(south, west), (south, east), (north, east), (north, west)])
    cells = h3.h3shape_to_cells_experimental(ring, level, contain="overlap")
    return sorted(filter(inside, cells), key=number)


def refused(address, status, accept="application/json"):
    try:
        get(address, accept)
    except urllib.error.HTTPError as error:
        assert error.code == status, (address, error.code, status)
        assert error.headers["Content-Type"] == "application/problem+json"
        compared["refused"] += 1
        return json.loads(error.read())
    raise AssertionError(f"{address} was answered")


def described():
    """Requirements class core, root-dggs and collection-dggs: everything is found by links."""
    landing = document_of("/")
    claims = document_of("/conformance")["conformsTo"]
    assert "https://www.opengis.net/spec/ogcapi-dggs-1/1.0/conf/core" in claims
    roots = [linked(landing, "[ogc-rel:dggrs-list]")]
    for collection in document_of("/collections")["collections"]:
        links = [link["href"] for link in collection["links"] if link["rel"] == "[ogc-rel:dggrs-list]"]
        roots += links
    assert len(roots) > 10, roots
    for root in roots:
        listed = valid("list", root)
        is_root = "/collections/" not in root
        linked(listed, "[ogc-rel:dataset]" if is_root else "[ogc-rel:geodata]")
        (item,) = listed["dggrs"]
        dggrs = valid("dggrs", linked(item, "self"))
        assert dggrs["id"] == item["id"] == "H3"
        linked(dggrs, "[ogc-rel:dataset]" if is_root else "[ogc-rel:geodata]")
        linked(dggrs, "https://www.opengis.net/def/rel/ogc/1.0/dggrs-zone-query")
        definition = linked(dggrs, "[ogc-rel:dggrs-definition]")
        assert definition == linked(item, "[ogc-rel:dggrs-definition]")
        templates = {template["rel"]: template["uriTemplate"] for template in dggrs["linkTemplates"]}
        assert "{zoneId}" in templates["[ogc-rel:dggrs-zone-info]"]
        assert "{zoneId}" in templates["[ogc-rel:dggrs-zone-data]"]
    oriented(valid("definition", definition))


def oriented(definition):
    """The first vertex of the icosahedron is where a pentagon of H3 has its centre, and the azimuth leads to another."""
    assert definition["dggh"]["parameters"]["orientation"]["latitude"] == 2.300882
    said = definition["dggh"]["parameters"]["orientation"]
    centres = [h3.cell_to_latlng(cell) for cell in h3.get_pentagons(0)]
    first = min(centres, key=lambda c: math.dist(c, (said["latitude"], said["longitude"])))
    assert math.dist(first, (said["latitude"], said["longitude"])) < 1e-4, first

    def azimuth(to):
        a, b = (tuple(map(math.radians, point)) for point in (first, to))
        east = math.sin(b[1] - a[1]) * math.cos(b[0])
        north = math.cos(a[0]) * math.sin(b[0]) - math.sin(a[0]) * math.cos(b[0]) * math.cos(b[1] - a[1])
        return math.degrees(math.atan2(east, north))

    assert min(abs(azimuth(to) - said["azimuth"]) for to in centres if to != first) < 1e-3
    compared["orientation"] += 1


def a_zone(dggrs):
    """Zone information, of hexagons and a pentagon."""
    pentagon = h3.get_pentagons(4)[3]
    for zone in ["87194e6a0ffffff", "85194e6bfffffff", pentagon, "8029fffffffffff"]:
        found = valid("zone", f"{dggrs}/zones/{zone}")
        assert found["id"] == zone
        assert linked(found, "[ogc-rel:dggrs]") == dggrs
        assert math.isclose(found["areaMetersSquare"], h3.cell_area(zone, "m^2"), rel_tol=1e-9)
        of = collections.defaultdict(set)
        for link in found["links"]:
            of[link["rel"]].add(link["href"].rsplit("/", 1)[1])
        level = h3.get_resolution(zone)
        assert of["[ogc-rel:dggrs-zone-child]"] == set(h3.cell_to_children(zone, level + 1))
        assert of["[ogc-rel:dggrs-zone-neighbor]"] == set(h3.grid_ring(zone, 1))
        if level > 0:
            assert of["[ogc-rel:dggrs-zone-parent]"] == {h3.cell_to_parent(zone, level - 1)}
        feature = document_of(f"{dggrs}/zones/{zone}", "application/geo+json")
        assert feature["properties"]["zoneID"] == feature["id"] == zone
        drawn(zone, feature["geometry"])
        assert zone in get(f"{dggrs}/zones/{zone}", "text/html")[1].decode()
        for spelled in (zone.upper(), str(number(zone))):
            assert document_of(f"{dggrs}/zones/{spelled}")["id"] == zone


def drawn(zone, geometry):
    ring = geometry["coordinates"][0]
    assert ring[0] == ring[-1]
    expected = [(lng, lat) for lat, lng in h3.cell_to_boundary(zone)]
    assert len(ring) == len(expected) + 1, zone
    for point in expected:
        assert min(math.dist(point, other) for other in ring) < 2e-6, (zone, point)


def zone_lists(dggrs):
    """Requirements class zone-query and its encodings, against covers of h3."""
    boxes = [(-1.71, 53.73, -1.39, 53.87), (-1.5502, 53.7951, -1.5351, 53.8012), (-3.0, 53.0, 0.5, 54.5), (10.0, 50.0, 11.0, 51.0)]
    for box in boxes:
        for level in (3, 5, 6, 7, 8):
            if level == 8 and box[2] - box[0] > 1:
                continue
            expected = cover(box, level)
            text = ",".join(map(str, box))
            asked = f"{dggrs}/zones?zone-level={level}&bbox={text}"
            whole = valid("zones", f"{asked}&compact-zones=false")
            assert whole["zones"] == expected, (box, level, set(whole["zones"]) ^ set(expected))
            linked(whole, "[ogc-rel:dggrs]")
            linked(whole, "[ogc-rel:dggrs-definition]")
            compact = valid("zones", asked)
            assert compact["zones"] == sorted(h3.compact_cells(expected), key=number)
            levels = [h3.get_resolution(zone) for zone in compact["zones"]]
            assert levels == sorted(levels), "larger zones come first"
            area = math.fsum(h3.cell_area(cell, "m^2") for cell in expected)
            for document in (whole, compact):
                assert math.isclose(document["returnedAreaMetersSquare"], area, rel_tol=1e-9, abs_tol=1e-3)
            _, numbers = get(f"{asked}&compact-zones=false", "application/x-binary")
            count, *ids = struct.unpack(f"<{len(numbers) // 8}Q", numbers)
            assert count == len(ids) and ids == [number(cell) for cell in expected]
            subset = f"subset=Lon({box[0]}:{box[2]})&subset=Lat({box[1]}:{box[3]})&subset-crs=%5BOGC:CRS84%5D"
            cut = document_of(f"{dggrs}/zones?zone-level={level}&compact-zones=false&{subset}")
            assert cut["zones"] == expected
            compared["zones of boxes"] += len(expected)
            compared["compacted"] += len(compact["zones"]) < len(expected)
    drawn_lists(dggrs, boxes[0])
    parent = h3.latlng_to_cell(53.8, -1.55, 5)
    for level in (5, 6, 8):
        expected = [cell for cell in children(parent, level - 5) if inside(cell)]
        below = document_of(f"{dggrs}/zones?zone-level={level}&parent-zone={parent}&compact-zones=false")
        assert below["zones"] == expected
        compared["zones of a parent"] += len(expected)
    default = document_of(f"{dggrs}/zones?compact-zones=false")
    assert {h3.get_resolution(zone) for zone in default["zones"]} == {default["naqsha"]["zone_level"]}


def drawn_lists(dggrs, box):
    text = ",".join(map(str, box))
    asked = f"{dggrs}/zones?zone-level=7&compact-zones=false&bbox={text}"
    expected = cover(box, 7)
    found = document_of(asked, "application/geo+json")
    assert [feature["properties"]["zoneID"] for feature in found["features"]] == expected
    for feature in found["features"]:
        drawn(feature["properties"]["zoneID"], feature["geometry"])
    centres = document_of(f"{asked}&geometry=zone-centroid", "application/geo+json")
    for zone, feature in zip(expected, centres["features"], strict=True):
        lat, lng = h3.cell_to_latlng(zone)
        assert math.dist(feature["geometry"]["coordinates"], (lng, lat)) < 1e-6
    page = get(asked, "text/html")[1].decode()
    assert all(zone in page for zone in expected)
    paged, address = [], f"{asked}&limit=7"
    while address:
        answer = document_of(address)
        assert len(answer["zones"]) <= 7
        paged += answer["zones"]
        address = next((link["href"] for link in answer["links"] if link["rel"] == "next"), None)
    assert paged == expected


def items(collection, asked):
    """Features of a collection by cell, page by page."""
    found, address = {}, f"/collections/{collection}/items?{asked}&limit=10000&f=json"
    while address:
        page = document_of(address, "application/geo+json")
        found |= {feature["id"]: feature["properties"] for feature in page["features"]}
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    return found


def values(document, field):
    return {part["depth"]: part["data"] for part in document["values"][field]}


def zone_data(dggrs):
    """Requirements classes data-retrieval, data-json, data-custom-depths, data-subsetting."""
    of_level = {level: items("counts", f"resolution={level}") for level in range(4, 10)}
    area_cells = valid("zones", f"{dggrs}/zones?zone-level=4&compact-zones=false")["zones"]
    tried = area_cells + [h3.latlng_to_cell(53.8, -1.55, level) for level in (5, 6, 7, 8, 9)]
    tried += [h3.latlng_to_cell(53.55, -2.1, 5), h3.latlng_to_cell(10.0, 10.0, 5)]
    for zone in tried:
        level = h3.get_resolution(zone)
        deepest = min(3, 9 - level)
        found = valid("data", f"{dggrs}/zones/{zone}/data?zone-depth=0-{deepest}")
        assert found["zoneId"] == zone and found["depths"] == list(range(deepest + 1))
        assert "h3" not in found["values"]
        located = {part["depth"]: part for part in found["naqsha"]["depths"]}
        for field, schema in found["schema"]["properties"].items():
            for depth, data in values(found, field).items():
                assert len(data) == len(children(zone, depth))
                for value in data:
                    if value is not None:
                        jsonschema.validate(value, schema)
        for depth, data in values(found, "n").items():
            cells = children(zone, depth)
            expected = [of_level[level + depth].get(cell, {}).get("n", 0) if inside(cell) else None for cell in cells]
            assert data == expected, (zone, depth)
            told = sum(value or 0 for value in data) + located[depth]["excluded"]["count"]
            assert told == located[depth]["records"] == located[0]["records"], (zone, depth)
            compared["values"] += len(data)
        if inside(zone):
            assert values(found, "n")[0] == [located[0]["records"]]
    zone = h3.latlng_to_cell(53.8, -1.55, 6)
    depth_0, depth_2 = (values(document_of(f"{dggrs}/zones/{zone}/data?zone-depth={d}"), "n")[d] for d in (0, 2))
    assert sum(depth_2) == depth_0[0] > 500, "a zone well inside: nothing is left out"
    subsetting(dggrs, zone)


def subsetting(dggrs, zone):
    asked = f"{dggrs}/zones/{zone}/data?zone-depth=0,2"
    some = valid("data", f"{asked}&properties=area_km2,n")
    assert list(some["values"]) == ["area_km2", "n"] == list(some["schema"]["properties"])
    rest = valid("data", f"{asked}&exclude-properties=n,n_apportioned,h3")
    assert list(rest["values"]) == ["area_km2"]
    lines = get(f"{asked}&properties=n,h3", "text/csv")[1].decode().split()
    assert lines[0] == "id,lon,lat,n,h3", lines[0]
    assert [line.split(",")[0] for line in lines[1:]] == [zone, *children(zone, 2)]
    drawn_values = document_of(asked, "application/geo+json")
    assert [feature["id"] for feature in drawn_values["features"]] == [zone, *children(zone, 2)]
    whole = values(valid("data", asked), "n")
    assert [feature["properties"]["n"] for feature in drawn_values["features"]] == whole[0] + whole[2]
    for some in ("datetime=2018-07-01/2018-07-31", 'subset=time(%222018-07-01%22:%222018-07-31%22)', "datetime=../.."):
        assert values(document_of(f"{asked}&{some}"), "n") == whole
    for none in ("datetime=2018-08-01/..", 'subset=time(%222018-08-01%22:*)'):
        assert sum(values(document_of(f"{asked}&{none}"), "n")[2]) == 0
    assert zone in get(asked, "text/html")[1].decode()
    of_dt = items("counts", "resolution=8&category=DT")
    found = values(document_of(f"{asked}&category=DT"), "n")[2]
    assert found == [of_dt.get(cell, {}).get("n", 0) for cell in children(zone, 2)]
    compared["subsets"] += 8


def statistics():
    """A layer that tests: each depth is its own answer, codes are numbered in the schema."""
    dggrs = "/collections/hotspots/dggs/H3"
    zone = h3.latlng_to_cell(53.8, -1.55, 6)
    found = valid("data", f"{dggrs}/zones/{zone}/data?zone-depth=0-1")
    for depth in (0, 1):
        rows = items("hotspots", f"resolution={6 + depth}")
        for field in ("z", "p", "q", "n", "bin"):
            assert values(found, field)[depth] == [rows[cell][field] for cell in children(zone, depth)]
        titles = {part["const"]: part["title"] for part in found["schema"]["properties"]["class"]["oneOf"]}
        classes = [titles[value] for value in values(found, "class")[depth]]
        assert classes == [rows[cell]["class"] for cell in children(zone, depth)]
        edges = [bool(value) for value in values(found, "edge")[depth]]
        assert edges == [rows[cell]["edge"] for cell in children(zone, depth)]
        compared["statistics"] += len(classes)
    rows = items("hotspots", "resolution=7")
    hot = sorted((cell for cell, row in rows.items() if row["class"] == "hot"), key=number)
    listed = document_of(f"{dggrs}/zones?zone-level=7&compact-zones=false&filter=class%3D%27hot%27")
    assert hot and listed["zones"] == hot
    many = {cell: row for cell, row in items("counts", "resolution=7").items() if row["n"] >= 100}
    listed = document_of("/dggs/H3/zones?zone-level=7&compact-zones=false&n_min=100")
    assert listed["zones"] == sorted(many, key=number)


def refusals(dggrs):
    zone = h3.latlng_to_cell(53.8, -1.55, 6)
    for wrong in (
        "zone-level=10",
        "zone-level=-1",
        "compact-zones=maybe",
        "parent-zone=8g",
        f"parent-zone={zone}&zone-level=5",
        "bbox=1,2,3",
        "bbox=1,2,3,4&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/3857",
        "bbox=1,2,3,4&subset=Lat(1:2)",
        "subset=height(1:2)",
        "datetime=2018-07-01&subset=time(%222018-07-01%22)",
        "resolution=7",
        "limit=0",
        "colour=red",
        "zone-level=7&zone-level=7",
        "filter=colour%3D1",
    ):
        refused(f"{dggrs}/zones?{wrong}", 400)
    several = refused(f"{dggrs}/zones?zone-level=99&bbox=1&colour=red&subset=h(1)", 400)
    assert {error["parameter"] for error in several["errors"]} == {"zone-level", "bbox", "colour", "subset"}
    for wrong in (
        "zone-depth=6",
        "zone-depth=4",
        "zone-depth=2-1",
        "zone-depth=-1",
        "properties=colour",
        "exclude-properties=colour",
        "properties=n&exclude-properties=n",
        "subset=Lat(1:2)",
        "resolution=7",
    ):
        refused(f"{dggrs}/zones/{zone}/data?{wrong}", 400)
    document_of(f"{dggrs}/zones?bbox-crs=nonsense&zone-level=5")
    for absent in ("/zones/8g", "/zones/zone", "/zones/ffffffffffffffff/data", f"/zones/{zone}/values"):
        refused(f"{dggrs}{absent}", 404)
    refused("/dggs/ISEA3H", 404)
    refused("/collections/incidents/dggs", 404)
    refused("/collections/flows/dggs/H3/zones", 404)
    refused(f"{dggrs}/zones", 406, "image/png")
    refused(f"{dggrs}/zones/{zone}/data", 406, "application/x-binary")


described()
for origin in ("/dggs/H3", "/collections/counts/dggs/H3"):
    dggrs = BASE + origin
    a_zone(dggrs)
    zone_lists(dggrs)
    zone_data(dggrs)
    refusals(dggrs)
statistics()
with open(OUT, "w", encoding="utf-8") as file:
    json.dump(compared, file)

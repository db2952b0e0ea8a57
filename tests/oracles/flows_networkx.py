"""Flows from pandas, Moran's I of flows from esda over SciPy's Kronecker product, corridors from networkx.

usage: flows_networkx.py SEED FOLDER EXPECTED.json

Cells and parents are those of the C H3 library.
"""

import csv
import itertools
import json
import os
import random
import sys
import warnings

import esda
import h3
import networkx
import numpy
import pandas
from libpysal.weights import WSP
from scipy import sparse

warnings.simplefilter("ignore")
seed, folder, expected_path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
choose = random.Random(seed)
expected = {}


def write(name, header, rows):
    with open(os.path.join(folder, name), "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


# Flows among the cells of a disk, more of them eastwards.
centre = h3.latlng_to_cell(31.5, 74.3, 8)
cells = sorted(h3.grid_disk(centre, 2))
rows = []
for _ in range(400):
    a, b = choose.choice(cells), choose.choice(cells)
    if h3.cell_to_latlng(a)[1] > h3.cell_to_latlng(b)[1] and choose.random() < 0.7:
        a, b = b, a
    rows.append((a, b, choose.randint(0, 9)))
write("flows.csv", ("from", "to", "n"), rows)
write("places.csv", ("id",), [(cell,) for cell in cells])


def summed(frame):
    table = frame.groupby(["from", "to"], as_index=False)["n"].sum()
    return table[table["n"] > 0]


def gross(frame):
    table = summed(frame)
    return table[table["from"] != table["to"]]


frame = pandas.DataFrame(rows, columns=("from", "to", "n"))
parents = frame.assign(
    **{end: [h3.cell_to_parent(cell, 7) for cell in frame[end]] for end in ("from", "to")}
)
for name, table in (("plain", frame), ("parents", parents)):
    pivot = gross(table).pivot_table(index="from", columns="to", values="n", fill_value=0)
    ends = sorted(set(pivot.index) | set(pivot.columns))
    matrix = pivot.reindex(index=ends, columns=ends, fill_value=0)
    net = (matrix - matrix.T).stack()
    own = summed(table)
    own = own[own["from"] == own["to"]].set_index("from")["n"]
    expected[name] = {
        "rows": gross(table).to_dict("records"),
        "net": [
            {"from": a, "to": b, "n": n, "gross": matrix.loc[a, b] + matrix.loc[b, a]}
            for (a, b), n in net.items()
            if n > 0
        ],
        "sent": matrix.sum(axis=1).to_dict(),
        "received": matrix.sum(axis=0).to_dict(),
        "within": own.to_dict(),
    }

# Units are the ordered pairs of different places.
count = len(cells)
order = {cell: at for at, cell in enumerate(cells)}
links = sparse.lil_matrix((count, count))
for cell in cells:
    for other in h3.grid_disk(cell, 1):
        if other != cell and other in order:
            links[order[cell], order[other]] = 1
flow = numpy.zeros((count, count))
for a, b, n in rows:
    flow[order[a], order[b]] += n
apart = ~numpy.eye(count, dtype=bool).ravel()
one = sparse.identity(count)
for name, product in (
    ("both", sparse.kron(links, links)),
    ("one", sparse.kron(links, one) + sparse.kron(one, links)),
):
    weights = WSP(sparse.csr_matrix(product.tocsr()[apart][:, apart])).to_W(silence_warnings=True)
    for style in ("b", "r"):
        found = esda.Moran(flow.ravel()[apart], weights, transformation=style, permutations=0)
        expected[f"moran_{name}_{style}"] = {
            "statistic": found.I,
            "expected": found.EI,
            "variance_rand": found.VI_rand,
            "z_rand": found.z_rand,
            "p_rand": found.p_rand,
        }

# Corridors over a larger disk with holes; a link costs what the cell it leads to costs.
disk = sorted(h3.grid_disk(centre, 5))
ends = choose.sample(disk, 2)
kept = [cell for cell in disk if cell in ends or choose.random() < 0.85]
cost = {cell: choose.uniform(0, 10) for cell in kept}
write("costs.csv", ("id", "cost"), cost.items())
graph = networkx.DiGraph()
graph.add_nodes_from(kept)
for cell in kept:
    for other in h3.grid_disk(cell, 1):
        if other != cell and other in cost:
            graph.add_edge(cell, other, weight=cost[other])
start, end = ends
try:
    paths = itertools.islice(networkx.shortest_simple_paths(graph, start, end, "weight"), 40)
    found = [{"path": path, "cost": sum(cost[cell] for cell in path)} for path in paths]
except networkx.NetworkXNoPath:
    found = []
expected["corridors"] = {"from": start, "to": end, "paths": found}
with open(expected_path, "w") as file:
    json.dump(expected, file, default=float)

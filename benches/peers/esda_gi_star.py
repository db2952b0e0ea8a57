"""The peer of `crates/analytics/benches/gi_star.rs`: esda's Gi* with 999 permutations on a map of the same size.

usage: esda_gi_star.py [RADIUS]   (default 191: 110,017 cells)

Prints CPU and wall seconds of the second of two runs, so that numba's compilation is left out.
"""

import sys
import time
import warnings

import h3
import numpy
from esda.getisord import G_Local
from libpysal.weights import W

warnings.simplefilter("ignore")
radius = int(sys.argv[1]) if len(sys.argv) > 1 else 191
cells = sorted(h3.grid_disk("88424d041bfffff", radius))
inside = set(cells)
neighbours = {cell: [other for other in h3.grid_ring(cell, 1) if other in inside] for cell in cells}
values = numpy.random.default_rng(7).poisson(0.2, len(cells)).astype(float)
position = {cell: at for at, cell in enumerate(cells)}
for cell in cells[::5000]:
    values[position[cell]] += 9
    for other in neighbours[cell]:
        values[position[other]] += 2
weights = W(neighbours, id_order=cells, silence_warnings=True)
for _ in range(2):
    wall, cpu = time.perf_counter(), time.process_time()
    G_Local(values, weights, transform="B", star=True, permutations=999, seed=1, keep_simulations=False)
    print(f"{len(cells)} cells: {time.perf_counter() - wall:.2f} s wall, {time.process_time() - cpu:.2f} s CPU", flush=True)

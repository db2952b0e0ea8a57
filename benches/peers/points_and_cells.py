"""The peers of `crates/analytics/benches/statistics.rs`: pointpats, scikit-learn and esda asked of numbers like ours.

usage: points_and_cells.py [knox] [kde] [local-moran]   (default: all)

Needs esda, libpysal, h3, scikit-learn, pyproj and pointpats. Prints seconds of wall and of processor time, of the second of two
runs where a compiler would else be timed.
"""

import sys
import time
import warnings

import h3
import numpy

warnings.simplefilter("ignore")
asked = sys.argv[1:] or ["knox", "kde", "local-moran"]


def timed(name, question):
    wall, cpu = time.perf_counter(), time.process_time()
    question()
    print(f"{name}: {time.perf_counter() - wall:.2f} s wall, {time.process_time() - cpu:.2f} s CPU", flush=True)


def knox():
    from pointpats.spacetime import Knox

    for count, shuffles in [(2_000, 99), (10_000, 99)]:
        generator = numpy.random.default_rng(7)
        side = 10_000 * (count / 10_000) ** 0.5
        points = generator.uniform(0, side, (count, 2))
        days = numpy.floor(generator.uniform(0, 365, (count, 1)))
        timed(f"pointpats Knox, {count} events, {shuffles} shuffles", lambda: Knox(points, days, 150, 7, permutations=shuffles))


def kde():
    from pyproj import Transformer
    from sklearn.neighbors import KernelDensity

    cells = sorted(h3.grid_disk("88424d041bfffff", 191))
    to_metres = Transformer.from_crs(4326, 32643, always_xy=True)
    lat, lon = numpy.array([h3.cell_to_latlng(cell) for cell in cells]).T
    centres = numpy.column_stack(to_metres.transform(lon, lat))
    generator = numpy.random.default_rng(7)
    points = centres[generator.integers(0, len(cells), 100_000)] + generator.uniform(-500, 500, (100_000, 2))

    def question():
        model = KernelDensity(kernel="epanechnikov", bandwidth=1_500, algorithm="kd_tree").fit(points)
        numpy.exp(model.score_samples(centres))

    timed(f"scikit-learn KernelDensity, 100,000 points onto {len(cells)} cells, 1.5 km", question)


def local_moran():
    from esda.moran import Moran_Local
    from libpysal.weights import W

    cells = sorted(h3.grid_disk("88424d041bfffff", 191))
    inside = set(cells)
    neighbours = {cell: [other for other in h3.grid_ring(cell, 1) if other in inside] for cell in cells}
    values = numpy.random.default_rng(7).poisson(0.2, len(cells)).astype(float)
    weights = W(neighbours, id_order=cells, silence_warnings=True)
    for _ in range(2):
        timed(
            f"esda Moran_Local, {len(cells)} cells, 999 permutations",
            lambda: Moran_Local(values, weights, transformation="B", permutations=999, seed=1, keep_simulations=False),
        )


for name, peer in [("knox", knox), ("kde", kde), ("local-moran", local_moran)]:
    if name in asked:
        peer()

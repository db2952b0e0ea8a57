"""Local Knox counts one by one, their hypergeometric p and q by SciPy: the other side of a differential test.

usage: local_knox.py SEED FOLDER EXPECTED.json

Events are scattered in space and time, with a burst at one place, and written to FOLDER/events.csv.
"""

import csv
import json
import os
import random
import sys

import numpy
from scipy.stats import false_discovery_control, hypergeom

seed, folder, expected_path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
choose = random.Random(seed)
count, delta, tau = 260, 8, 6
events = [(choose.randrange(100), choose.randrange(100), choose.randrange(365)) for _ in range(count)]
events += [(50 + choose.randrange(4), 50 + choose.randrange(4), 100 + choose.randrange(5)) for _ in range(12)]
# Far from all others in space, and in time.
events += [(1000, 1000, 50), (50, 50, 2000)]
choose.shuffle(events)
with open(os.path.join(folder, "events.csv"), "w", newline="") as file:
    rows = ((x, y, t, f"e{at:03}") for at, (x, y, t) in enumerate(events))
    csv.writer(file).writerows([("x", "y", "t", "id"), *rows])
places = numpy.array([event[:2] for event in events], dtype=float)
times = numpy.array([[event[2]] for event in events], dtype=float)
space = numpy.linalg.norm(places[:, None] - places[None], axis=2) <= delta
time = numpy.abs(times - times.T) <= tau
near_space, near_time = space.sum(axis=1) - 1, time.sum(axis=1) - 1
near_both = (space & time).sum(axis=1) - 1
others = len(events) - 1
p, reasons = [], []
for both, in_space in zip(near_both, near_space):
    # All times are shuffled, the event's own among them: the mean of the tails over the numbers near in time.
    reasons.append("isolated" if in_space == 0 else None)
    p.append(float(hypergeom.sf(both - 1, others, near_time, in_space).mean()) if in_space else None)
q = iter(false_discovery_control([value for value in p if value is not None]))
with open(expected_path, "w") as file:
    json.dump(
        {
            "delta": delta,
            "tau": tau,
            "tested": sum(value is not None for value in p),
            "rows": [
                {
                    "id": f"e{at:03}",
                    "nst": int(near_both[at]),
                    "ns": int(near_space[at]),
                    "nt": int(near_time[at]),
                    "p": p[at],
                    "q": None if p[at] is None else float(next(q)),
                    "reason": reasons[at],
                }
                for at in range(len(events))
            ],
        },
        file,
    )

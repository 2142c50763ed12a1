"""The prediction step of the original with stand-in forests: one scikit-learn forest a kernel type, summed over kernels.

Reads {"rows": int, "trees": [int], "models": {name: [[type, feature, ...]]}} from stdin, trains the forests on random
data, and prints {name: {trees: {"each": ms, "grouped": ms}}}: one predict() a kernel, or one a kernel type.
"""

import json
import statistics
import sys
import time

import numpy
from sklearn.ensemble import RandomForestRegressor


def train(width, trees, rows):
    random = numpy.random.default_rng(width)
    features = random.integers(1, 512, (rows, width)).astype(float)
    latency = features.prod(axis=1) ** (1 / width) * random.uniform(0.9, 1.1, rows)
    return RandomForestRegressor(trees, random_state=0, n_jobs=1).fit(features, latency)


def median_ms(work):
    times = []
    for _ in range(7):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def main():
    task = json.load(sys.stdin)
    widths = {row[0]: len(row) - 1 for rows in task["models"].values() for row in rows}
    result = {name: {} for name in task["models"]}
    for trees in task["trees"]:
        forests = {kind: train(width, trees, task["rows"]) for kind, width in widths.items()}
        for name, rows in task["models"].items():
            groups = {}
            for kind, *features in rows:
                groups.setdefault(kind, []).append(features)
            result[name][trees] = {
                "each": median_ms(lambda: sum(forests[kind].predict([x])[0] for kind, *x in rows)),
                "grouped": median_ms(lambda: sum(forests[k].predict(x).sum() for k, x in groups.items())),
            }
    print(json.dumps(result))


main()

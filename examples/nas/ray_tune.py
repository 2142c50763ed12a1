"""A search whose trials run on the workers of a Ray cluster."""

from __future__ import annotations

import json
import socket

import common
import ray
from ray import tune
from ray.cluster_utils import Cluster

from common import arguments, limits_of, train
from nnmeter import LatencyTable
from nnmeter.ray import FeasibleSearch


def main() -> None:
    parser = arguments()
    parser.add_argument("--address", help="of a Ray cluster; default: two workers on this machine")
    options = parser.parse_args()
    table, limits = LatencyTable.load(options.table), limits_of(options)

    if options.address is None:
        # Each of the two nodes runs one trial at a time.
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        cluster.add_node(num_cpus=1)
        options.address = cluster.address
    ray.init(options.address, log_to_driver=False)
    # Workers need nnmeter, and get `common.py` with the trial.
    ray.cloudpickle.register_pickle_by_value(common)

    def trial(candidate):
        return {
            "score": train(table, candidate),
            "node": ray.get_runtime_context().get_node_id(),
            "host": socket.gethostname(),
        }

    tuner = tune.Tuner(
        trial,
        tune_config=tune.TuneConfig(
            search_alg=tune.search.ConcurrencyLimiter(
                FeasibleSearch(table, limits, metric="score", mode="max", seed=options.seed),
                max_concurrent=4,
            ),
            metric="score",
            mode="max",
            num_samples=options.trials,
        ),
        run_config=tune.RunConfig(verbose=0),
    )
    results = tuner.fit()
    best = results.get_best_result()
    print(
        json.dumps(
            {
                "trials": len(results),
                "failed": results.num_errors,
                "workers": len({result.metrics["node"] for result in results}),
                "beyond the limit": sum(
                    table.latency(result.config, device) > ms
                    for result in results
                    for device, ms in limits.items()
                ),
                "best": best.config,
                "latencies": table.latencies(best.config),
            }
        )
    )


if __name__ == "__main__":
    main()

"""A multi-trial search of NNI 3.0 over its own SPOS space, whose candidates keep latency limits."""

from __future__ import annotations

import json

import nni
from nni.nas.evaluator import FunctionalEvaluator
from nni.nas.experiment import NasExperiment
from nni.nas.experiment.config import NasExperimentConfig
from nni.nas.hub.pytorch import ShuffleNetSpace
from nni.nas.strategy import RegularizedEvolution
from nni.nas.strategy.middleware import Chain, Deduplication, Filter

from common import arguments, limits_of
from nnmeter import LatencyTable
from nnmeter.nni import latency_filter


def train(model) -> None:
    """Stands in for training: more parameters score higher. It is no accuracy; put yours here."""
    nni.report_final_result(sum(parameter.numel() for parameter in model.parameters()) / 1e6)


def main() -> None:
    options = arguments().parse_args()
    table, limits = LatencyTable.load(options.table), limits_of(options)
    population = max(2, options.trials // 2)
    strategy = Chain(
        RegularizedEvolution(population_size=population, sample_size=population // 2, seed=options.seed),
        Filter(latency_filter(table, limits)),
        Deduplication("invalid"),
    )
    config = NasExperimentConfig(execution_engine="sequential", model_format="simplified")
    config.max_trial_number = options.trials
    experiment = NasExperiment(ShuffleNetSpace(), FunctionalEvaluator(train), strategy, config)
    experiment.run()
    found = experiment.export_top_models(options.trials, formatter="dict")
    print(
        json.dumps(
            {
                "trials": len(found),
                "beyond the limit": sum(
                    table.latency(sample, device) > ms for sample in found for device, ms in limits.items()
                ),
                "best": found[0],
                "latencies": table.latencies(found[0]),
            }
        )
    )


if __name__ == "__main__":
    main()

"""A search by several processes that share the journal of a study."""

from __future__ import annotations

import json
import os

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from common import arguments, limits_of, train
from nnmeter import LatencyTable
from nnmeter.optuna import FeasibleSampler, suggest_sample


def main() -> None:
    parser = arguments()
    parser.add_argument("--journal", default="study.log", help="file that all processes reach")
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    table, limits = LatencyTable.load(options.table), limits_of(options)

    def objective(trial: optuna.Trial) -> float:
        trial.set_user_attr("process", os.getpid())
        return train(table, suggest_sample(trial, table))

    study = optuna.create_study(
        study_name=table.space,
        direction="maximize",
        storage=JournalStorage(JournalFileBackend(options.journal)),
        sampler=FeasibleSampler(table, limits, seed=options.seed),
        load_if_exists=True,
    )
    study.optimize(objective, n_trials=options.trials)
    trials = study.get_trials(deepcopy=False)
    print(
        json.dumps(
            {
                "trials": len(trials),
                "processes": len({trial.user_attrs.get("process") for trial in trials}),
                "beyond the limit": sum(
                    table.latency(trial.params, device) > ms
                    for trial in trials
                    if trial.state.is_finished()
                    for device, ms in limits.items()
                ),
                "best": study.best_params,
                "latencies": table.latencies(study.best_params),
            }
        )
    )


if __name__ == "__main__":
    main()

import pytest

optuna = pytest.importorskip("optuna")

from nnmeter.optuna import FeasibleSampler, suggest_sample

MAX_MS = {"cpu": 4.0, "examplegpu": 2.0}


def accuracy(table, sample):
    """Grows with the work, so that the best candidate within a limit is at the limit."""
    return table.macs(sample)


SAMPLERS = {
    "TPE": lambda: optuna.samplers.TPESampler(seed=1),
    "multivariate TPE": lambda: optuna.samplers.TPESampler(seed=1, multivariate=True),
    "NSGA-II": lambda: optuna.samplers.NSGAIISampler(seed=1, population_size=10),
    "random": lambda: optuna.samplers.RandomSampler(seed=1),
}


@pytest.fixture(autouse=True)
def quiet():
    optuna.logging.set_verbosity(optuna.logging.ERROR)


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize("name", SAMPLERS)
def test_no_trial_is_spent_beyond_the_limits(table, name):
    seen = []

    def objective(trial):
        sample = suggest_sample(trial, table)
        trial.suggest_float("learning_rate", 0.001, 0.1)
        seen.append(sample)
        return accuracy(table, sample)

    study = optuna.create_study(
        direction="maximize", sampler=FeasibleSampler(table, MAX_MS, SAMPLERS[name](), seed=1)
    )
    study.optimize(objective, n_trials=40)
    assert len(seen) == 40
    for sample in seen:
        for device, limit in MAX_MS.items():
            assert table.latency(sample, device) <= limit
    assert len({tuple(sample.items()) for sample in seen}) > 5


def test_several_objectives(table):
    def objective(trial):
        sample = suggest_sample(trial, table)
        return accuracy(table, sample), table.latency(sample, "cpu")

    study = optuna.create_study(
        directions=["maximize", "minimize"],
        sampler=FeasibleSampler(table, MAX_MS, optuna.samplers.NSGAIISampler(seed=3), seed=3),
    )
    study.optimize(objective, n_trials=30)
    assert study.best_trials
    for trial in study.best_trials:
        assert trial.values[1] <= MAX_MS["cpu"]


def test_the_same_seed_gives_the_same_trials(table):
    def trials():
        study = optuna.create_study(sampler=FeasibleSampler(table, MAX_MS, seed=5))
        study.optimize(lambda trial: table.latency(suggest_sample(trial, table), "cpu"), n_trials=15)
        return [trial.params for trial in study.trials]

    assert trials() == trials()

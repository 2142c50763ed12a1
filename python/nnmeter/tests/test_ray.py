import pytest

pytest.importorskip("ray")

from ray.tune.search import Searcher

from nnmeter.ray import FeasibleSearch, search_space
from test_table import candidates

MAX_MS = {"cpu": 4.0}


def run(search, table, trials):
    """What Tune does with a searcher, one trial after the other."""
    found = []
    for index in range(trials):
        sample = search.suggest(f"trial_{index}")
        if sample is None or sample == Searcher.FINISHED:
            break
        found.append(sample)
        search.on_trial_complete(f"trial_{index}", {"accuracy": table.macs(sample)})
    return found


def test_only_what_keeps_the_limits_is_proposed_and_nothing_twice(table):
    found = run(FeasibleSearch(table, MAX_MS, "accuracy", "max", random_first=5), table, 60)
    for sample in found:
        assert table.latency(sample, "cpu") <= MAX_MS["cpu"]
    proposed = {tuple(table.active(sample).items()) for sample in found}
    assert len(proposed) == len(found)
    possible = {
        tuple(table.active(sample).items())
        for sample in candidates(table)
        if table.latency(sample, "cpu") <= MAX_MS["cpu"]
    }
    assert proposed <= possible and len(proposed) >= 0.9 * len(possible)


def test_it_goes_on_from_what_was_saved(table, tmp_path):
    search = FeasibleSearch(table, MAX_MS, "accuracy", "max", random_first=5)
    run(search, table, 10)
    search.save(str(tmp_path / "search"))
    other = FeasibleSearch(table, {"cpu": 100}, "accuracy", "max", seed=7)
    other.restore(str(tmp_path / "search"))
    assert run(other, table, 10) == run(search, table, 10)


def test_trials_that_failed_are_no_parents(table):
    search = FeasibleSearch(table, MAX_MS, "accuracy", "min", random_first=1)
    search.suggest("a")
    search.on_trial_complete("a", error=True)
    search.suggest("b")
    search.on_trial_complete("b", {"other": 1})
    assert table.latency(search.suggest("c"), "cpu") <= MAX_MS["cpu"]


def test_the_search_space_has_all_values(table):
    space = search_space(table)
    assert {label: tuple(domain.categories) for label, domain in space.items()} == table.choices

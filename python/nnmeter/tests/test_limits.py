import random

import pytest

from nnmeter import LatencyLimits, NnMeterError
from test_table import candidates


def test_candidates_that_are_drawn_keep_the_limits_and_differ(table):
    limits = LatencyLimits(table, {"cpu": 5.0, "examplegpu": 2.0})
    generator = random.Random(1)
    drawn = [limits.draw(generator) for _ in range(200)]
    for sample in drawn:
        assert table.latency(sample, "cpu") <= 5.0 and table.latency(sample, "examplegpu") <= 2.0
    assert len({tuple(sample.items()) for sample in drawn}) > 10


def test_what_is_allowed_is_what_the_table_says(table):
    limits = LatencyLimits(table, {"cpu": 4.0})
    for sample in candidates(table):
        assert limits.allows(sample) == (table.latency(sample, "cpu") <= 4.0)


def test_the_fastest_is_the_fastest(table):
    limits = LatencyLimits(table, {"cpu": 100})
    for device in table.devices:
        fastest = min(table.latency(sample, device) for sample in candidates(table))
        assert table.latency(limits.fastest(device), device) == fastest


def test_a_candidate_that_fits_is_left_as_it_is_and_others_are_made_to_fit(table):
    limits = LatencyLimits(table, {"cpu": 3.5})
    for sample in candidates(table):
        repaired = limits.repair(sample, random.Random(0))
        assert limits.allows(repaired)
        if limits.allows(sample):
            assert repaired == sample


def test_a_limit_that_nothing_keeps_is_one_error(table):
    with pytest.raises(NnMeterError, match=r"takes 0\.05 ms on cpu: the fastest found takes 3 ms; limits are in ms"):
        LatencyLimits(table, {"cpu": 0.05})
    with pytest.raises(NnMeterError, match="one device or more"):
        LatencyLimits(table, {})

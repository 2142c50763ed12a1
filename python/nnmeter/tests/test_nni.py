import pytest

pytest.importorskip("nni.nas", exc_type=ImportError)

import torch
from nni.mutable import Categorical
from nni.nas.evaluator import FunctionalEvaluator
from nni.nas.execution import SequentialExecutionEngine
from nni.nas.nn.pytorch import LayerChoice, ModelSpace
from nni.nas.oneshot.pytorch.profiler import RangeProfilerFilter, SampleProfilerPenalty
from nni.nas.space import RawFormatModelSpace
from nni.nas.strategy import Random
from nni.nas.strategy.middleware import Chain, Filter

from nnmeter.nni import (
    LatencyExpressionProfiler,
    LatencyProfiler,
    latency_filter,
    latency_penalty,
)
from test_table import candidates, expectation


def test_profilers_say_what_the_table_says(table):
    for device in table.devices:
        profiler, by_expression = LatencyProfiler(table, device), LatencyExpressionProfiler(table, device)
        for sample in candidates(table):
            assert profiler.profile(sample) == table.latency(sample, device)
            assert by_expression.profile(sample) == pytest.approx(table.latency(sample, device), rel=1e-12)


def soft(table, logits):
    return {
        label: dict(zip(values, torch.softmax(logits[label], 0)))
        for label, values in table.choices.items()
    }


def test_the_penalty_is_nnis_own_of_the_expected_latency(table):
    logits = {
        label: torch.arange(len(values), dtype=torch.float64, requires_grad=True)
        for label, values in table.choices.items()
    }
    penalty = latency_penalty(table, "cpu", reference_ms=4.0, scale=0.5)
    loss, details = penalty(torch.tensor(2.0, dtype=torch.float64), soft(table, logits))
    probabilities = {label: torch.softmax(value, 0).tolist() for label, value in logits.items()}
    expected = expectation(table, probabilities, "cpu")
    assert details["penalty"].item() == pytest.approx(expected, rel=1e-12)
    assert loss.item() == pytest.approx(2 + 0.5 * (expected / 4 - 1), rel=1e-12)
    loss.backward()
    ours = {label: value.detach().clone().requires_grad_() for label, value in logits.items()}
    (0.5 / 4 * table.expected_latency({k: torch.softmax(v, 0) for k, v in ours.items()}, "cpu")).backward()
    for label in logits:
        assert torch.allclose(logits[label].grad, ours[label].grad, rtol=1e-9, atol=1e-12)


def test_penalties_and_filters_of_nni_take_the_profiler(table):
    profiler = LatencyProfiler(table, "cpu")
    only_fast = RangeProfilerFilter(profiler, max=4.0)
    ours = latency_filter(table, {"cpu": 4.0})
    for sample in candidates(table):
        assert only_fast(sample) == ours(sample) == (table.latency(sample, "cpu") <= 4.0)
    sample = next(candidates(table))
    loss, _ = SampleProfilerPenalty(profiler, baseline=2.0)(torch.tensor(1.0), sample)
    assert float(loss) == pytest.approx(table.latency(sample, "cpu") / 2)


def test_a_strategy_with_the_filter_submits_only_what_keeps_the_limit(table):
    class Space(ModelSpace):
        def __init__(self):
            super().__init__()
            self.add_mutable(Categorical([0.5, 1], label="width"))
            self.add_mutable(Categorical([1, 2, 3], label="depth"))
            self.add_mutable(Categorical([False, True], label="squeeze_2"))
            self.block_1 = LayerChoice({k: torch.nn.Identity() for k in ("k3", "k5")}, label="block_1")
            self.block_2 = LayerChoice(
                {k: torch.nn.Identity() for k in ("k3", "k5", "skip")}, label="block_2"
            )

    space = RawFormatModelSpace.from_model(Space(), FunctionalEvaluator(print))
    strategy = Chain(Random(), Filter(latency_filter(table, {"cpu": 4.0})))
    submitted = []
    engine = SequentialExecutionEngine()
    engine.submit_models = lambda *models: submitted.extend(models)
    engine.budget_available = lambda: len(submitted) < 20
    engine.idle_worker_available = lambda: True
    strategy(space, engine)
    assert len(submitted) >= 20
    for model in submitted:
        assert table.latency(model.sample, "cpu") <= 4.0

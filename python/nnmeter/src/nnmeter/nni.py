"""Latency tables in NNI 3.0: profilers, a filter, and penalties for one-shot search."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Optional

from nni.mutable import Categorical, MutableExpression
from nni.nas.oneshot.pytorch.profiler import ExpectationProfilerPenalty
from nni.nas.profiler import ExpressionProfiler, Profiler

from .limits import LatencyLimits
from .table import LatencyTable


class LatencyProfiler(Profiler):  # type: ignore[misc]
    """Latency (ms) of samples on one device. The labels of the table have to be those of the space, as they are for NNI's
    own spaces."""

    def __init__(self, table: LatencyTable, device: Optional[str] = None) -> None:
        self.table = table
        self.device = device
        # Says at once if the device is unknown.
        table.base_latency(device)

    def profile(self, sample: Mapping[str, Any]) -> float:
        return self.table.latency(sample, self.device)


class LatencyExpressionProfiler(ExpressionProfiler):  # type: ignore[misc]
    """The same as an expression of the choices, which NNI can take the expectation of."""

    def __init__(self, table: LatencyTable, device: Optional[str] = None) -> None:
        choices = {
            label: Categorical(list(values), label=label) for label, values in table.choices.items()
        }
        self.expression: Any = table.base_latency(device)
        for part in table.parts(device):
            leaves = [choices[label] for label in part.labels]
            self.expression = self.expression + MutableExpression(part, "latency({})", leaves)


def latency_filter(table: LatencyTable, max_ms: Mapping[str, float]) -> Callable[[Any], bool]:
    """Lets candidates within the limits pass: ``Filter(latency_filter(table, {"cortexA76": 52}))`` around a multi-trial
    strategy, ``RandomOneShot(filter=...)`` for one-shot."""
    limits = LatencyLimits(table, max_ms)

    def allows(model: Any) -> bool:
        sample = getattr(model, "sample", model)
        return limits.allows(sample)

    return allows


def latency_penalty(
    table: LatencyTable, device: str, reference_ms: float, **options: Any
) -> ExpectationProfilerPenalty:
    """The penalty of differentiable strategies (DARTS, ProxylessNAS, GumbelDARTS) for the expected latency; ``options`` are
    those of NNI's ``ExpectationProfilerPenalty``: ``scale``, ``nonlinear``, ``aggregate``."""
    return ExpectationProfilerPenalty(
        LatencyExpressionProfiler(table, device), baseline=reference_ms, **options
    )

"""Latency limits, held before anything is trained."""

from __future__ import annotations

import random
from typing import Any, Dict, Mapping, Optional

from .errors import NnMeterError
from .table import LatencyTable, Sample

#: Random candidates that are looked at before one is made to fit.
TRIES = 200


class LatencyLimits:
    """Greatest latencies on devices, and candidates within them: ``LatencyLimits(table, {"cortexA76": 52})``."""

    def __init__(self, table: LatencyTable, max_ms: Mapping[str, float]) -> None:
        self.table = table
        self.max_ms = dict(max_ms)
        if not self.max_ms:
            raise NnMeterError("E_INVALID_INPUT", "give a limit for one device or more")
        for device in self.max_ms:
            fastest = self.fastest(device)
            if not table.latency(fastest, device) <= self.max_ms[device]:
                raise NnMeterError(
                    "E_INVALID_INPUT",
                    f"no candidate of {table.space!r} takes {self.max_ms[device]} ms on {device}: the fastest found takes "
                    f"{table.latency(fastest, device):.4g} ms; limits are in ms",
                )

    def allows(self, sample: Sample) -> bool:
        """Whether a candidate keeps all limits."""
        return self.excess(sample) <= 0

    def excess(self, sample: Sample) -> float:
        """How far a candidate is above the limits, as a share of them, all together; 0 within."""
        return sum(
            max(0.0, self.table.latency(sample, device) / limit - 1)
            for device, limit in self.max_ms.items()
        )

    def draw(self, generator: Optional[random.Random] = None) -> Dict[str, Any]:
        """A random candidate within the limits."""
        generator = generator or random.Random()
        for _ in range(TRIES):
            sample = self._random(generator)
            if self.allows(sample):
                return sample
        return self.repair(sample, generator)

    def repair(self, sample: Sample, generator: Optional[random.Random] = None) -> Dict[str, Any]:
        """The candidate with as many choices changed as it takes to keep the limits, one after the other."""
        generator = generator or random.Random()
        current = self._complete(sample, generator)
        for _ in range(TRIES):
            excess = self.excess(current)
            if excess <= 0:
                return current
            better = [
                changed
                for label, values in self.table.choices.items()
                if self.table.is_active(label, current)
                for value in values
                if self.excess(changed := {**current, label: value}) < excess
            ]
            current = generator.choice(better) if better else self._random(generator)
        raise NnMeterError(
            "E_INVALID_INPUT",
            f"no candidate of {self.table.space!r} was found that keeps {self.max_ms}; raise a limit",
        )

    def fastest(self, device: str) -> Dict[str, Any]:
        """A candidate that no change of one choice makes faster on a device; the fastest of all if choices are independent."""
        current = self._complete({}, random.Random(0))
        while True:
            candidates = [
                {**current, label: value}
                for label, values in self.table.choices.items()
                for value in values
            ]
            best = min(candidates, key=lambda each: self.table.latency(each, device))
            if self.table.latency(best, device) >= self.table.latency(current, device):
                return current
            current = best

    def _random(self, generator: random.Random) -> Dict[str, Any]:
        return self._complete({}, generator)

    def _complete(self, sample: Sample, generator: random.Random) -> Dict[str, Any]:
        """With a value for every label, also for those that do not matter yet."""
        return {
            label: sample[label] if label in sample else generator.choice(values)
            for label, values in self.table.choices.items()
        }

"""Latency limits in Ray Tune: candidates beyond them never reach a worker."""

from __future__ import annotations

import pickle
import random
from typing import Any, Dict, List, Mapping, Optional, Set, Tuple

from ray import tune
from ray.tune.search import Searcher

from .limits import TRIES, LatencyLimits
from .table import LatencyTable


def search_space(table: LatencyTable) -> Dict[str, Any]:
    """The space of a table for ``tune.Tuner(param_space=...)`` and searchers that want one."""
    return {label: tune.choice(list(values)) for label, values in table.choices.items()}


class FeasibleSearch(Searcher):  # type: ignore[misc]
    """Proposes candidates within the limits, none twice: random ones first, then changes of the best.

    The configuration of a trial is the candidate, label -> value; ``tune.Tuner`` needs no ``param_space`` with it.
    """

    def __init__(
        self,
        table: LatencyTable,
        max_ms: Mapping[str, float],
        metric: str,
        mode: str,
        seed: int = 0,
        random_first: int = 20,
    ) -> None:
        """``mode`` is ``"max"`` or ``"min"``; ``random_first`` candidates are random, later ones are one choice away from one
        of the best tenth."""
        super().__init__(metric=metric, mode=mode)
        self._limits = LatencyLimits(table, max_ms)
        self._generator = random.Random(seed)
        self._random_first = random_first
        self._proposed: Set[Tuple[Any, ...]] = set()
        self._running: Dict[str, Dict[str, Any]] = {}
        self._results: List[Tuple[float, Dict[str, Any]]] = []

    def suggest(self, trial_id: str) -> Any:
        for tries in range(TRIES):
            # What is one choice away from the best has been seen at some point.
            sample = self._propose() if tries < TRIES // 2 else self._limits.draw(self._generator)
            key = tuple(self._limits.table.active(sample).items())
            if key not in self._proposed:
                self._proposed.add(key)
                self._running[trial_id] = sample
                return sample
        return Searcher.FINISHED

    def on_trial_complete(
        self, trial_id: str, result: Optional[Dict[str, Any]] = None, error: bool = False
    ) -> None:
        sample = self._running.pop(trial_id, None)
        if sample is None or error or not result or self.metric not in result:
            return
        value = float(result[self.metric])
        self._results.append((-value if self.mode == "max" else value, sample))

    def save(self, checkpoint_path: str) -> None:
        with open(checkpoint_path, "wb") as file:
            pickle.dump(self.__dict__, file)

    def restore(self, checkpoint_path: str) -> None:
        with open(checkpoint_path, "rb") as file:
            self.__dict__.update(pickle.load(file))

    def _propose(self) -> Dict[str, Any]:
        if len(self._proposed) < self._random_first or not self._results:
            return self._limits.draw(self._generator)
        ranked = sorted(self._results, key=lambda each: each[0])
        _, parent = self._generator.choice(ranked[: max(1, len(ranked) // 10)])
        label, values = self._generator.choice(list(self._limits.table.choices.items()))
        return self._limits.repair({**parent, label: self._generator.choice(values)}, self._generator)

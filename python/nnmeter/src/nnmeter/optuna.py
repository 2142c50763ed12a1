"""Latency limits in Optuna: candidates beyond them are never trials."""

from __future__ import annotations

import random
from typing import Any, Dict, Mapping, Optional, Sequence

from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from .limits import LatencyLimits
from .table import LatencyTable

#: What the sampler inside is asked for before its proposal is made to fit.
PROPOSALS = 20


def suggest_sample(trial: Trial, table: LatencyTable) -> Dict[str, Any]:
    """The candidate of a trial: a value for every label of the table's space."""
    return {
        label: trial.suggest_categorical(label, list(values))
        for label, values in table.choices.items()
    }


class FeasibleSampler(BaseSampler):  # type: ignore[misc]
    """Has another sampler propose candidates until one keeps the limits: no trial is spent on the others.

    A proposal that keeps missing is changed, choice by choice, until it fits. Objectives ask for their candidate with
    :func:`suggest_sample`, and may suggest more by names that are no labels of the space.
    """

    def __init__(
        self,
        table: LatencyTable,
        max_ms: Mapping[str, float],
        sampler: Optional[BaseSampler] = None,
        seed: Optional[int] = None,
    ) -> None:
        self._limits = LatencyLimits(table, max_ms)
        self._sampler = sampler if sampler is not None else TPESampler(seed=seed)
        self._generator = random.Random(seed)
        self._space: Dict[str, BaseDistribution] = {
            label: CategoricalDistribution(list(values)) for label, values in table.choices.items()
        }

    def reseed_rng(self) -> None:
        self._sampler.reseed_rng()
        self._generator.seed()

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> Dict[str, BaseDistribution]:
        inner: Dict[str, BaseDistribution] = self._sampler.infer_relative_search_space(study, trial)
        return {**inner, **self._space}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: Dict[str, BaseDistribution]
    ) -> Dict[str, Any]:
        inner = self._sampler.infer_relative_search_space(study, trial)
        for _ in range(PROPOSALS):
            proposal: Dict[str, Any] = dict(self._sampler.sample_relative(study, trial, inner))
            for label, distribution in self._space.items():
                if label not in proposal:
                    proposal[label] = self._sampler.sample_independent(
                        study, trial, label, distribution
                    )
            sample = {label: proposal[label] for label in self._space}
            if self._limits.allows(sample):
                return proposal
        return {**proposal, **self._limits.repair(sample, self._generator)}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._sampler.before_trial(study, trial)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Optional[Sequence[float]],
    ) -> None:
        self._sampler.after_trial(study, trial, state, values)

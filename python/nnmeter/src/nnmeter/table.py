"""Latency tables of search spaces, as ``nn-meter nas table`` writes them: the predictor itself, without Node.

How a candidate is scored is described in docs/latency-table.md of the project.
"""

from __future__ import annotations

import json
import math
import os
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from .errors import NnMeterError

Value = Union[str, int, float, bool]
Sample = Mapping[str, Any]

FORMAT = "nnmeter-latency-table"
VERSIONS = (1, 2)

#: Figures of a table that each device has its own of, those of tables with devices that read weights again, and those that
#: all have in common.
BY_DEVICE = ("ms", "kernels", "novelMs", "estimatedMs")
WEIGHTS = ("weightMB",)
IN_COMMON = ("macs", "parameters", "activationBytes")


class Interval(NamedTuple):
    """The range that holds the measured latency with probability ``level``, ms."""

    low: float
    high: float
    level: float


class _Choice(NamedTuple):
    values: Tuple[Value, ...]
    positions: Dict[Tuple[bool, Value], int]
    #: label -> positions of which it must have one, for this choice to matter
    when: Dict[str, frozenset[int]]


class _Term(NamedTuple):
    labels: Tuple[str, ...]
    #: how far apart entries are that differ by one in the value of a label
    strides: Tuple[int, ...]
    figures: Mapping[str, Any]
    #: label -> allowed positions, of the labels and of all that they depend on
    conditions: Dict[str, frozenset[int]]

    def entry(self, positions: Mapping[str, int]) -> int:
        """The place of the figures for these positions of the labels."""
        return sum(positions[label] * stride for label, stride in zip(self.labels, self.strides))


class Part:
    """What depends on a few choices together: called with their values, it gives its part of the latency, ms."""

    def __init__(self, table: "LatencyTable", term: _Term, device: int) -> None:
        #: The choices of the part, and those that decide whether they matter.
        self.labels = tuple(term.conditions)
        self._table = table
        self._term = term
        self._device = device

    def __call__(self, *values: Value) -> float:
        positions = self._table._positions_of(self.labels, values)
        term = self._term
        if any(positions[label] not in allowed for label, allowed in term.conditions.items()):
            return 0.0
        return float(term.figures["ms"][self._device][term.entry(positions)])


class LatencyTable:
    """Latency, MACs, parameters and activation memory of every candidate of a search space."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """``data`` is the parsed JSON of a table."""
        self.data = data
        self._index()

    @classmethod
    def load(cls, path: Union[str, "os.PathLike[str]"]) -> "LatencyTable":
        """Reads a table from its file."""
        try:
            with open(path, encoding="utf-8") as file:
                data = json.load(file)
        except OSError as error:
            raise NnMeterError(
                "E_FILE", f"cannot open {os.fspath(path)!r}: {error.strerror}", {"file": os.fspath(path)}
            ) from error
        except ValueError as error:
            raise NnMeterError(
                "E_INVALID_INPUT", f"{os.fspath(path)!r} is no JSON: {error}", {"file": os.fspath(path)}
            ) from error
        return cls(data)

    def __getstate__(self) -> Mapping[str, Any]:
        return self.data

    def __setstate__(self, data: Mapping[str, Any]) -> None:
        self.__init__(data)  # type: ignore[misc]

    def __repr__(self) -> str:
        return f"<LatencyTable of {self.space} for {', '.join(self.devices)}>"

    @property
    def space(self) -> str:
        """Name of the search space."""
        return str(self.data["space"]["name"])

    @property
    def devices(self) -> List[str]:
        """Names of the devices."""
        return [device["name"] for device in self.data["devices"]]

    @property
    def choices(self) -> Dict[str, Tuple[Value, ...]]:
        """Label -> values."""
        return {label: choice.values for label, choice in self._choices.items()}

    def is_active(self, label: str, sample: Sample) -> bool:
        """Whether a choice matters in a candidate: the second block of a stage only if the stage is that deep."""
        choice = self._choices[label]
        return all(
            self.is_active(other, sample) and self._position(other, sample) in allowed
            for other, allowed in choice.when.items()
        )

    def active(self, sample: Sample) -> Dict[str, Any]:
        """The part of a sample that matters: samples with the same are the same candidate."""
        return {label: sample[label] for label in self._choices if self.is_active(label, sample)}

    def latency(self, sample: Sample, device: Optional[str] = None) -> float:
        """Predicted latency of a candidate, ms. ``device`` may be left out if the table has one only."""
        return self._latency_of(self._entries(sample), self._device(device))

    def latencies(self, sample: Sample) -> Dict[str, float]:
        """Predicted latency of a candidate on every device, ms."""
        entries = self._entries(sample)
        return {
            name: self._latency_of(entries, index) for index, name in enumerate(self.devices)
        }

    def interval(self, sample: Sample, device: Optional[str] = None) -> Optional[Interval]:
        """The range that holds the measured latency; None if the predictor cannot tell, or the latency is none."""
        index = self._device(device)
        widths = self.data["devices"][index]["interval"]
        if widths is None:
            return None
        entries = self._entries(sample)
        ms = self._latency_of(entries, index)
        kernels, novel, estimated = (
            self._sum_of(entries, figure, index) for figure in BY_DEVICE[1:]
        )
        if not ms > 0:
            return None
        time = ms / max(1.0, kernels)
        shorter = max(0.0, math.log(widths["known"][0]["perKernelMs"] / time))
        novelty = math.sqrt(_share(novel, ms)) * (1 + shorter)
        width = (
            math.hypot(_known_width(widths["known"], time), widths["novel"] * novelty)
            + _share(estimated, ms) * widths["estimated"]
        )
        return Interval(ms / (1 + width), ms * (1 + width), widths["level"])

    def macs(self, sample: Sample) -> float:
        """Multiply-accumulates of a candidate."""
        return self._sum(sample, "macs", None)

    def parameters(self, sample: Sample) -> float:
        """Weights and biases of a candidate."""
        return self._sum(sample, "parameters", None)

    def activation_bytes(self, sample: Sample) -> float:
        """Bytes of all tensors that kernels would write were nothing fused."""
        return self._sum(sample, "activationBytes", None)

    def expected_latency(self, probabilities: Mapping[str, Any], device: Optional[str] = None) -> Any:
        """Expected latency, ms, where every choice is drawn by itself: ``probabilities`` has for each label a sequence or
        tensor of the probabilities of its values, or a mapping of values to probabilities.

        With torch tensors the result is one, and gradients go through it to whatever made the probabilities. Where a device
        reads weights again, that is what it takes for the expected weights.
        """
        index = self._device(device)
        missing = [label for label in self._choices if label not in probabilities]
        if missing:
            raise NnMeterError("E_INVALID_INPUT", f"there are no probabilities of {missing[0]!r}")
        weights = {
            label: _as_weights(label, probabilities[label], choice)
            for label, choice in self._choices.items()
        }
        total = self._expected("ms", index, weights)
        if self._reloads(index):
            total = total + self._reload_ms(index, self._expected("weightMB", index, weights))
        return total

    def base_latency(self, device: Optional[str] = None) -> float:
        """What every candidate takes, ms; :meth:`parts` come on top."""
        return float(self.data["base"]["ms"][self._device(device)])

    def parts(self, device: Optional[str] = None) -> List[Part]:
        """The latency as a sum: for those who compute with expressions of choices. Devices that read weights again have
        none."""
        index = self._device(device)
        if self._reloads(index):
            raise NnMeterError(
                "E_INVALID_INPUT",
                f"the latency on {self.devices[index]} is no sum of parts, since it reads weights again that its caches do"
                " not hold; take latency() or expected_latency()",
            )
        return [Part(self, term, index) for term in self._terms]

    # How candidates are looked up

    def _positions_of(self, labels: Sequence[str], values: Sequence[Value]) -> Dict[str, int]:
        sample = dict(zip(labels, values))
        return {label: self._position(label, sample) for label in labels}

    def _index(self) -> None:
        data = self.data
        if not isinstance(data, Mapping) or data.get("format") != FORMAT:
            raise NnMeterError(
                "E_INVALID_INPUT",
                "this is no latency table; write one with: nn-meter nas table SPACE --output table.json",
            )
        if data.get("version") not in VERSIONS:
            raise NnMeterError(
                "E_INVALID_INPUT",
                f"the table has version {data.get('version')!r}; this package reads versions 1 and 2",
            )
        try:
            positions = {
                label: {_key(value): index for index, value in enumerate(choice["values"])}
                for label, choice in data["choices"].items()
            }
            self._choices = {
                label: _Choice(
                    tuple(choice["values"]),
                    positions[label],
                    {
                        other: frozenset(positions[other][_key(value)] for value in values)
                        for other, values in choice.get("when", {}).items()
                    },
                )
                for label, choice in data["choices"].items()
            }
            self._names = {
                name.lower(): index
                for index, device in enumerate(data["devices"])
                for name in (*device["aliases"], device["name"])
            }
            self._is_reloading = any("reloads" in device for device in data["devices"])
            self._terms = [self._term(term) for term in data["terms"]]
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise NnMeterError(
                "E_INVALID_INPUT", f"the table is damaged ({error!r}); write it again"
            ) from error

    def _term(self, figures: Mapping[str, Any]) -> _Term:
        labels = tuple(figures["labels"])
        strides: List[int] = []
        size = 1
        for label in reversed(labels):
            strides.insert(0, size)
            size *= len(self._choices[label].values)
        devices = len(self.data["devices"])
        by_device = BY_DEVICE + (WEIGHTS if self._is_reloading else ())
        if any(len(figures[figure]) != devices for figure in by_device):
            raise ValueError(f"{labels} needs figures of {devices} devices")
        lists = [entries for figure in by_device for entries in figures[figure]]
        lists += [figures[figure] for figure in IN_COMMON]
        if any(len(entries) != size for entries in lists):
            raise ValueError(f"{labels} needs {size} entries")
        conditions: Dict[str, frozenset[int]] = {}
        for label in labels:
            self._add_conditions(label, conditions)
        return _Term(labels, tuple(strides), figures, conditions)

    def _add_conditions(self, label: str, conditions: Dict[str, frozenset[int]]) -> None:
        choice = self._choices[label]
        conditions.setdefault(label, frozenset(range(len(choice.values))))
        for other, allowed in choice.when.items():
            self._add_conditions(other, conditions)
            conditions[other] = conditions[other] & allowed

    def _device(self, name: Optional[str]) -> int:
        if name is None and len(self.data["devices"]) == 1:
            return 0
        index = self._names.get(name.lower()) if name is not None else None
        if index is not None:
            return index
        problem = "name a device" if name is None else f"the table has no device {name!r}"
        raise NnMeterError("E_UNKNOWN_PREDICTOR", f"{problem}; it has {', '.join(self.devices)}")

    def _position(self, label: str, sample: Sample) -> int:
        choice = self._choices[label]
        try:
            value = sample[label]
        except KeyError:
            raise NnMeterError("E_INVALID_INPUT", f"the sample has no value for {label!r}") from None
        try:
            return choice.positions[_key(value)]
        except (KeyError, TypeError):
            raise NnMeterError(
                "E_INVALID_INPUT",
                f"{value!r} is no value of {label!r}; its values are {', '.join(map(repr, choice.values))}",
            ) from None

    def _entries(self, sample: Sample) -> List[Tuple[_Term, int]]:
        """The terms that count, each with its entry."""
        unknown = [label for label in sample if label not in self._choices]
        if unknown:
            raise NnMeterError("E_INVALID_INPUT", f"the space {self.space!r} has no choice {unknown[0]!r}")
        positions = {
            label: self._position(label, sample)
            for label in self._choices
            if self.is_active(label, sample)
        }
        return [
            (term, term.entry(positions))
            for term in self._terms
            if all(label in positions for label in term.labels)
        ]

    def _reloads(self, device: int) -> Sequence[Mapping[str, float]]:
        reloads: Sequence[Mapping[str, float]] = self.data["devices"][device].get("reloads", ())
        return reloads

    def _reload_ms(self, device: int, weight_mb: Any) -> Any:
        """Time in which weights are read that caches do not hold, ms, of a number or a tensor."""
        return sum(
            reload["msPerMB"] * (weight_mb - reload["beyondMB"]) * (weight_mb > reload["beyondMB"])
            for reload in self._reloads(device)
        )

    def _latency_of(self, entries: Sequence[Tuple[_Term, int]], device: int) -> float:
        ms = self._sum_of(entries, "ms", device)
        if not self._reloads(device):
            return ms
        return ms + float(self._reload_ms(device, self._sum_of(entries, "weightMB", device)))

    def _expected(self, figure: str, device: int, weights: Mapping[str, Any]) -> Any:
        total: Any = self.data["base"][figure][device]
        for term in self._terms:
            expected: Any = term.figures[figure][device]
            for label in reversed(term.labels):
                expected = _contract(expected, weights[label], term.conditions[label])
            (value,) = expected
            for label, allowed in term.conditions.items():
                if label not in term.labels:
                    value = value * _sum_at(weights[label], allowed)
            total = total + value
        return total

    def _sum(self, sample: Sample, figure: str, device: Optional[int]) -> float:
        return self._sum_of(self._entries(sample), figure, device)

    def _sum_of(
        self, entries: Sequence[Tuple[_Term, int]], figure: str, device: Optional[int]
    ) -> float:
        base = self.data["base"][figure]
        total: float = base if device is None else base[device]
        for term, entry in entries:
            figures = term.figures[figure]
            total += figures[entry] if device is None else figures[device][entry]
        return total


def _key(value: Value) -> Tuple[bool, Value]:
    """``True`` is not 1 here."""
    return (isinstance(value, bool), value)


def _known_width(known: List[Dict[str, float]], time: float) -> float:
    """Between two of the widths by the logarithm of the time per kernel; beyond them the nearest one."""
    above = next((entry for entry in known if entry["perKernelMs"] > time), None)
    if above is None:
        return known[-1]["width"]
    if above is known[0]:
        return above["width"]
    below = known[known.index(above) - 1]
    place = math.log(time / below["perKernelMs"]) / math.log(
        above["perKernelMs"] / below["perKernelMs"]
    )
    return below["width"] * math.pow(above["width"] / below["width"], place)


def _share(part: float, whole: float) -> float:
    return min(1.0, max(0.0, part) / whole)


def _as_weights(label: str, given: Any, choice: _Choice) -> Any:
    """A list or tensor with a probability for each value."""
    weights = [given[value] for value in choice.values] if isinstance(given, Mapping) else given
    if len(weights) != len(choice.values):
        raise NnMeterError(
            "E_INVALID_INPUT",
            f"{label!r} has {len(choice.values)} values, and {len(weights)} probabilities",
        )
    return weights


def _contract(table: Any, weights: Any, allowed: frozenset[int]) -> Any:
    """Sums a table over its last label, weighted; entries that are not allowed count nothing."""
    count = len(weights)
    if hasattr(weights, "new_tensor"):
        mask = weights.new_tensor([float(index in allowed) for index in range(count)])
        rows = table if hasattr(table, "reshape") else weights.new_tensor(table)
        return rows.reshape(-1, count) @ (weights * mask)
    return [
        sum(table[start + index] * weights[index] for index in sorted(allowed))
        for start in range(0, len(table), count)
    ]


def _sum_at(weights: Any, positions: frozenset[int]) -> Any:
    return sum(weights[index] for index in sorted(positions))

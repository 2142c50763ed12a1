"""Latency of neural networks on devices, without the device.

- :class:`LatencyTable`: every candidate of a search space, without Node.
- :func:`load_latency_predictor` and the rest of nn-Meter's API: any model, by ``nn-meter serve``.
- ``nnmeter.nni``, ``nnmeter.optuna``, ``nnmeter.ray``: adapters, imported where they are used.
"""

from .engine import Engine, default_engine
from .errors import NnMeterError, UnknownModelType, UnknownPredictor
from .limits import LatencyLimits
from .models import model_file_to_graph, model_to_graph
from .predictor import (
    LatencyPredictor,
    latency_metrics,
    list_latency_predictors,
    load_latency_predictor,
    nnMeterPredictor,
)
from .table import Interval, LatencyTable

__version__ = "2.0.0"

__all__ = [
    "Engine",
    "Interval",
    "LatencyLimits",
    "LatencyPredictor",
    "LatencyTable",
    "NnMeterError",
    "UnknownModelType",
    "UnknownPredictor",
    "default_engine",
    "latency_metrics",
    "list_latency_predictors",
    "load_latency_predictor",
    "model_file_to_graph",
    "model_to_graph",
    "nnMeterPredictor",
]

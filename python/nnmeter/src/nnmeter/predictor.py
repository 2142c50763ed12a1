"""nn-Meter's own API on top of ``nn-meter serve``."""

from __future__ import annotations

import math
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from .engine import Engine, default_engine
from .errors import UnknownPredictor
from .models import DEFAULT_INPUT_SHAPE, model_parameters


def list_latency_predictors(*, engine: Optional[Engine] = None) -> List[Dict[str, Any]]:
    """The predictors that exist: dicts with ``name``, ``version`` (None if not installed), ``category`` (cpu, gpu, vpu) and
    more."""
    found = (engine or default_engine()).request("devices")
    return [{**device, "category": device["device"].get("kind")} for device in found]


def load_latency_predictor(
    predictor_name: str,
    predictor_version: Union[None, str, float] = None,
    *,
    engine: Optional[Engine] = None,
) -> "LatencyPredictor":
    """The predictor of a device, by its name or a short one (``cortexA76``). The default version is the latest, 2.x; 1.0 are
    the forests of nn-Meter, once they are downloaded.

    Raises :class:`UnknownPredictor`, a ``NotImplementedError``, if there is none.
    """
    used = engine or default_engine()
    version = None if predictor_version is None else str(predictor_version)
    wanted = predictor_name.lower()
    named = [
        device
        for device in used.request("devices")
        if wanted in (name.lower() for name in (device["name"], *device["aliases"]))
    ]
    installed = [device for device in named if device["installed"]]
    chosen = [device for device in installed if version in (None, device["version"])]
    if chosen:
        best = max(chosen, key=lambda device: _version_key(device["version"]))
        return LatencyPredictor(best["name"], best["version"], engine)
    if installed:
        versions = ", ".join(device["version"] for device in installed)
        raise UnknownPredictor(
            "E_UNKNOWN_PREDICTOR", f"predictor {predictor_name!r} has no version {version}; installed: {versions}"
        )
    hint = next((device["hint"] for device in named if device.get("hint")), None)
    problem = "is not on this machine" if named else "is unknown"
    advice = hint or "list_latency_predictors() lists those that exist"
    raise UnknownPredictor("E_UNKNOWN_PREDICTOR", f"predictor {predictor_name!r} {problem}; {advice}", hint=advice)


class LatencyPredictor:
    """Predicts how long models run on one device."""

    def __init__(self, name: str, version: str, engine: Optional[Engine] = None) -> None:
        self.name = name
        self.version = version
        self._engine = engine

    def __repr__(self) -> str:
        return f"<LatencyPredictor {self.name} {self.version}>"

    def predict(
        self,
        model: Any,
        model_type: Optional[str] = None,
        input_shape: Sequence[int] = DEFAULT_INPUT_SHAPE,
        apply_nni: bool = False,
        **reading: Any,
    ) -> float:
        """Latency of a model, ms.

        ``model`` is the path of a file, its bytes, an ONNX model object, a dict in nn-Meter IR (``nnmeter-ir``) or NNI IR
        (``nni-ir``), a graph object of NNI, a ``torch.nn.Module`` or a torchvision name (``torch``). Without ``model_type``
        files, bytes and dicts are recognised by their content. ``input_shape`` is that of the only input of a torch model;
        for others give ``inputShapes={"name": [1, 3, 224, 224]}``. ``apply_nni`` is there for old scripts and changes nothing.
        """
        latency: float = self.report(model, model_type, input_shape, **reading)["latencyMs"]
        return latency

    def report(
        self,
        model: Any,
        model_type: Optional[str] = None,
        input_shape: Sequence[int] = DEFAULT_INPUT_SHAPE,
        **reading: Any,
    ) -> Dict[str, Any]:
        """All that is known of the latency: interval, coverage, kernels, warnings; what ``nn-meter predict --json`` prints."""
        with model_parameters(model, model_type, input_shape) as parameters:
            reports = (self._engine or default_engine()).request(
                "predict", **{**parameters, **reading}, predictors=[self.name], version=self.version
            )
        report: Dict[str, Any] = reports[0]
        return report


#: Its name in nn-Meter.
nnMeterPredictor = LatencyPredictor


def latency_metrics(
    y_pred: Sequence[float], y_true: Sequence[float]
) -> Tuple[float, float, float, float, float, float]:
    """Errors of predictions, as nn-Meter has them: RMSE (ms), RMSPE (percent), RMSE over the mean, and the shares of
    predictions within 5, 10 and 15 percent."""
    pairs = list(zip(y_pred, y_true))
    relative = [abs(true - predicted) / true for predicted, true in pairs]
    rmse = math.sqrt(sum((true - predicted) ** 2 for predicted, true in pairs) / len(pairs))
    rmspe = 100 * math.sqrt(sum(error**2 for error in relative) / len(pairs))
    mean = sum(true for _, true in pairs) / len(pairs)
    within = [sum(error <= bound for error in relative) / len(pairs) for bound in (0.05, 0.10, 0.15)]
    return (rmse, rmspe, rmse / mean, within[0], within[1], within[2])


def _version_key(version: str) -> List[int]:
    return [int(part) if part.isdigit() else 0 for part in version.split(".")]

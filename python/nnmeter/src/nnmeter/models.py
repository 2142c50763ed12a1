"""What a model is for Python, as what the engine reads."""

from __future__ import annotations

import base64
import contextlib
import io
import os
import tempfile
from typing import Any, Dict, Iterator, Optional, Sequence

from .engine import Engine, default_engine
from .errors import NnMeterError, UnknownModelType

#: What nn-Meter calls the types; the engine reads others too, see its README.
MODEL_TYPES = ("pb", "torch", "onnx", "nnmeter-ir", "nni-ir")

#: Larger models go through a file.
MAX_INLINE = 1 << 20

DEFAULT_INPUT_SHAPE = (1, 3, 224, 224)


def model_file_to_graph(
    filename: str,
    model_type: str,
    input_shape: Sequence[int] = DEFAULT_INPUT_SHAPE,
    apply_nni: bool = False,
    *,
    engine: Optional[Engine] = None,
) -> Dict[str, Any]:
    """The graph of a model file, or of a torchvision network by name (``torch``), as nn-Meter IR."""
    return model_to_graph(filename, model_type, input_shape, apply_nni, engine=engine)


def model_to_graph(
    model: Any,
    model_type: str,
    input_shape: Sequence[int] = DEFAULT_INPUT_SHAPE,
    apply_nni: bool = False,
    *,
    engine: Optional[Engine] = None,
) -> Dict[str, Any]:
    """The graph of a model object as nn-Meter IR; see :meth:`LatencyPredictor.predict` for what models may be."""
    with model_parameters(model, model_type, input_shape) as parameters:
        result = (engine or default_engine()).request("graph", **parameters)
    graph: Dict[str, Any] = result["graph"]
    return graph


@contextlib.contextmanager
def model_parameters(
    model: Any, model_type: Optional[str], input_shape: Sequence[int]
) -> Iterator[Dict[str, Any]]:
    """The parameters that name a model to the engine; files that it takes are there until the end of the block."""
    if model_type == "torch" and not isinstance(model, str):
        with _content(*_export(model, input_shape)) as parameters:
            yield parameters
    elif isinstance(model, (str, os.PathLike)):
        yield _named(os.fspath(model), model_type, input_shape)
    elif isinstance(model, (bytes, bytearray)):
        with _content(bytes(model), model_type) as parameters:
            yield parameters
    elif hasattr(model, "SerializeToString"):
        with _content(model.SerializeToString(), model_type or "onnx") as parameters:
            yield parameters
    else:
        # NNI's graphs are objects that can write themselves.
        graph = model._dump() if hasattr(model, "_dump") else model
        if not isinstance(graph, dict):
            raise NnMeterError(
                "E_INVALID_INPUT",
                f"a {type(model).__name__} is no model; give a path, bytes, an ONNX model, a dict in nn-Meter IR or NNI IR, or "
                'a torch.nn.Module with the type "torch"',
            )
        yield _typed({"object": graph}, model_type)


def _named(name: str, model_type: Optional[str], input_shape: Sequence[int]) -> Dict[str, Any]:
    if model_type != "torch":
        return _typed({"path": os.path.abspath(name)}, model_type)
    return {"name": name, "type": "torchvision", "inputShapes": list(input_shape)}


def _typed(parameters: Dict[str, Any], model_type: Optional[str]) -> Dict[str, Any]:
    return parameters if model_type is None else {**parameters, "type": model_type}


@contextlib.contextmanager
def _content(content: bytes, model_type: Optional[str]) -> Iterator[Dict[str, Any]]:
    if len(content) <= MAX_INLINE:
        yield _typed({"base64": base64.b64encode(content).decode()}, model_type)
        return
    descriptor, path = tempfile.mkstemp(prefix="nnmeter-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        yield _typed({"path": path}, model_type)
    finally:
        os.remove(path)


def _export(module: Any, input_shape: Sequence[int]) -> tuple[bytes, str]:
    """A ``torch.nn.Module`` as a program of ``torch.export``, which needs nothing but torch, or else as ONNX."""
    try:
        import torch
    except ImportError as error:
        raise NnMeterError("E_MISSING_PACKAGE", 'models of the type "torch" need PyTorch: pip install torch') from error
    if not isinstance(module, torch.nn.Module):
        raise UnknownModelType(
            "E_INVALID_INPUT", f'the type "torch" is for a torch.nn.Module, not for a {type(module).__name__}'
        )
    parameter = next(module.parameters(), None)
    device = parameter.device if parameter is not None else None
    example = torch.randn(*input_shape, device=device)
    was_training = module.training
    module.eval()
    try:
        return _export_program(torch, module, example)
    except Exception as error:
        raise NnMeterError(
            "E_INVALID_INPUT",
            f"torch cannot export the module for an input of shape {tuple(input_shape)}: {error}",
            hint="give the shape of its input as input_shape, or a file that you exported",
        ) from error
    finally:
        module.train(was_training)


def _export_program(torch: Any, module: Any, example: Any) -> tuple[bytes, str]:
    buffer = io.BytesIO()
    if hasattr(getattr(torch, "export", None), "save"):
        try:
            torch.export.save(torch.export.export(module, (example,)), buffer)
            return buffer.getvalue(), "pt2"
        except Exception:
            # Control flow that depends on data: the exporters to ONNX can do more of it.
            buffer = io.BytesIO()
    torch.onnx.export(module, (example,), buffer)
    return buffer.getvalue(), "onnx"

"""Writes packages/zoo/test/torchvision-reference.json: what torchvision itself says about its networks.

    python3.10 -m venv venv && venv/bin/pip install torch==1.13.1 torchvision==0.14.1 'numpy<2'
    venv/bin/python torchvision-reference.py [--list NAME]

Every network runs once on a 1x3x224x224 input; a dispatch hook sees the aten ops. `--list` prints the convolutions of
one network, one a line, whose SHA-256 the file holds.
"""
import hashlib
import json
import pathlib
import sys

import torch
import torchvision
from torch.utils._python_dispatch import TorchDispatchMode
from torchvision.models import get_model, list_models, maxvit, swin_transformer

# Initial values do not matter here; leaving them out saves minutes.
for name in [n for n in dir(torch.nn.init) if n.endswith("_") and not n.startswith("_")]:
    setattr(torch.nn.init, name, lambda tensor, *args, **kwargs: tensor)
torch.set_flush_denormal(True)


class Counter(TorchDispatchMode):
    """Collects convolutions and multiply-accumulates."""

    def __init__(self):
        super().__init__()
        self.convolutions = []
        self.macs = 0
        self.paused = False

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if self.paused:
            return result
        name = function.__name__.split(".")[0]
        if name == "convolution":
            x, weight, _, stride, padding = args[:5]
            groups = args[8]
            self.macs += result.numel() * weight[0].numel()
            sides = "x".join(map(str, result.shape[2:]))
            kernel = "x".join(map(str, weight.shape[2:]))
            self.convolutions.append(
                f"{x.shape[1]}>{weight.shape[0]} k{kernel} s{stride[0]} "
                f"p{padding[0]},{padding[1]} g{groups} {sides}"
            )
        elif name in ("mm", "bmm"):
            self.macs += result.numel() * args[0].shape[-1]
        elif name in ("addmm", "baddbmm"):
            self.macs += result.numel() * args[1].shape[-1]
        return result


def without_counting(counter, method):
    """Position biases do not depend on the input: inference engines fold them."""

    def wrapped(self):
        counter.paused = True
        try:
            return method(self)
        finally:
            counter.paused = False

    return wrapped


POSITION = ("relative_position_bias_table", "cpb_mlp")


def measure(name):
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    model = get_model(name, weights=None, **options).eval()
    counter = Counter()
    for module in model.modules():
        if isinstance(module, torch.nn.MultiheadAttention):
            module.training = True  # keeps off the fused kernel; there is no dropout
    patched = [
        (swin_transformer.ShiftedWindowAttention, "get_relative_position_bias"),
        (swin_transformer.ShiftedWindowAttentionV2, "get_relative_position_bias"),
        (maxvit.RelativePositionalMultiHeadAttention, "get_relative_positional_bias"),
    ]
    originals = [getattr(owner, method) for owner, method in patched]
    for (owner, method), original in zip(patched, originals):
        setattr(owner, method, without_counting(counter, original))
    with torch.no_grad(), counter:
        model(torch.zeros(1, 3, 224, 224))
    for (owner, method), original in zip(patched, originals):
        setattr(owner, method, original)
    parameters = sum(
        parameter.numel()
        for key, parameter in model.named_parameters()
        if not key.lower().startswith("aux") and not any(part in key for part in POSITION)
    )
    return counter, {
        "parameters": parameters,
        "macs": counter.macs,
        "convolutions": len(counter.convolutions),
        "sha256": hashlib.sha256("\n".join(counter.convolutions).encode()).hexdigest(),
    }


if sys.argv[1:2] == ["--list"]:
    print("\n".join(measure(sys.argv[2])[0].convolutions))
else:
    models = {}
    for name in list_models(torchvision.models):
        models[name] = measure(name)[1]
        print(name, models[name], flush=True)
    target = pathlib.Path(__file__).parent.parent / "test" / "torchvision-reference.json"
    lines = [f"    {json.dumps(name)}: {json.dumps(figures)}" for name, figures in models.items()]
    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__}
    target.write_text(
        "{\n"
        f'  "about": "Generated from torchvision by packages/zoo/scripts/torchvision-reference.py: do not edit. Parameters without auxiliary heads and relative position tables",\n'
        f'  "versions": {json.dumps(versions)},\n'
        '  "models": {\n' + ",\n".join(lines) + "\n  }\n}\n"
    )

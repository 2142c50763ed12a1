"""Writes the published SPOS network, built by NNI 3.0's own ShuffleNetSpace, as ONNX: export-spos.py FILE.

Needs nni==3.0, torch, pytorch_lightning, setuptools<81, onnx and onnxscript (python/requirements-nni.txt and the last two).
"""

import sys

import torch
from nni.nas.hub.pytorch import ShuffleNetSpace
from nni.nas.space import model_context

PUBLISHED = "k7 k5 k3 k5 k7 k3 k7 k3 k7 k3 k7 xcep k3 k3 k3 k3 xcep k7 xcep xcep".split()

sample = {f"layer_{index + 1}": name for index, name in enumerate(PUBLISHED)}
with model_context(sample):
    model = ShuffleNetSpace().eval()
# With its batch normalizations, which an export of a network in evaluation would fold into the convolutions.
torch.onnx.export(
    model,
    (torch.zeros(1, 3, 224, 224),),
    sys.argv[1],
    input_names=["input"],
    training=torch.onnx.TrainingMode.PRESERVE,
    do_constant_folding=False,
    dynamo=False,
)

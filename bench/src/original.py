"""The original's side of original.ts: answers requests, one JSON object a line, until its input ends.
Its argument is the name of the predictor.

Forests are stand-ins of the official sizes, in the original's folder under HOME. Prediction is that of the installed
nn-meter package; without the package, its last step alone: a predict() of each kernel type's forest, summed.
"""

import glob
import json
import logging
import os
import pickle
import platform
import resource
import sys
import time

import numpy
import sklearn
from sklearn.ensemble import RandomForestRegressor

try:
    import nn_meter
    import onnx

    logging.getLogger("nn-Meter").setLevel(logging.ERROR)
    package = f"nn-meter {nn_meter.__version__}, onnx {onnx.__version__}"
except ImportError as error:
    nn_meter = None
    package = f"only the original's forests ({error})"

PREDICTOR = sys.argv[1]
FOLDER = os.path.expanduser(f"~/.nn_meter/data/predictor/{PREDICTOR}")
SAMPLES = 2000
# Forests of the CPU predictor: features, trees, greatest depth, features tried at a split, samples.
FORESTS = {
    "conv-bn-relu": (7, 320, 70, 6, 10000),
    "dwconv-bn-relu": (7, 240, 50, 6, 5000),
    "fc": (4, 370, 50, 2, SAMPLES),
    "maxpool": (5, 210, 50, 5, SAMPLES),
    "avgpool": (5, 370, 50, 5, SAMPLES),
    "global-avgpool": (2, 370, 70, 2, SAMPLES),
    "hswish": (2, 190, 50, 2, SAMPLES),
    "relu": (2, 370, 50, 2, SAMPLES),
    "se": (2, 290, 20, 2, SAMPLES),
    "split": (2, 190, 50, 2, SAMPLES),
    "channelshuffle": (2, 370, 50, 2, SAMPLES),
    "bn": (2, 370, 50, 2, SAMPLES),
    "bnrelu": (2, 370, 50, 2, SAMPLES),
    "add": (3, 570, 50, 3, SAMPLES),
    "addrelu": (3, 570, 50, 3, SAMPLES),
    "concat": (6, 690, 100, 5, SAMPLES),
}
predictor = None


def build(rules, share):
    """Trains and writes all forests; `share` of their trees and samples."""
    os.makedirs(FOLDER, exist_ok=True)
    random = numpy.random.default_rng(1)
    nodes = 0
    for kernel, (width, trees, depth, tried, samples) in FORESTS.items():
        features = random.uniform(1, 1024, (int(samples * share), width)).round(3)
        latency = features.prod(axis=1) ** (1 / width) * random.uniform(0.9, 1.1, len(features))
        forest = RandomForestRegressor(
            max(1, int(trees * share)), max_depth=depth, max_features=tried, random_state=1, n_jobs=-1
        ).fit(features, latency)
        nodes += sum(tree.tree_.node_count for tree in forest.estimators_)
        with open(f"{FOLDER}/{kernel}.pkl", "wb") as file:
            pickle.dump(forest.set_params(n_jobs=None), file)
    with open(f"{FOLDER}/fusion_rules.json", "w") as file:
        json.dump({name: {"obey": obey} for name, obey in rules.items()}, file)
    return {"nodes": nodes, "bytes": sum(map(os.path.getsize, glob.glob(f"{FOLDER}/*.pkl")))}


def versions():
    names = [f"Python {platform.python_version()}", f"scikit-learn {sklearn.__version__}", package]
    return {"versions": names, "complete": nn_meter is not None}


def fill(path):
    """Puts random weights of the stated sizes into an ONNX file, which it has as any exported model."""
    model = onnx.load(path, load_external_data=False)
    random = numpy.random.default_rng(1)
    for tensor in model.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            values = random.standard_normal(list(tensor.dims), dtype=numpy.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    onnx.save(model, path)
    return {"bytes": os.path.getsize(path)}


def load():
    global predictor
    start = time.perf_counter()
    if nn_meter:
        predictor = nn_meter.load_latency_predictor(PREDICTOR)
    else:
        predictor = {}
        for path in glob.glob(f"{FOLDER}/*.pkl"):
            with open(path, "rb") as file:
                predictor[os.path.basename(path)[:-4]] = pickle.load(file)
    milliseconds = 1000 * (time.perf_counter() - start)
    return {"ms": milliseconds, "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def predict(kind, model, repeat):
    """Processor time of one, ms: an IR graph or a model file, or {regressor: [features]} where there is no package."""
    start = time.process_time()
    for _ in range(repeat):
        if nn_meter:
            predictor.predict(model, kind)
        else:
            sum(predictor[kernel].predict(rows).sum() for kernel, rows in model.items())
    return {"ms": 1000 * (time.process_time() - start) / repeat}


ANSWERS = {"versions": versions, "build": build, "fill": fill, "load": load, "predict": predict}
answers, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(ANSWERS[request.pop("do")](**request)), file=answers, flush=True)

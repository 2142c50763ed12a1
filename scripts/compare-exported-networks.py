"""Runs what scripts/write-exported-networks.mjs wrote: TFLite files with LiteRT, ONNX files with ONNX Runtime.

    pip install ai-edge-litert onnxruntime numpy
    python scripts/compare-exported-networks.py FOLDER [--json FILE]

Of every network: whether each tensor of the TFLite file has the shape that our graph gives it, and how far the results of
both runtimes are apart for one random image, in parts of the largest result. That may be 1e-4, or what ONNX Runtime alone
makes of a change of the image by 1e-6, if that is more: some random networks amplify the noise of float32. Exit code 1 if a
shape or a result differs.
"""
import argparse
import itertools
import json
import pathlib
import sys

import numpy as np
import onnxruntime
from ai_edge_litert.interpreter import Interpreter

TOLERANCE = 1e-4
CHANGE = 1e-6


def image_of(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def distance_of(result, expected):
    """In parts of the largest value; the two formats may have the axes of images in different orders."""
    orders = itertools.permutations(range(expected.ndim)) if expected.ndim <= 4 else [range(expected.ndim)]
    moved = [np.transpose(expected, order) for order in orders]
    scale = max(float(np.abs(expected).max()), 1e-9)
    return min(
        (float(np.abs(result - each).max()) / scale for each in moved if each.shape == result.shape),
        default=float("inf"),
    )


def compare(path):
    stated = json.loads(path.with_suffix(".json").read_text())
    interpreter = Interpreter(str(path.with_suffix(".tflite")), num_threads=2)
    interpreter.allocate_tensors()
    session = onnxruntime.InferenceSession(str(path.with_suffix(".onnx")))
    feeds = {}
    for given, detail in zip(session.get_inputs(), interpreter.get_input_details()):
        image = image_of(given.shape)
        feeds[given.name] = image
        is_moved = list(given.shape) != list(detail["shape"])
        interpreter.set_tensor(detail["index"], np.moveaxis(image, 1, -1) if is_moved else image)
    interpreter.invoke()
    equal, permuted, different = 0, 0, []
    for detail in interpreter.get_tensor_details():
        expected = stated["shapes"].get(detail["name"])
        shape = [int(extent) for extent in detail["shape"]]
        if expected is None:
            continue
        if shape == expected:
            equal += 1
        elif sorted(shape) == sorted(expected):
            permuted += 1
        else:
            different.append((detail["name"], shape, expected))
    distances, spreads = [], []
    results = session.run(None, feeds)
    changed = session.run(None, {name: image * np.float32(1 + CHANGE) for name, image in feeds.items()})
    for expected, noisy, detail in zip(results, changed, interpreter.get_output_details()):
        result = interpreter.get_tensor(detail["index"])
        distance = distance_of(result, expected)
        distances.append(distance)
        if distance > max(TOLERANCE, distance_of(noisy, expected)):
            different.append(("result " + detail["name"], distance, result.shape, expected.shape))
        spreads.append(float(expected.std()))
    return {
        "network": stated["name"],
        "tensors": equal,
        "inAnotherOrder": permuted,
        "different": different,
        "distance": max(distances, default=float("nan")),
        "spread": min(spreads, default=0),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    rows = []
    for path in sorted(options.folder.glob("*.tflite")):
        row = compare(path)
        row["isRight"] = not row["different"] and row["spread"] > 0
        rows.append(row)
        print(
            f"{row['network']:28} {row['tensors']:5} shapes equal, {row['inAnotherOrder']:3} in another order, "
            f"{len(row['different'])} different; results {row['distance']:.1e} apart, spread {row['spread']:.2g}"
            f"{'' if row['isRight'] else '  WRONG ' + str(row['different'][:3])}",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"{sum(row['isRight'] for row in rows)} of {len(rows)} networks are right")
    return 0 if rows and all(row["isRight"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

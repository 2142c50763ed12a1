"""Runs what scripts/write-exported-networks.mjs wrote: TFLite files with LiteRT, ONNX files with ONNX Runtime.

    pip install ai-edge-litert onnxruntime numpy
    python scripts/compare-exported-networks.py FOLDER [--json FILE]

Of every network: whether each tensor of the TFLite file has the shape that our graph gives it, and how far the results of
both runtimes are apart for one random image, in parts of the largest result. Exit code 1 if a shape or a result differs.
"""
import argparse
import json
import pathlib
import sys

import numpy as np
import onnxruntime
from ai_edge_litert.interpreter import Interpreter

TOLERANCE = 1e-4


def image_of(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


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
    for expected, detail in zip(session.run(None, feeds), interpreter.get_output_details()):
        result = interpreter.get_tensor(detail["index"])
        if result.shape != expected.shape:
            different.append(("result", result.shape, expected.shape))
            continue
        distances.append(float(np.abs(result - expected).max() / np.abs(expected).max()))
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
        row["isRight"] = not row["different"] and row["distance"] < TOLERANCE and row["spread"] > 0
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

"""Asks runtimes how much memory they plan for activations: TensorFlow Lite's arena and ONNX Runtime's.

    node scripts/write-exported-networks.mjs FOLDER mobilenet_v2 resnet50 ...
    pip install ai-edge-litert onnxruntime numpy
    python scripts/measure-memory.py FOLDER
    node scripts/write-memory.mjs FOLDER

Writes FOLDER/memory.json, with bytes by network, and beside each ONNX file the graph that ONNX Runtime made of it
(NAME.optimised.onnx), whose nodes are those that its profiler tells the bytes of. TensorFlow Lite: from the first byte to the last of the tensors that operators write, by their
addresses, with the reference kernels, which need no scratch memory, and with the kernels that run on phones, which do. ONNX
Runtime: the block that it allocates for the second run, once it knows all tensors of the first; what the caller feeds is
elsewhere. Its profiler says how many bytes each node reads and writes.
"""
import json
import pathlib
import re
import subprocess
import sys


def tflite_arena(path, resolver):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        str(path), experimental_op_resolver_type=OpResolverType[resolver], num_threads=1
    )
    interpreter.allocate_tensors()
    written = {detail["index"] for detail in interpreter.get_input_details()}
    for op in interpreter._get_ops_details():
        written.update(int(index) for index in op["outputs"])
    spans = []
    for index in written:
        view = interpreter.tensor(index)()
        start = view.__array_interface__["data"][0]
        spans.append((start, start + view.nbytes))
    return max(end for _, end in spans) - min(start for start, _ in spans)


def run_onnx(path, optimised):
    """In a process of its own, whose log says what is allocated."""
    import numpy as np
    import onnxruntime

    onnxruntime.set_default_logger_severity(0)
    as_requested = {
        "max_mem": 0,
        "arena_extend_strategy": 1,
        "initial_chunk_size_bytes": -1,
        "max_dead_bytes_per_chunk": -1,
    }
    place = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(place, onnxruntime.OrtArenaCfg(as_requested))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    options.add_session_config_entry("session.use_env_allocators", "1")
    # The level above it has operators of blocked layouts, of which no file format knows the shapes.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = optimised
    options.enable_profiling = True
    options.profile_file_prefix = optimised
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feeds = {given.name: np.zeros(given.shape, np.float32) for given in session.get_inputs()}
    for run in range(2):
        print(f"run {run}", file=sys.stderr, flush=True)
        session.run(None, feeds)
    print(session.end_profiling())


def onnx_memory(path):
    arguments = [sys.executable, __file__, "--run-onnx", str(path), str(path.with_suffix(".optimised.onnx"))]
    run = subprocess.run(arguments, capture_output=True, text=True, check=True)
    second = run.stderr.split("\nrun 1\n")[1]
    requested = re.findall(r"Extending BFCArena .*?\(requested\) num_bytes: (\d+)", second)
    profile = pathlib.Path(run.stdout.strip())
    nodes = {
        event["name"].removesuffix("_kernel_time"): sum(
            int(event["args"][size]) for size in ("activation_size", "parameter_size", "output_size")
        )
        for event in json.loads(profile.read_text())
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time")
    }
    profile.unlink()
    return {"block": max(map(int, requested), default=None), "bytesOfNodes": nodes}


def main(folder):
    measured = {}
    for path in sorted(folder.glob("*.tflite")):
        measured[path.stem] = {
            "tflite": tflite_arena(path, "BUILTIN_REF"),
            "tfliteWithScratch": tflite_arena(path, "BUILTIN_WITHOUT_DEFAULT_DELEGATES"),
            "onnxruntime": onnx_memory(path.with_suffix(".onnx")),
        }
        print(path.stem, flush=True)
    (folder / "memory.json").write_text(json.dumps(measured, indent=2))


if sys.argv[1:2] == ["--run-onnx"]:
    run_onnx(*sys.argv[2:])
else:
    main(pathlib.Path(sys.argv[1]))

import json
import os
import shlex
import subprocess
import sys
import threading

import pytest

import nnmeter
from nnmeter import (
    Engine,
    NnMeterError,
    UnknownPredictor,
    latency_metrics,
    list_latency_predictors,
    load_latency_predictor,
    model_file_to_graph,
    model_to_graph,
)
from conftest import NODE, PROGRAM, ROOT

RESNET18 = ROOT / "fixtures/onnx/resnet18.onnx"
NAME = "cortexA76cpu_tflite21"


@pytest.fixture(scope="module")
def expected():
    """What the command line says, by a process of its own."""

    def latency(*args):
        command = [NODE, str(PROGRAM), "predict", "--json", "--predictor", "cortexa76", *args]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)[0]["latencyMs"]

    return latency


@pytest.fixture(scope="module")
def predictor(engine):
    return load_latency_predictor(NAME)


def test_predictors_are_listed_and_loaded_by_name_and_version(engine):
    listed = {(each["name"], each["version"]): each for each in list_latency_predictors()}
    assert listed[(NAME, "2.0")]["category"] == "cpu"
    assert load_latency_predictor("CORTEXA76", 2.0).name == NAME
    for name, version in [("cortexA77", None), (NAME, 7.5)]:
        with pytest.raises(NotImplementedError) as caught:
            load_latency_predictor(name, version)
        assert isinstance(caught.value, UnknownPredictor)


def test_a_file_is_predicted_as_by_the_command_line(predictor, expected):
    latency = expected(str(RESNET18))
    assert predictor.predict(str(RESNET18), "onnx") == latency
    assert predictor.predict(RESNET18) == latency
    assert predictor.predict(RESNET18.read_bytes(), "onnx") == latency
    assert predictor.predict(RESNET18.read_bytes()) == latency


def test_graphs_in_nn_meter_ir_are_dicts_that_predict_the_same(predictor, expected, tmp_path):
    graph = model_file_to_graph(str(RESNET18), "onnx")
    assert predictor.predict(graph, "nnmeter-ir") == expected(str(RESNET18))
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(graph))
    assert predictor.predict(str(path), "nnmeter-ir") == expected(str(path))
    assert model_to_graph(graph, "nnmeter-ir").keys() == graph.keys()


def test_torchvision_networks_go_by_name(predictor, expected):
    assert predictor.predict("resnet18", "torch") == expected("--torchvision", "resnet18")


def test_onnx_objects(predictor, expected):
    onnx = pytest.importorskip("onnx")
    # The fixture is a model without its file of weights.
    model = onnx.load(str(RESNET18), load_external_data=False)
    assert predictor.predict(model, "onnx") == expected(str(RESNET18))
    assert model_to_graph(model, "onnx") == model_file_to_graph(str(RESNET18), "onnx")


def test_torch_modules(predictor, expected):
    torch = pytest.importorskip("torch")

    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 16, 3, stride=2, padding=1)
            self.norm = torch.nn.BatchNorm2d(16)

        def forward(self, x):
            return torch.nn.functional.relu(self.norm(self.conv(x)))

    module = Block().train()
    report = predictor.report(module, "torch", (1, 3, 64, 64))
    assert module.training
    assert [kernel["type"] for kernel in report["kernels"]] == ["conv-bn-relu"]
    assert report["kernels"][0]["output"] == [1, 32, 32, 16]
    assert predictor.predict(module, "torch", input_shape=(1, 3, 64, 64)) == report["latencyMs"]
    assert predictor.predict(module, "torch", (1, 3, 128, 128)) > report["latencyMs"]
    with pytest.raises(NnMeterError, match=r"cannot export the module for an input of shape \(1, 5, 8, 8\)"):
        predictor.predict(module, "torch", (1, 5, 8, 8))


def test_several_threads_get_their_own_answers(predictor, expected):
    names = ["alexnet", "resnet18", "squeezenet1_0", "mobilenet_v2"] * 3
    found = {}

    def ask(index):
        found[index] = predictor.report(names[index], "torch")["model"]

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(len(names))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[index] for index in range(len(names))] == names


@pytest.mark.parametrize(
    "model, model_type, message",
    [
        ("none.onnx", "onnx", "none.onnx.*no such file"),
        ({"a": 1}, None, "not a model of a known format"),
        (b"nonsense", None, "not a model of a known format"),
        (7, None, "an? int is no model"),
        ("x", "kears", "unknown model type"),
        ("resnet19", "torch", "resnet19"),
        (object(), "torch", "is for a torch.nn.Module"),
    ],
)
def test_what_is_no_model_is_one_error(predictor, model, model_type, message):
    if model_type == "torch" and not isinstance(model, str):
        pytest.importorskip("torch")
    with pytest.raises(NnMeterError, match=message):
        predictor.predict(model, model_type)
    assert predictor.predict("alexnet", "torch") > 0


def test_an_unknown_type_is_a_value_error(predictor):
    with pytest.raises(ValueError):
        predictor.predict("x", "kears")


def test_the_engine_starts_again_if_it_was_ended(engine, predictor):
    before = predictor.predict("alexnet", "torch")
    engine._process.kill()
    engine._process.wait()
    assert predictor.predict("alexnet", "torch") == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_has_an_engine_of_its_own(predictor):
    before = predictor.predict("alexnet", "torch")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if predictor.predict("alexnet", "torch") == before else 1
        finally:
            nnmeter.default_engine().close()
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert predictor.predict("alexnet", "torch") == before


@pytest.mark.parametrize(
    "program, message",
    [
        ("import sys; sys.exit('unrecognized arguments: serve')", "unrecognized arguments: serve"),
        ("print('hello')", "ended without an answer"),
        ("", "ended without an answer"),
    ],
)
def test_a_program_that_is_no_engine_is_one_error_with_what_to_do(program, message):
    with pytest.raises(NnMeterError, match=message) as caught:
        Engine([sys.executable, "-c", program]).request("health")
    assert "npm install -g @nnmeter/cli" in str(caught.value)


def test_no_program_at_all_is_the_same(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("NNMETER_COMMAND", raising=False)
    with pytest.raises(NnMeterError, match="no nn-meter and no npx on PATH.*NNMETER_COMMAND"):
        Engine().request("health")
    monkeypatch.setenv("NNMETER_COMMAND", "no-such-program --flag")
    with pytest.raises(NnMeterError, match="no-such-program --flag"):
        Engine().request("health")


@pytest.mark.skipif(os.name == "nt", reason="a script of the shell")
def test_the_original_on_path_is_passed_over(engine, monkeypatch, tmp_path):
    monkeypatch.delenv("NNMETER_COMMAND", raising=False)
    for name, script in [
        ("nn-meter", "echo 'usage: nn-meter [-h] {predict,lat_pred}' >&2; exit 2"),
        ("npx", f"shift 4; exec {shlex.join([NODE, str(PROGRAM)])} \"$@\""),
    ]:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with Engine() as found:
        assert found.request("health")["status"] == "ok"


def test_metrics_are_those_of_nn_meter():
    predicted, true = [10.0, 21.0, 33.0, 48.0], [10.0, 20.0, 30.0, 40.0]
    rmse, rmspe, relative, acc5, acc10, acc15 = latency_metrics(predicted, true)
    assert rmse == pytest.approx((74 / 4) ** 0.5)
    assert rmspe == pytest.approx(100 * ((0.05**2 + 0.1**2 + 0.2**2) / 4) ** 0.5)
    assert relative == pytest.approx(rmse / 25)
    assert (acc5, acc10, acc15) == (0.5, 0.75, 0.75)

"""What was built and installed, and whether its README is true."""

import re
from importlib.metadata import distribution

import pytest

from conftest import ROOT, write_table

README = (ROOT / "python/nnmeter/README.md").read_text(encoding="utf-8")


def examples(heading):
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def test_it_comes_with_its_licence_its_readme_and_its_types():
    installed = distribution("nnmeter")
    files = {path.name: path for path in installed.files}
    assert files["LICENSE"].read_text(encoding="utf-8") == (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "py.typed" in files
    assert installed.metadata["Description-Content-Type"] == "text/markdown"
    assert installed.metadata.get_payload().strip() == README.strip()


def test_the_tables_of_the_readme(node, tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    write_table(node, "spos", tmp_path)
    monkeypatch.chdir(tmp_path)
    names = {"torch": torch, "cross_entropy": torch.tensor(2.0)}
    for example in examples("Tables"):
        exec(example, names)
    uniform = {label: [1 / len(values)] * len(values) for label, values in names["table"].choices.items()}
    expected = names["table"].expected_latency(uniform, "cortexA76")
    assert names["loss"].item() == pytest.approx(2 + 0.1 * expected / 50, rel=1e-6)
    assert all(logits.grad is not None for logits in names["logits"].values())


def test_the_api_of_the_original_in_the_readme(engine, monkeypatch):
    torchvision = pytest.importorskip("torchvision")
    monkeypatch.chdir(ROOT / "fixtures/onnx")
    (example,) = examples("nn-Meter's API")
    names = {"torchvision": torchvision}
    exec(example.replace("model.onnx", "mobilenet_v2.onnx"), names)

"""Tables in the formats of others, summed by the readers of these others."""

import json
import random
import subprocess

import pytest

pytest.importorskip("ofa")

import yaml
from ofa.imagenet_classification.elastic_nn.networks import OFAMobileNetV3, OFAProxylessNASNets
from ofa.nas.efficiency_predictor import MBv3LatencyTable, ProxylessNASLatencyTable

from conftest import PROGRAM, write_table
from nnmeter import LatencyTable

DEVICE = "adreno640"


@pytest.fixture(autouse=True)
def as_before_pyyaml_6(monkeypatch):
    """The readers give no Loader."""
    load = yaml.load
    monkeypatch.setattr(yaml, "load", lambda text, Loader=yaml.SafeLoader: load(text, Loader))


@pytest.fixture
def tables(node, tmp_path):
    """The path of a space's table in the format of Once-for-All, and the same table as ours."""

    def write(space):
        path = tmp_path / f"{space}.yaml"
        options = ["--predictor", DEVICE, "--format", "ofa", "--output", path]
        subprocess.run([node, PROGRAM, "nas", "table", space, *options], capture_output=True, check=True)
        return str(path), LatencyTable.load(write_table(node, space, tmp_path))

    return write


def settings(sample, stages, what):
    return [sample[f"s{stage}_i{index}_{what}"] for stage in stages for index in range(4)]


def test_once_for_alls_reader_sums_its_mobilenetv3(tables):
    path, ours = tables("ofa-mbv3")
    theirs = MBv3LatencyTable(url=path)
    net = OFAMobileNetV3(ks_list=[3, 5, 7], expand_ratio_list=[3, 4, 6], depth_list=[2, 3, 4])
    generator = random.Random(0)
    for _ in range(20):
        sample = {label: generator.choice(values) for label, values in ours.choices.items()}
        sample["resolution"] = 224
        stages = range(1, 6)
        net.set_active_subnet(
            ks=settings(sample, stages, "ks"),
            e=settings(sample, stages, "exp"),
            d=[sample[f"s{stage}_depth"] for stage in stages],
        )
        summed = theirs.predict_network_latency_given_config(net.get_active_net_config(), 224)
        assert summed == pytest.approx(ours.latency(sample, DEVICE), rel=1e-9)


def test_once_for_alls_reader_sums_proxylessnas(tables):
    path, ours = tables("proxylessnas")
    theirs = ProxylessNASLatencyTable(url=path)
    net = OFAProxylessNASNets(ks_list=[3, 5, 7], expand_ratio_list=[3, 6], depth_list=[1, 2, 3, 4])
    generator = random.Random(0)
    for _ in range(20):
        sample = {label: generator.choice(values) for label, values in ours.choices.items()}
        blocks = [f"s{stage}_i{index}" for stage in range(2, 7) for index in range(4)] + ["s7_i0"]
        net.set_active_subnet(
            ks=[int(sample[block][1]) for block in blocks],
            e=[int(sample[block][3]) for block in blocks],
            d=[sample[f"s{stage}_depth"] for stage in range(2, 7)] + [1],
        )
        # Its first stage has 24 channels where that of NNI's space has 32.
        text = json.dumps(net.get_active_net_config()).replace("channels\": 24", "channels\": 32")
        summed = theirs.predict_network_latency_given_config(json.loads(text), 224)
        assert summed == pytest.approx(ours.latency(sample, DEVICE), rel=1e-9)

import copy
import json
import pickle
import random
import subprocess
from itertools import product

import pytest

from nnmeter import LatencyTable, NnMeterError
from conftest import ROOT, write_table

SCORES = json.loads((ROOT / "fixtures/nas/example-scores.json").read_text())


def candidates(table):
    """Every assignment of values to labels, also of those that do not matter."""
    for values in product(*table.choices.values()):
        yield dict(zip(table.choices, values))


@pytest.mark.parametrize("score", SCORES, ids=range(len(SCORES)))
def test_samples_are_worth_what_was_worked_out_by_hand(table, score):
    sample = score["sample"]
    assert list(table.latencies(sample).values()) == score["ms"]
    assert [table.latency(sample, device) for device in table.devices] == score["ms"]
    assert table.macs(sample) == score["macs"]
    assert table.parameters(sample) == score["parameters"]
    assert table.activation_bytes(sample) == score["activationBytes"]


def test_all_candidates_are_worth_what_typescript_says(table, engine):
    samples = list(candidates(table))
    scores = engine.request("table", table=table.data, samples=samples)
    for index, sample in enumerate(samples):
        assert list(table.latencies(sample).values()) == pytest.approx(scores["ms"][index], rel=1e-12)
        assert table.macs(sample) == scores["macs"][index]


def test_all_candidates_of_a_reloading_device_are_worth_what_typescript_says(reloading, engine):
    samples = list(candidates(reloading))
    scores = engine.request("table", table=reloading.data, samples=samples)
    for index, sample in enumerate(samples):
        assert list(reloading.latencies(sample).values()) == pytest.approx(scores["ms"][index], rel=1e-12)


def figures_by_typescript(node, tables, samples):
    """For each table and sample."""
    script = ROOT / "python/nnmeter/tests/figures.mjs"
    given = json.dumps([{"table": table, "samples": samples} for table in tables])
    done = subprocess.run([node, script], input=given, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def assert_figures(table, sample, figures):
    def equal(value):
        return pytest.approx(value, rel=1e-12, abs=0)

    assert list(figures["latency"]) == table.devices
    for device, latency in figures["latency"].items():
        assert table.latency(sample, device) == equal(latency["ms"])
        interval = table.interval(sample, device)
        assert (interval and interval._asdict()) == (latency["interval"] and equal(latency["interval"]))
    assert table.macs(sample) == equal(figures["macs"])
    assert table.parameters(sample) == equal(figures["parameters"])
    assert table.activation_bytes(sample) == equal(figures["activationBytes"])


@pytest.mark.parametrize("space", ["spos", "proxylessnas"])
def test_candidates_of_whole_spaces_are_worth_what_typescript_says(space, node, tmp_path):
    table = LatencyTable.load(write_table(node, space, tmp_path))
    assert len(table.devices) == 4
    generator = random.Random(0)
    complete = [
        {label: generator.choice(values) for label, values in table.choices.items()} for _ in range(1000)
    ]
    samples = [table.active(sample) for sample in complete]
    (expected,) = figures_by_typescript(node, [table.data], samples)
    for sample, figures in zip(samples, expected):
        assert_figures(table, sample, figures)


def test_intervals_are_those_of_typescript_however_odd_the_figures(table, node):
    sample = SCORES[0]["sample"]
    odd = [
        {
            "ms": [ms, ms],
            "kernels": [kernels, kernels],
            "novelMs": [novel * ms] * 2,
            "estimatedMs": [estimated * ms] * 2,
        }
        for ms in (-1, 0, 1e-9, 1e-3, 0.05, 1, 1e6)
        for kernels, novel, estimated in ((0, 0, 0), (3, 0.5, 0), (40, 2, 0.3), (1, -1, 2))
    ]
    tables = [
        {**table.data, "base": {**table.data["base"], **figures}, "terms": []} for figures in odd
    ]
    for data, (expected,) in zip(tables, figures_by_typescript(node, tables, [sample])):
        has_interval = expected["latency"]["examplecpu"]["interval"] is not None
        assert has_interval == (data["base"]["ms"][0] > 0)
        assert_figures(LatencyTable(data), sample, expected)


def test_devices_go_by_any_of_their_names(table):
    sample = SCORES[0]["sample"]
    assert table.latency(sample, "CPU") == table.latency(sample, "examplecpu")
    with pytest.raises(NnMeterError, match="no device 'tpu'; it has examplecpu, examplegpu"):
        table.latency(sample, "tpu")
    with pytest.raises(NnMeterError, match="name a device"):
        table.latency(sample)


def test_the_interval_widens_with_what_is_new(table):
    known, new = SCORES[0]["sample"], SCORES[1]["sample"]
    for sample in (known, new):
        low, high, level = table.interval(sample, "cpu")
        assert low < table.latency(sample, "cpu") < high
        assert level == 0.9
    widths = [table.interval(sample, "cpu").high / table.latency(sample, "cpu") for sample in (known, new)]
    assert widths[1] > widths[0]
    assert table.interval(known, "examplegpu") is None


def test_what_takes_no_time_has_no_interval(table):
    base = {**table.data["base"], "ms": [0, 0]}
    nothing = LatencyTable({**table.data, "base": base, "terms": []})
    assert nothing.interval(SCORES[0]["sample"], "cpu") is None


def test_conditions_tell_true_from_1(table):
    choices = {
        "skip": {"values": [1, True]},
        "depth": {"values": [2, 3], "when": {"skip": [True]}},
    }
    conditional = LatencyTable({**table.data, "choices": choices, "terms": []})
    assert conditional.is_active("depth", {"skip": True, "depth": 2})
    assert not conditional.is_active("depth", {"skip": 1})


def test_it_goes_to_other_processes(table):
    copy = pickle.loads(pickle.dumps(table))
    sample = SCORES[2]["sample"]
    assert copy.latencies(sample) == table.latencies(sample)


def draw(table, probabilities, generator):
    return {
        label: generator.choices(values, probabilities[label])[0]
        for label, values in table.choices.items()
    }


def expectation(table, probabilities, device):
    """By its definition: over all candidates."""
    total = 0.0
    for sample in candidates(table):
        probability = 1.0
        for label, values in table.choices.items():
            probability *= probabilities[label][values.index(sample[label])]
        total += probability * table.latency(sample, device)
    return total


def random_probabilities(table, generator):
    probabilities = {}
    for label, values in table.choices.items():
        weights = [generator.random() for _ in values]
        probabilities[label] = [weight / sum(weights) for weight in weights]
    return probabilities


@pytest.mark.parametrize("seed", range(5))
def test_the_expectation_is_the_mean_over_all_candidates(table, seed):
    probabilities = random_probabilities(table, random.Random(seed))
    for device in table.devices:
        expected = expectation(table, probabilities, device)
        assert table.expected_latency(probabilities, device) == pytest.approx(expected, rel=1e-12)
        by_value = {
            label: dict(zip(values, probabilities[label])) for label, values in table.choices.items()
        }
        assert table.expected_latency(by_value, device) == pytest.approx(expected, rel=1e-12)


def test_gradients_go_through_soft_choices(table):
    torch = pytest.importorskip("torch")
    logits = {
        label: torch.zeros(len(values), dtype=torch.float64, requires_grad=True)
        for label, values in table.choices.items()
    }

    def latency(values):
        return table.expected_latency(
            {label: torch.softmax(value, 0) for label, value in values.items()}, "cpu"
        )

    assert torch.autograd.gradcheck(
        lambda *values: latency(dict(zip(logits, values))), tuple(logits.values())
    )
    uniform = {label: [1 / len(values)] * len(values) for label, values in table.choices.items()}
    assert latency(logits).item() == pytest.approx(expectation(table, uniform, "cpu"), rel=1e-12)
    optimizer = torch.optim.SGD(logits.values(), lr=5)
    for _ in range(200):
        optimizer.zero_grad()
        latency(logits).backward()
        optimizer.step()
    fastest = min(table.latency(sample, "cpu") for sample in candidates(table))
    assert latency(logits).item() == pytest.approx(fastest, rel=0.02)


@pytest.mark.parametrize(
    "sample, message",
    [
        ({}, "no value for 'width'"),
        ({"width": 0.5, "depth": 1}, "no value for 'block_1'"),
        ({"width": 0.7, "depth": 1, "block_1": "k3"}, "0.7 is no value of 'width'; its values are 0.5, 1"),
        ({"width": True, "depth": 1, "block_1": "k3"}, "True is no value of 'width'"),
        ({"width": [1], "depth": 1, "block_1": "k3"}, r"\[1\] is no value of 'width'"),
        ({"widht": 0.5}, "no choice 'widht'"),
        ({"width": 0.5, "depth": 2, "block_1": "k3"}, "no value for 'block_2'"),
    ],
)
def test_what_is_no_sample_is_one_error(table, sample, message):
    with pytest.raises(NnMeterError, match=message) as caught:
        table.latency(sample, "cpu")
    assert caught.value.code == "E_INVALID_INPUT"


def test_what_is_no_table_is_one_error(table, tmp_path):
    with pytest.raises(NnMeterError, match="No such file.*E_FILE"):
        LatencyTable.load(tmp_path / "none.json")
    def damaged(**figures):
        return json.dumps({**table.data, "terms": [{**table.data["terms"][0], **figures}]})

    for content, message in [
        ("{", "is no JSON"),
        ("[]", "no latency table"),
        ('{"format": "nnmeter-latency-table", "version": 3}', "version 3"),
        ('{"format": "nnmeter-latency-table", "version": 1}', "damaged"),
        (damaged(ms=[[1], [2]]), "damaged"),
        (damaged(kernels=[[1], [2]]), "damaged"),
        (damaged(ms=table.data["terms"][0]["ms"][:1]), "damaged.*2 devices"),
        (damaged(activationBytes=[]), "damaged"),
    ]:
        path = tmp_path / "table.json"
        path.write_text(content)
        with pytest.raises(NnMeterError, match=message):
            LatencyTable.load(path)


@pytest.fixture
def reloading(table):
    """The example, whose CPU reads weights again beyond 6 MB; they are 2 MB, and 1 or 5 by the depth, and 3 with a squeeze."""
    data = copy.deepcopy(table.data)
    data["version"] = 2
    data["devices"][0]["reloads"] = [{"beyondMB": 6, "msPerMB": 0.5}]
    data["base"]["weightMB"] = [2, 0]
    for term in data["terms"]:
        size = len(term["macs"])
        term["weightMB"] = [[0] * size, [0] * size]
        if term["labels"] == ["depth"]:
            term["weightMB"][0] = [0, 1, 5]
        if term["labels"] == ["block_2", "squeeze_2"]:
            term["weightMB"][0] = [0, 3] * 3
    return LatencyTable(data)


def test_weights_that_caches_do_not_hold_take_time(table, reloading):
    for sample in candidates(table):
        weights = 2 + [0, 1, 5][sample["depth"] - 1]
        if reloading.is_active("squeeze_2", sample) and sample["squeeze_2"]:
            weights += 3
        more = 0.5 * max(0, weights - 6)
        assert reloading.latency(sample, "cpu") == pytest.approx(table.latency(sample, "cpu") + more)
        assert reloading.latencies(sample)["examplegpu"] == table.latency(sample, "examplegpu")
        ours, before = reloading.interval(sample, "cpu"), table.interval(sample, "cpu")
        assert ours.high > before.high if more > 0 else ours == before


def test_the_expectation_takes_the_expected_weights(table, reloading):
    probabilities = random_probabilities(table, random.Random(7))
    certain = {label: [0.0] * (len(values) - 1) + [1.0] for label, values in table.choices.items()}
    sample = {label: values[-1] for label, values in table.choices.items()}
    assert reloading.expected_latency(certain, "cpu") == pytest.approx(reloading.latency(sample, "cpu"))
    assert reloading.expected_latency(probabilities, "cpu") >= table.expected_latency(probabilities, "cpu")


def test_what_is_no_sum_has_no_parts(reloading):
    assert reloading.parts("examplegpu")
    with pytest.raises(NnMeterError, match="no sum of parts"):
        reloading.parts("cpu")


def test_tables_of_version_2_need_their_weights(reloading):
    data = copy.deepcopy(reloading.data)
    del data["terms"][0]["weightMB"]
    with pytest.raises(NnMeterError, match="damaged"):
        LatencyTable(data)

"""The examples, as somebody would run them: two processes of Optuna, a cluster of two Ray workers, a strategy of NNI."""

import json
import os
import subprocess
import sys

import pytest

from conftest import ROOT, write_table
from test_table import candidates

EXAMPLES = ROOT / "examples/nas"
TABLE = str(ROOT / "fixtures/nas/example-table.json")

#: A busy machine takes longer to start a cluster than Ray waits.
PATIENCE = {
    "RAY_agent_register_timeout_ms": "600000",
    "RAY_worker_register_timeout_seconds": "600",
    "RAY_health_check_timeout_ms": "300000",
}
#: For a node it waits 30 s, whatever it is told, and then gives up with these words.
TOO_BUSY = "timed out during startup"
STARTS = 3


def start(script, *args, table=TABLE, limit="cpu=4"):
    command = [sys.executable, str(EXAMPLES / script), table, "--limit", limit, *args]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, **pipes, text=True, env={**os.environ, **PATIENCE})


def result(process):
    output, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    # NNI logs to stdout.
    return json.loads([line for line in output.splitlines() if line.startswith("{")][-1])


def test_two_processes_share_a_study(tmp_path):
    pytest.importorskip("optuna")
    journal = str(tmp_path / "study.log")
    both = [
        start("optuna_shared.py", "--trials", "12", "--journal", journal, "--seed", str(seed))
        for seed in (1, 2)
    ]
    results = [result(process) for process in both]
    last = max(results, key=lambda each: each["trials"])
    assert last["trials"] == 24 and last["processes"] == 2
    assert last["beyond the limit"] == 0
    assert last["latencies"]["examplecpu"] <= 4


def test_trials_run_on_two_workers(table):
    pytest.importorskip("ray")
    for _ in range(STARTS):
        process = start("ray_tune.py", "--trials", "12")
        try:
            found = result(process)
            break
        except AssertionError as error:
            if TOO_BUSY not in str(error):
                raise
    else:
        pytest.skip(f"the machine is too busy for Ray: {STARTS} times its node {TOO_BUSY}")
    fit = {
        tuple(table.active(sample).items())
        for sample in candidates(table)
        if table.latency(sample, "cpu") <= 4
    }
    # All candidates that keep the limit, none twice: fewer than it may try.
    assert len(fit) < 12
    assert (found["trials"], found["failed"], found["beyond the limit"]) == (len(fit), 0, 0)
    assert found["workers"] == 2
    assert found["latencies"]["examplecpu"] <= 4


def test_a_strategy_of_nni_keeps_the_limit(node, tmp_path):
    pytest.importorskip("nni.nas", exc_type=ImportError)
    table = write_table(node, "spos", tmp_path)
    found = result(start("nni_filtered.py", "--trials", "6", table=str(table), limit="cortexA76=52"))
    assert found["trials"] == 6 and found["beyond the limit"] == 0
    assert found["latencies"]["cortexA76cpu_tflite21"] <= 52

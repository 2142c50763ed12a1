"""The engine is the one of this checkout; without its build, or without Node, what needs it is skipped."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / "packages/cli/bin/nn-meter.js"
NODE = shutil.which("node")


@pytest.fixture(scope="session")
def node():
    if NODE is None or not (PROGRAM.parent.parent / "dist/index.js").exists():
        pytest.skip("needs Node and a build (npm run build)")
    return NODE


@pytest.fixture(scope="session")
def engine(node):
    os.environ["NNMETER_COMMAND"] = shlex.join([node, str(PROGRAM)])
    from nnmeter import default_engine

    yield default_engine()
    default_engine().close()


@pytest.fixture(scope="session")
def table():
    from nnmeter import LatencyTable

    return LatencyTable.load(ROOT / "fixtures/nas/example-table.json")


def write_table(node, space, folder):
    """The table of one of the product's spaces, for four devices."""
    path = folder / f"{space}.json"
    command = [node, PROGRAM, "nas", "table", space, "--output", path]
    subprocess.run(command, capture_output=True, check=True)
    return path

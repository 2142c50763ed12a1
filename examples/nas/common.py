"""What the examples have in common: their arguments, and a stand-in for training."""

from __future__ import annotations

import argparse
from typing import Any, Dict

from nnmeter import LatencyTable


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("table", help="written by nn-meter nas table")
    parser.add_argument(
        "--limit", action="append", required=True, metavar="DEVICE=MS", help="greatest latency on a device"
    )
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def limits_of(options: argparse.Namespace) -> Dict[str, float]:
    limits = (limit.rpartition("=") for limit in options.limit)
    return {device: float(ms) for device, _, ms in limits}


def train(table: LatencyTable, candidate: Dict[str, Any]) -> float:
    """Stands in for training the candidate: more work scores higher. It is no accuracy; put yours here."""
    return table.macs(candidate) / 1e6

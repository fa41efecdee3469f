"""Worker, broker and node are killed while products of every modality are embedded: nothing is lost, or made in vain.

The short form of `benchmarks.run.chaos`, which says what is counted.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.lib.brokers import Redis

pytestmark = [pytest.mark.live, pytest.mark.long]

ROOT = Path(__file__).parents[2]


def chaos(tmp_path, broker: str, *options: str) -> dict:
    node = ROOT / "runs" / "test-restarts"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENSEARCH_", "LTR_"))}
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.run.chaos", "--brokers", broker, "--node", str(node),
         "--folder", str(tmp_path / "chaos"), "--out", str(tmp_path / "out"), "--minutes", "5", *options],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    (outcome,) = json.loads((tmp_path / "out" / "chaos.json").read_text())["outcomes"]
    return outcome


def test_worker_broker_and_node_killed_on_redis(tmp_path):
    if not Redis.binary:
        pytest.skip("redis-server is not installed")
    outcome = chaos(tmp_path, "redis", "--products", "160", "--kills", "3", "--batch", "8")
    assert outcome["kills"] == {"worker": 1, "broker": 1, "node": 1}
    assert (outcome["needed"], outcome["lost"], outcome["in_vain"]) == (640, 0, 0)
    assert outcome["doubled"] <= outcome["allowed"]

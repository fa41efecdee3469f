"""A worker in a container: only its home folder and /tmp can be written, and its health is asked for."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ltr_command import LTR

from benchmarks.lib.brokers import free_port

HEALTH = Path(__file__).parents[2] / "docker/worker/health.py"
READ_ONLY = 'mount --bind "$STATE" "$STATE"; mount -o remount,bind,ro /; exec "$@"'
"""Every folder but STATE is read-only for the command that follows."""


@pytest.mark.slow
def test_a_worker_runs_where_only_its_folder_can_be_written_and_tells_its_health(tmp_path):
    port, state = free_port(), tmp_path / "state"
    (state / "tmp").mkdir(parents=True)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("LTR_", "OPENSEARCH_"))},
        "STATE": str(state),
        "HOME": str(state),
        "TMPDIR": str(state / "tmp"),
        "LTR_RUNS": str(state / "runs"),
        "LTR_METRICS_PORT": str(port),
        "LTR_SWEEP_INDICES": "shop",
        "OPENSEARCH_URL": f"http://127.0.0.1:{free_port()}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def health() -> tuple[int, str]:
        done = subprocess.run([sys.executable, HEALTH], env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    assert health()[0] == 1
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], check=False).returncode:
        pytest.skip("this machine makes no read-only view of its files")
    with (tmp_path / "log").open("w") as log:
        command = [*LTR, "worker", "--beat", "--queues", "ltr,ltr.sweep,ltr.catalog"]
        process = subprocess.Popen(
            [*unshare, "sh", "-ec", READ_ONLY, "sh", *command], env=environment, cwd=state, stdout=log, stderr=log
        )
    try:
        until = time.monotonic() + 60
        while health()[0] and time.monotonic() < until and process.poll() is None:
            time.sleep(0.2)
        assert health() == (0, ""), (tmp_path / "log").read_text()
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    assert health()[0] == 1
    assert "Read-only file system" not in (tmp_path / "log").read_text()

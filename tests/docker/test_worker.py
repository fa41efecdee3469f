"""A worker in a container: only its home folder and /tmp can be written, and its health is asked for."""

import subprocess
import time

import pytest
from as_container import confined, confined_environment, health
from ltr_command import LTR

from benchmarks.lib.brokers import free_port


@pytest.mark.slow
def test_a_worker_runs_where_only_its_folder_can_be_written_and_tells_its_health(tmp_path):
    port, state = free_port(), tmp_path / "state"
    environment = confined_environment(
        state,
        LTR_METRICS_PORT=str(port),
        LTR_SWEEP_INDICES="shop",
        OPENSEARCH_URL=f"http://127.0.0.1:{free_port()}",
    )
    assert health(environment)[0] == 1
    command = confined(*LTR, "worker", "--beat", "--queues", "ltr,ltr.sweep,ltr.catalog")
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, env=environment, cwd=state, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while health(environment)[0] and time.monotonic() < until and process.poll() is None:
            time.sleep(0.2)
        assert health(environment) == (0, ""), (tmp_path / "log").read_text()
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    assert health(environment)[0] == 1
    assert "Read-only file system" not in (tmp_path / "log").read_text()

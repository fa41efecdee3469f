"""`ltr worker`: what it starts, and what it refuses to start."""

import os
import socket
import subprocess
import time

import pytest
from ltr_command import LTR, ltr

from benchmarks.lib.brokers import free_port
from benchmarks.lib.worker_process import ask


@pytest.mark.slow
def test_a_worker_of_one_modality_with_its_port_and_logs(tmp_path):
    port = free_port()
    command = [*LTR, "worker", "--modality", "image", "--concurrency", "3", "--metrics-port", str(port)]
    environment = {**os.environ, "LTR_RUNS": str(tmp_path), "OPENSEARCH_URL": "http://127.0.0.1:9"}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([*command, "--log-format", "json"], env=environment, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while ask(port, "/healthz")[0] != 200 and time.monotonic() < until:
            time.sleep(0.1)
        started = subprocess.run(
            ["ps", "-ww", "-o", "args=", str(process.pid)], capture_output=True, text=True, check=True
        )
        assert "--concurrency 3 " in started.stdout
        assert "--queues ltr,ltr.sweep,ltr.image" in started.stdout
        assert "ltr_vectors_total" in ask(port, "/metrics")[1]
        assert ask(port, "/")[0] == 404
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
    assert '"message": "ltr-' in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--beat"], "needs LTR_SWEEP_INDICES"),
        (["--modality", "image", "--queues", "ltr"], "cannot be combined with --modality"),
        (["--modality", "smell"], "smell"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, options, said):
    code, _, err = ltr("worker", *options, LTR_RUNS=str(tmp_path))
    assert code == 2
    assert said in err


def test_a_port_that_is_taken_is_said(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, _, err = ltr("worker", "--metrics-port", port, LTR_RUNS=str(tmp_path))
    assert code == 1
    assert f"port {port} of 127.0.0.1 cannot be used" in err

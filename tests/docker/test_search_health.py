"""The health check of a search node, against a server with TLS and a real node."""

import base64
import os
import subprocess

import pytest
from recording_server import Answer, recording_server

PASSWORD = 'of the "node" \\'  # noqa: S105 - of a server of this test


def health(docker, **environment: object) -> int:
    variables = {name: str(value) for name, value in environment.items()}
    done = subprocess.run(
        [docker / "search-health.sh"], env={**os.environ, **variables}, capture_output=True, check=False
    )
    return done.returncode


def test_it_trusts_the_certificate_and_logs_in_with_the_password_of_the_file(docker, secrets, tmp_path):
    both = tmp_path / "both.pem"
    both.write_bytes((secrets / "node.pem").read_bytes() + (secrets / "node-key.pem").read_bytes())
    (tmp_path / "password").write_text(PASSWORD + "\n")
    wanted = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
    statuses = []

    def answer(request):
        assert request.target.startswith("/_cluster/health?wait_for_status=yellow")
        known = request.headers.get("authorization") == wanted
        statuses.append(200 if known else 401)
        return Answer(statuses[-1])

    with recording_server(both, answer) as server:
        password = {"SEARCH_PASSWORD_FILE": tmp_path / "password"}
        assert health(docker, SEARCH_URL=server.url, SEARCH_CA=secrets / "ca.pem", **password) == 0
        assert health(docker, SEARCH_URL=server.url, SEARCH_CA=secrets / "ca.pem") != 0
        assert health(docker, SEARCH_URL=server.url, **password) != 0, "the certificate is of an unknown authority"
        assert statuses == [200, 401]
        server.answer = lambda _: Answer(408)  # primary shards are missing
        assert health(docker, SEARCH_URL=server.url, SEARCH_CA=secrets / "ca.pem", **password) != 0


@pytest.mark.live
def test_a_real_node_is_healthy(docker, node_url):
    assert health(docker, SEARCH_URL=node_url) == 0

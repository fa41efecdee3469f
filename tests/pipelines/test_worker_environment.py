"""A local worker has the settings for the cluster of its command, wherever these come from."""

import os
import subprocess
import sys

import pytest

from ltr_plugin.pipelines.indexing.local_worker import worker_environment
from ltr_plugin.settings import Settings, describe


@pytest.fixture(autouse=True)
def _environment_with_a_file(monkeypatch, tmp_path):
    for name in os.environ:
        if name in describe():
            monkeypatch.delenv(name)
    (tmp_path / "key").write_text("a2V5\n")
    monkeypatch.setenv("OPENSEARCH_API_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("OPENSEARCH_URL", "https://h1:9200,https://h2:9200")
    (tmp_path / "broker").write_text("redis://queue")
    monkeypatch.setenv("LTR_BROKER_URL_FILE", str(tmp_path / "broker"))


def in_worker(settings):
    """What a process with the worker's environment reads from it."""
    code = (
        "from ltr_plugin.settings import Settings; s = Settings.from_env();"
        "print(s.opensearch_url, s.opensearch_user, s.opensearch_password, s.opensearch_api_key, s.broker_url)"
    )
    command = [sys.executable, "-c", code]
    environment = worker_environment(settings)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split(), environment


def test_what_is_inherited_stays_in_its_file():
    read, environment = in_worker(Settings.from_env())
    assert read == ["https://h1:9200,https://h2:9200", "None", "None", "a2V5", "None"]
    assert "OPENSEARCH_API_KEY" not in environment


def test_settings_made_in_code_replace_what_is_inherited():
    settings = Settings(opensearch_url="http://other", opensearch_user="ü", opensearch_password="s3cret")  # noqa: S106
    assert in_worker(settings)[0] == ["http://other", "ü", "s3cret", "None", "None"]

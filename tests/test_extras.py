"""Each optional module is named with an extra that exists, and one that is missing is said with its command."""

import sys
import tomllib
from pathlib import Path

import pytest

from ltr_plugin.broker.messages import celery_client
from ltr_plugin.errors import BrokerError, LtrError
from ltr_plugin.extras import EXTRA_OF, require_module
from ltr_plugin.settings import Settings

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]


def test_every_extra_that_is_named_exists():
    assert set(EXTRA_OF.values()) <= set(PROJECT["optional-dependencies"])


def test_what_is_always_installed_needs_no_extra():
    always = {requirement.split(">")[0] for requirement in PROJECT["dependencies"]}
    assert not always & EXTRA_OF.keys()


def test_a_missing_module_is_said_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    said = r"a fusion ranker needs the module torch, which is not installed; pip install 'ltr-plugin\[rankers\]'"
    with pytest.raises(LtrError, match=said):
        require_module("torch", "a fusion ranker", extra="rankers")


@pytest.mark.parametrize(("module", "broker"), [("celery", ""), ("redis", "redis://localhost")])
def test_sending_to_workers_says_what_its_broker_lacks(monkeypatch, tmp_path, module, broker):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(BrokerError, match=rf"the module {module}, .*'ltr-plugin\[queue\]'"):
        celery_client(Settings(broker_url=broker or None, runs=tmp_path))

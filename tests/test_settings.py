"""Settings: read from the environment in one place, all problems together, secrets not shown."""

import os
import re
from pathlib import Path

import pytest

from ltr_plugin.errors import InputError
from ltr_plugin.settings import Settings, describe

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch):
    for name in os.environ:
        if name in describe():
            monkeypatch.delenv(name)


def test_without_variables_the_defaults_hold():
    assert Settings.from_env() == Settings()


def test_variables_become_values(monkeypatch):
    stated = {
        "OPENSEARCH_URL": "http://search:9200",
        "LTR_RUNS": "/srv/runs",
        "LTR_SWEEP_INDICES": "shop, toys,",
        "LTR_SWEEP_PERIOD_S": "60",
        "LTR_COMPILE": "1",
        "LTR_MEDIA_ROOT": "",
        "OMP_NUM_THREADS": "4,2",
    }
    for name, value in stated.items():
        monkeypatch.setenv(name, value)
    assert Settings.from_env() == Settings(
        opensearch_url="http://search:9200",
        runs=Path("/srv/runs"),
        sweep_indices=("shop", "toys"),
        sweep_period_s=60,
        compile=True,
        omp_num_threads=4,
    )


def test_settings_made_in_code_do_not_read_the_environment(monkeypatch):
    monkeypatch.setenv("LTR_BROKER_URL", "redis://elsewhere")
    assert Settings(runs=Path("here")).broker_url is None


def test_every_wrong_variable_is_listed(monkeypatch):
    wrong = {
        "LTR_METRICS_PORT": "70000",
        "LTR_SWEEP_PERIOD_S": "nan",
        "LTR_RETRY_TIMEOUT_S": "-1",
        "LTR_REDIS_VISIBILITY_TIMEOUT_S": "soon",
        "LTR_LOG_FORMAT": "xml",
        "LTR_ALLOW_PRIVATE_MEDIA": "perhaps",
        "LTR_CORES": "0",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError) as raised:
        Settings.from_env()
    assert {problem.location: problem.message.rpartition(" ")[2] for problem in raised.value.problems} == {
        name: repr(value) for name, value in wrong.items()
    }


def test_secrets_are_not_shown():
    settings = Settings(
        opensearch_url="http://u:s3@h",
        opensearch_password="s3",  # noqa: S106
        broker_url="redis://:s3@h",
    )
    assert "s3" not in repr(settings)
    assert "s3" not in str(settings)


def test_settings_do_not_change():
    with pytest.raises(ValueError, match="frozen"):
        Settings().runs = Path("elsewhere")


def test_every_variable_is_described():
    assert describe()["LTR_SWEEP_PERIOD_S"] == "Seconds between two sweeps. Default: 300."
    assert all(meaning.endswith(".") for meaning in describe().values())
    assert len(describe()) <= 40


@pytest.mark.parametrize("folder", ["ltr_plugin", "workers"])
def test_no_other_module_reads_variables(folder):
    """The development node may: Java and Maven have variables of their own."""
    read = re.compile(r"environ\.get\(|getenv\(|environ\[[^]]+\](?! = )|in os\.environ\b(?!\.)")
    others = {
        str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*.py") if read.search(path.read_text("utf-8"))
    }
    assert others - {"ltr_plugin/settings.py"} <= {"ltr_plugin/devnode/process.py"}

"""Settings: read from the environment in one place, all problems together, secrets not shown."""

import os
import re
from base64 import b64encode
from pathlib import Path

import pytest

from ltr_plugin.broker.messages import broker_options
from ltr_plugin.cluster.opensearch import OpenSearchCluster
from ltr_plugin.errors import InputError
from ltr_plugin.pipelines.indexing.enqueue import broker_name
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
        "LTR_SERVICE_ORIGINS": "https://Shop.example:443/, http://localhost:3000,",
        "OMP_NUM_THREADS": "4,2",
    }
    for name, value in stated.items():
        monkeypatch.setenv(name, value)
    assert Settings.from_env() == Settings(
        opensearch_url="http://search:9200",
        runs=Path("/srv/runs"),
        sweep_indices=("shop", "toys"),
        sweep_period_s=60,
        service_origins=("https://shop.example", "http://localhost:3000"),
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
        opensearch_user="u",
        opensearch_password="s3",  # noqa: S106
        broker_url="redis://:s3@h",
        embeddings_api_key="s3",
    )
    others = (
        Settings(opensearch_url="http://u:s3@h"),
        Settings(opensearch_api_key="s3"),
        Settings(opensearch_bearer_token="s3"),  # noqa: S106
    )
    assert not [one for one in (settings, *others) if "s3" in repr(one) or "s3" in str(one)]


WRONG_URLS = [
    ("OPENSEARCH_URL", "search:9200", "is no address"),
    ("OPENSEARCH_URL", "ftp://u:s3cret@search", "begins with neither"),
    ("OPENSEARCH_URL", "https://u:s3cret@", "names no host"),
    ("OPENSEARCH_URL", "https://u:s3cret@search:port", "a port is a number"),
    ("OPENSEARCH_URL", "https://u:s3cret@search:0", "port 0"),
    ("OPENSEARCH_URL", "https://u:1/s3cret@search:9200", "write them as %2F"),
    ("OPENSEARCH_URL", "https://u:#s3cret@search:9200", "write them as %2F"),
    ("OPENSEARCH_URL", "https://u:s3cret@[search", "host or port that is none"),
    ("OPENSEARCH_URL", "https://u:s3 cret@search", "has a blank"),
    ("OPENSEARCH_URL", "https://a:s3cret@h1:9200,https://b:s3cret@h2:9200", "hosts of different users"),
    ("OPENSEARCH_URL", "https://a:s3cret@h1:9200,https://h2:9200", "hosts of different users"),
    ("OPENSEARCH_URL", "https://a:s3cret@h1,h2", "https:// or http:// before each host"),
    ("OPENSEARCH_URL", "https://h1:9200,ftp://a:s3cret@h2", "begins with neither"),
    ("LTR_BROKER_URL", "queue:5672", "is no address"),
    ("LTR_BROKER_URL", "redis://:s3/cret@queue", "write them as %2F"),
    ("LTR_BROKER_URL", "amqp://u:s3cret@queue:x//", "a port is a number"),
    ("LTR_BROKER_URL", "amqp://u:s3cret@h1;amqp://u:s3/cret@h2", "write them as %2F"),
    ("LTR_BROKER_URL", "redis://:s3cret@", "names no host"),
    ("LTR_EMBEDDINGS_URL", "api.example.com/s3cret", "is no address"),
    ("LTR_EMBEDDINGS_URL", "https://u:s3cret@api.example.com/v1", "has a user name or password"),
    ("LTR_EMBEDDINGS_URL", "https://api.example.com/v1?key=s3cret", "up to before /embeddings"),
    ("LTR_EMBEDDINGS_URL", "https:///s3cret", "names no host"),
    ("LTR_SERVICE_ORIGINS", "https://shop.example/s3cret", "is no origin"),
    ("LTR_SERVICE_ORIGINS", "https://a.example,https://u:s3cret@b.example", "is no origin"),
    ("LTR_SERVICE_ORIGINS", "shop.example", "is no address"),
    ("LTR_EMBEDDINGS_API_KEY", "s3\ncret", "has a character that no key or token has"),
    ("LTR_EMBEDDINGS_API_KEY", "s3cret\u201c", "has a character that no key or token has"),
    ("OPENSEARCH_USER", "u:s3cret", "has a colon"),
    ("OPENSEARCH_PASSWORD", "s3cret ", "ends with a blank"),
    ("OPENSEARCH_PASSWORD", "s3\ncret", "line break"),
    ("OPENSEARCH_API_KEY", "ApiKey s3cret", "the key or token alone"),
    ("OPENSEARCH_BEARER_TOKEN", "Bearer s3cret", "the key or token alone"),
    ("OPENSEARCH_BEARER_TOKEN", "s3→cret", "no key or token has"),
    ("OPENSEARCH_CA", "/nowhere/ca.pem", "/nowhere/ca.pem cannot be read: No such file"),
    ("OPENSEARCH_CA", str(Path(__file__).parent), "cannot be read"),
    ("OPENSEARCH_CA", __file__, "has no certificate in PEM format"),
]


@pytest.mark.parametrize(("name", "value", "reason"), WRONG_URLS)
def test_a_wrong_address_or_secret_is_named_at_start_without_its_password(monkeypatch, name, value, reason):
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError) as raised:
        Settings.from_env()
    (problem,) = raised.value.problems
    assert problem.location == name
    assert reason in problem.message
    assert not re.search("s3|cret", str(raised.value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENSEARCH_URL", "https://u:p@ss@search:9200/prefix"),
        ("OPENSEARCH_URL", "http://[::1]:9200"),
        ("OPENSEARCH_URL", "https://u:p,w@h1:9200/prefix, https://u:p,w@h2"),
        ("LTR_BROKER_URL", "amqp://u:p%2Fw@h1:5672//;amqp://u:p@h2//"),
        ("LTR_BROKER_URL", "redis+socket:///run/redis.sock"),
        ("LTR_BROKER_URL", "memory://"),
    ],
)
def test_addresses_are_taken_without_the_blanks_around_them(monkeypatch, name, value):
    monkeypatch.setenv(name, f" {value} \n")
    field = {"OPENSEARCH_URL": "opensearch_url", "LTR_BROKER_URL": "broker_url"}[name]
    assert getattr(Settings.from_env(), field) == value
    assert Settings.from_env() == Settings(**{field: f"{value} "})


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
@pytest.mark.parametrize(
    ("name", "value"),
    [("OPENSEARCH_USER", "ü"), ("OPENSEARCH_API_KEY", "a2V5"), ("LTR_BROKER_URL", "redis://:s3cret@queue")],
)
def test_a_file_holds_a_secret(monkeypatch, tmp_path, name, value, ending):
    (tmp_path / "secret").write_bytes(f"{value}{ending}".encode())
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "secret"))
    field = name.removeprefix("LTR_").lower()
    assert Settings.from_env() == Settings(**{field: value})
    (tmp_path / "secret").write_text(value.replace("s3cret", "other") if "s3cret" in value else "b2s=")
    assert getattr(Settings.from_env(), field) != value  # a file that changes is read again


SECRET_FILES = [
    (b"s3cret\n\n", "ends with a blank"),
    (b"s3\ncret\n", "line break"),
    (b"s3cret ", "ends with a blank"),
    (b"s3\xffcret", "{path} is not in UTF-8"),
    (b"\n", "{path} is empty"),
    (b"s3cret" * 20_000, "{path} is larger than 64 KB"),
    (None, "{path} cannot be read: No such file"),
    ("folder", "{path} is no file"),
]


@pytest.mark.parametrize(("content", "reason"), SECRET_FILES)
def test_a_file_that_holds_no_secret_is_named_without_its_content(monkeypatch, tmp_path, content, reason):
    path = tmp_path / "value"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("OPENSEARCH_USER", "u")
    monkeypatch.setenv("OPENSEARCH_PASSWORD_FILE", str(path))
    with pytest.raises(InputError) as raised:
        Settings.from_env()
    (problem,) = raised.value.problems
    assert problem.location == "OPENSEARCH_PASSWORD_FILE"
    assert reason.format(path=path) in problem.message
    assert not re.search("s3|cret", problem.message.replace(str(path), ""))


def test_a_secret_is_stated_once(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("a2V5")
    monkeypatch.setenv("OPENSEARCH_API_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("OPENSEARCH_API_KEY", "a2V5")
    with pytest.raises(InputError, match=r"OPENSEARCH_API_KEY_FILE  is set, and OPENSEARCH_API_KEY is too"):
        Settings.from_env()


def test_what_belongs_together_is_set_together(monkeypatch):
    monkeypatch.setenv("OPENSEARCH_PASSWORD", "s3cret")
    with pytest.raises(InputError, match="OPENSEARCH_USER is not; set both"):
        Settings.from_env()
    monkeypatch.setenv("OPENSEARCH_USER", "u")
    monkeypatch.setenv("OPENSEARCH_AWS_SERVICE", "aoss")
    with pytest.raises(InputError, match="OPENSEARCH_AWS_REGION is not; set both"):
        Settings.from_env()
    monkeypatch.delenv("OPENSEARCH_AWS_SERVICE")
    monkeypatch.setenv("LTR_BROKER_URL", "sentinel://:s3cret@h1:26379;sentinel://:s3cret@h2:26379")
    with pytest.raises(InputError, match="LTR_REDIS_SENTINEL_MASTER is not set") as raised:
        Settings.from_env()
    assert "s3cret" not in str(raised.value)
    monkeypatch.setenv("LTR_REDIS_SENTINEL_MASTER", "shop")
    settings = Settings.from_env()
    assert broker_options(settings)["broker_transport_options"]["master_name"] == "shop"
    assert broker_name(settings) == "sentinel://h1:26379;sentinel://h2:26379"


def test_variables_of_a_cluster_begin_alike(monkeypatch):
    monkeypatch.setenv("ELASTICSEARCH_URL", "http://search:9200")
    monkeypatch.setenv("ELASTICSEARCH_API_KEY", "a b")
    with pytest.raises(InputError, match=r"ELASTICSEARCH_API_KEY: has a blank|ELASTICSEARCH_API_KEY  has a blank"):
        Settings.from_env()
    monkeypatch.setenv("ELASTICSEARCH_API_KEY", "a")
    settings = Settings.from_env()
    assert (settings.cluster_url, settings.opensearch_api_key) == ("http://search:9200", "a")
    assert settings.in_variables("set OPENSEARCH_CA") == "set ELASTICSEARCH_CA"
    monkeypatch.setenv("OPENSEARCH_AWS_REGION", "eu-west-1")  # which only one engine has
    with pytest.raises(InputError, match="ELASTICSEARCH_API_KEY and OPENSEARCH_AWS_REGION are set"):
        Settings.from_env()
    monkeypatch.setenv("OPENSEARCH_USER", "u")
    with pytest.raises(InputError, match="OPENSEARCH_USER and ELASTICSEARCH_URL are set"):
        Settings.from_env()


def test_a_cloud_id_is_an_address(monkeypatch):
    words = b64encode(b"eu.cloud.example:9243$abc$def").decode()
    monkeypatch.setenv("ELASTICSEARCH_CLOUD_ID", f"shop:{words}")
    assert Settings.from_env().cluster_url == "https://abc.eu.cloud.example:9243"
    assert Settings.from_env().in_variables("set OPENSEARCH_CA") == "set ELASTICSEARCH_CA"
    monkeypatch.setenv("ELASTICSEARCH_URL", "http://search:9200")
    with pytest.raises(InputError, match="ELASTICSEARCH_URL and ELASTICSEARCH_CLOUD_ID are set; set one"):
        Settings.from_env()
    monkeypatch.delenv("ELASTICSEARCH_URL")
    monkeypatch.setenv("ELASTICSEARCH_CLOUD_ID", "shop:none")
    with pytest.raises(InputError, match="is no Cloud ID"):
        Settings.from_env()


def test_a_cluster_that_is_named_in_code_is_checked_too():
    with pytest.raises(InputError, match="write them as %2F") as raised:
        OpenSearchCluster("https://u:1/s3cret@search")
    assert "s3cret" not in str(raised.value)


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
    assert others - {"ltr_plugin/environment.py"} <= {"ltr_plugin/devnode/process.py"}

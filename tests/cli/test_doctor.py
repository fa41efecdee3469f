"""`ltr doctor`: what is there, and the command for what is not."""

import json

import pytest
from busy_proxy import busy_proxy
from ltr_command import ltr

from ltr_plugin.pipelines import doctor
from ltr_plugin.pipelines.doctor import check_broker, check_cluster, check_disk, check_extra
from ltr_plugin.settings import Settings


def test_a_missing_cluster_is_exit_code_1_and_its_command_is_printed(tmp_path):
    code, out, _ = ltr("doctor", "--json", LTR_RUNS=str(tmp_path))
    assert code == 1
    report = json.loads(out)
    checks = {one["name"]: one for one in report["checks"]}
    assert not report["ok"]
    assert checks["Python"]["ok"]
    assert checks["cluster"]["remedy"] == "`ltr node start`, or set OPENSEARCH_URL"
    code, out, _ = ltr("doctor", LTR_RUNS=str(tmp_path))
    assert code == 1
    assert "cluster            MISSING            no development node is running\n" in out


@pytest.mark.slow
def test_a_cluster_or_broker_that_does_not_answer_is_named():
    (cluster,) = check_cluster(Settings(opensearch_url="http://127.0.0.1:9"))
    assert not cluster.ok
    assert "no answer from http://127.0.0.1:9" in cluster.found
    (broker,) = check_broker(Settings(broker_url="redis://127.0.0.1:9"))
    assert not broker.ok
    assert "no broker answers at redis://127.0.0.1:9" in broker.found
    sentinels = "sentinel://:s3cret@127.0.0.1:9;sentinel://:s3cret@127.0.0.1:10"
    (broker,) = check_broker(Settings(broker_url=sentinels, redis_sentinel_master="shop"))
    assert broker.found == (
        "no broker answers at sentinel://127.0.0.1:9;sentinel://127.0.0.1:10: No master found for 'shop'"
    )


def test_an_address_that_is_no_broker_is_named():
    (broker,) = check_broker(Settings(broker_url="foo://queue"))
    assert "LTR_BROKER_URL: is no broker's address; it begins with redis://" in broker.found


@pytest.mark.parametrize(
    ("path", "status", "advice"),
    [
        ("/_ltr", 401, "correct OPENSEARCH_USER"),
        ("/_ltr", 403, "the right for it"),
        ("/_cat/plugins", 401, "correct OPENSEARCH_USER"),
    ],
)
@pytest.mark.live
def test_a_user_whom_the_cluster_refuses_is_named_by_the_variable(node_url, path, status, advice):
    with busy_proxy(node_url) as proxy:
        proxy.troubles = [status] if path == "/_ltr" else ["none", "none", status]
        (cluster,) = check_cluster(Settings(opensearch_url=proxy.url, opensearch_user="u"))
    assert not cluster.ok
    assert advice in cluster.found
    assert cluster.remedy == "correct the credentials, or their rights"


@pytest.mark.live
def test_a_user_who_may_not_list_plugins_sees_what_answers(node_url):
    with busy_proxy(node_url) as proxy:
        proxy.troubles = ["none", "none", 403]
        checks = check_cluster(Settings(opensearch_url=proxy.url))
    assert [(one.name, one.ok, one.found.partition(" at ")[0]) for one in checks] == [
        ("cluster", True, checks[0].found.partition(" at ")[0]),
        ("LTR plugin", True, "answers"),
    ]


@pytest.mark.slow
def test_a_broker_without_workers_is_told():
    broker, workers = check_broker(Settings(broker_url="memory://"))
    assert broker.ok
    assert (workers.ok, workers.found) == (False, "no worker answers on memory://")
    assert workers.remedy == "`ltr worker`"


def test_a_missing_extra_names_its_modules_and_its_command(monkeypatch):
    monkeypatch.setattr(doctor, "_is_installed", lambda module: module != "cv2")
    check = check_extra("classical")
    assert (check.ok, check.needed) == (False, False)
    assert "cv2" in check.found
    assert check.remedy == "pip install 'ltr-plugin[classical]'"
    assert check_extra("rankers").ok


def test_a_full_disk_is_told_for_a_run_folder_that_is_not_there_yet(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "MIN_DISK_GB", 10**9)
    check = check_disk(tmp_path / "not" / "yet")
    assert not check.ok
    assert check.found.endswith(f"GB free at {tmp_path}")


@pytest.mark.live
def test_a_node_has_what_is_needed(node_url):
    checks = {one.name: one for one in check_cluster(Settings(opensearch_url=node_url))}
    assert all(one.ok for one in checks.values())
    assert "ltr-engine" in checks["LTR plugin"].found

"""Keys, query ids and rate limits: who may do what, and how often."""

import re

import pytest

from ltr_plugin.errors import InputError
from ltr_plugin.service.configuration import PAGE, Configuration, ServiceOptions, as_environment
from ltr_plugin.service.keys import Keys, new_key
from ltr_plugin.service.limits import MAX_CALLERS, RateLimit
from ltr_plugin.service.signing import QueryIds
from ltr_plugin.settings import Settings


def test_a_key_is_known_by_its_hash_alone():
    key, line = new_key("importer", ["catalog", "events"])
    assert key not in line
    caller = Keys(line).caller(key)
    assert (caller.name, caller.scopes) == ("importer", {"catalog", "events"})
    assert Keys(line).caller(key + "x") is None
    assert Keys(line).caller("") is None


def test_two_keys_of_one_name_are_two_keys():
    (one, first), (other, second) = new_key("page", ["search"]), new_key("page", ["admin"])
    keys = Keys(f"{first}\n{second}")
    assert [keys.caller(key).scopes for key in (one, other)] == [{"search"}, {"admin"}]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("my-password", "key 1  is not name:scopes:hash"),
        (f"a:root:{'0' * 64}", "key a  has no scope root; scopes are search, events, catalog, admin"),
        (f"a:search:{'0' * 63}", "key 1  is not name:scopes:hash"),
    ],
)
def test_what_is_no_key_is_named_without_its_text(lines, said):
    with pytest.raises(InputError) as raised:
        Keys(lines)
    assert said in str(raised.value)
    assert lines not in str(raised.value)


def test_all_wrong_keys_are_named_at_once():
    with pytest.raises(InputError) as raised:
        Keys("nonsense x:root:" + "0" * 64)
    assert [one.location for one in raised.value.problems] == ["key 1", "key x"]
    assert "nonsense" not in str(raised.value)


def test_a_service_that_others_can_reach_needs_keys():
    open_to_all = ServiceOptions(index="products", loopback=False)
    with pytest.raises(InputError, match="ltr serve --new-key"):
        Configuration.of(open_to_all, Settings())
    line = new_key("shop", ["search"])[1]
    assert not Configuration.of(open_to_all, Settings(service_keys=line)).open_to_local
    assert Configuration.of(ServiceOptions(index="products"), Settings()).open_to_local


def test_the_public_key_may_search_and_send_events_alone_whatever_its_line_says():
    key, line = new_key("public", ["admin"])
    options = ServiceOptions(index="products")
    configuration = Configuration.of(options, Settings(service_keys=line, service_public_key=key))
    assert configuration.page_key == key
    assert configuration.keys.caller(key) == PAGE
    made = {Configuration.of(options, Settings(service_secret="s" * 16)).page_key for _ in range(2)}
    assert len(made) == 1


def test_a_secret_that_a_file_has_is_in_no_variable(tmp_path, monkeypatch):
    """Both would be refused, as nobody could tell which one counts."""
    stated = "a secret of a file"
    (tmp_path / "secret").write_text(f"{stated}\n")
    monkeypatch.setenv("LTR_SERVICE_SECRET_FILE", str(tmp_path / "secret"))
    settings = Settings.from_env()
    for name, value in as_environment(ServiceOptions(index="products"), settings).items():
        monkeypatch.setenv(name, value)
    assert Settings.from_env().service_secret == stated
    assert len(as_environment(ServiceOptions(index="products"), Settings())["LTR_SERVICE_SECRET"]) > 30


def test_query_ids_are_ours_only_with_the_secret():
    ids, others = QueryIds(b"one secret"), QueryIds(b"another")
    made = ids.new()
    assert ids.is_ours(made)
    assert not others.is_ours(made)
    assert made != ids.new()
    for forged in ("", "x", made[:-1] + ("A" if made[-1] != "A" else "B"), made[1:] + made[0], "\ud800" * 32, made * 2):
        assert not ids.is_ours(forged)
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", made)


def test_the_key_of_the_page_is_the_same_in_all_processes():
    settings = Settings(service_secret="x" * 16)
    keys = {Configuration.of(ServiceOptions(index="products"), settings).page_key for _ in range(2)}
    assert len(keys) == 1


def test_a_caller_has_its_burst_and_then_its_rate():
    now = [0.0]
    limit = RateLimit(per_minute=60, burst=3, clock=lambda: now[0])
    assert [limit.wait_s("a") for _ in range(3)] == [0, 0, 0]
    assert limit.wait_s("a") == pytest.approx(1)
    assert limit.wait_s("b") == 0
    now[0] = 0.5
    assert limit.wait_s("a") == pytest.approx(0.5)
    now[0] = 1.0
    assert limit.wait_s("a") == 0
    now[0] = 1000.0
    assert [limit.wait_s("a", cost=3), limit.wait_s("a") > 0] == [0, True]


def test_callers_that_come_once_do_not_fill_the_memory():
    limit = RateLimit(per_minute=60, burst=3)
    for number in range(MAX_CALLERS + 10):
        limit.wait_s(str(number))
    assert len(limit._buckets) == MAX_CALLERS

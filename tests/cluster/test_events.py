"""Indices of a day each: hidden, written once, searched together, deleted after a month; and what many searched for."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.feedback.daily_indices import KEPT_DAYS, DailyIndices, Dated, first_kept_day, query_indices
from ltr_plugin.cluster.opensearch import OpenSearchCluster
from ltr_plugin.errors import ClusterError
from ltr_plugin.feedback.events import UbiEvent
from ltr_plugin.feedback.privacy import Pseudonyms
from ltr_plugin.pipelines.feedback.frequent_queries import FrequentByPrefix, FrequentQuery, frequent_queries
from ltr_plugin.pipelines.feedback.record_events import (
    SearchRecord,
    dated_event,
    forget_old_days,
    record_events,
    record_searches,
    time_problem,
)

pytestmark = pytest.mark.live

TODAY = date(2026, 11, 30)
PSEUDONYMS = Pseudonyms(b"secret")


@pytest.fixture
def cluster(node_url):
    return connect(node_url)


@pytest.fixture
def daily(cluster):
    """Daily indices of this test."""
    indices = DailyIndices(cluster, f"ltr-test-{uuid.uuid4().hex[:8]}", {"number": {"type": "integer"}})
    yield indices
    indices.delete_before(date(9999, 1, 1))


def searched(text, clients, *, index, total=3, months=1):
    """Searches of clients who typed this text, spread over months."""
    now = datetime.now(UTC)
    return [
        SearchRecord(
            query_id=uuid.uuid4().hex, user_query=text, index=index, total=total, hits=["a", "b"],
            moment=now - timedelta(days=31 * (number % months)), object_id_field="_id", client_id=client,
        )
        for number, client in enumerate(clients)
    ]  # fmt: skip


def test_what_is_written_twice_is_there_once_and_wildcards_of_users_do_not_find_it(daily, cluster):
    items = [Dated("a", TODAY, {"number": 1}), Dated("b", TODAY - timedelta(1), {"number": 2})]
    assert daily.write(items) == [None, None]
    assert daily.write([items[0], Dated("c", TODAY, {"number": 3})]) == [None, None]
    daily.refresh()
    hits = daily.search({"sort": "number"})["hits"]["hits"]
    assert [(hit["_index"], hit["_source"]["number"]) for hit in hits] == [
        (daily.name(TODAY), 1), (daily.name(TODAY - timedelta(1)), 2), (daily.name(TODAY), 3),
    ]  # fmt: skip
    assert cluster.call("POST", f"/{daily.prefix}*/_search")["hits"]["hits"] == []


def test_a_document_that_the_mapping_refuses_is_named_alone(daily):
    errors = daily.write([Dated("a", TODAY, {"number": "many"}), Dated("b", TODAY, {"number": 1})])
    assert errors[0].permanent
    assert errors[1] is None


def test_days_are_deleted_and_the_index_of_a_deleted_day_is_made_again(daily):
    days = [TODAY - timedelta(days=KEPT_DAYS + 1), TODAY - timedelta(days=KEPT_DAYS), TODAY]
    daily.write([Dated("a", day, {}) for day in days])
    first = first_kept_day(datetime(2026, 11, 30, 12, tzinfo=UTC))
    assert daily.delete_before(first) == days[:1]
    assert daily.days() == days[1:]
    assert daily.write([Dated("b", days[0], {})]) == [None]


def test_nothing_is_found_before_anything_is_written(daily):
    assert daily.search({})["hits"]["hits"] == []
    assert daily.days() == []


def test_a_cluster_that_is_away_is_an_error():
    away = DailyIndices(OpenSearchCluster("http://127.0.0.1:9", retry_timeout_s=0), "ltr-test", {})
    with pytest.raises(ClusterError):
        away.write([Dated("a", TODAY, {})])


def test_events_are_stored_by_their_day_and_odd_ones_are_refused_by_name(cluster):
    now = datetime.now(UTC)
    index = f"shop-{uuid.uuid4().hex[:8]}"
    event = {"action_name": "click", "timestamp": now.isoformat(), "query_id": index}
    good = UbiEvent.model_validate({**event, "event_attributes": {"position": {"ordinal": 1}}})
    odd = UbiEvent.model_validate({**event, "consent": True, "event_attributes": {"position.ordinal": "first"}})
    reasons = record_events(cluster, [dated_event(one, index, PSEUDONYMS) for one in (good, odd, good)])
    assert [reason is None for reason in reasons] == [True, False, True]


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(days=29), None),
        (timedelta(days=31), "is more than 30 days ago"),
        (timedelta(days=-2), "is in the future"),
    ],
)
def test_events_of_days_that_are_not_kept_are_refused(age, said):
    now = datetime.now(UTC)
    problem = time_problem(UbiEvent.model_validate({"action_name": "click", "timestamp": now - age}), now)
    assert problem is None if said is None else problem.startswith(said)


def test_texts_that_many_clients_searched_for_are_frequent(cluster):
    index = f"shop-{uuid.uuid4().hex[:8]}"
    many, more = [f"c{number}" for number in range(20)], [f"c{number}" for number in range(25)]
    searches = [
        *searched("Red  MUG", many, index=index),
        *searched("red bowl", more, index=index),
        *searched("red bowl", more[:3], index=index),
        *searched("red plate", many[:19] * 2, index=index),
        *searched("red nothing", many, index=index, total=0),
        *searched("mail@shop.example", many, index=index),
        *searched("red other shop", many, index=index + "x"),
        *searched("red anonymous", [None] * 30, index=index),
    ]
    assert record_searches(cluster, searches, PSEUDONYMS) == 0
    query_indices(cluster).refresh()
    assert frequent_queries(cluster, index) == [FrequentQuery("red bowl", 25), FrequentQuery("red mug", 20)]
    assert [one.text for one in frequent_queries(cluster, index, "RED m")] == ["red mug"]
    assert [one.text for one in frequent_queries(cluster, index, ".*")] == []
    assert [one.text for one in frequent_queries(cluster, index, clients=19, size=3)] == [
        "red bowl", "red mug", "red plate",
    ]  # fmt: skip


def test_a_client_with_pseudonyms_of_two_months_is_counted_once(cluster):
    index = f"shop-{uuid.uuid4().hex[:8]}"
    clients = [f"c{number}" for number in range(15)]
    searches = [*searched("red mug", clients, index=index), *searched("red mug", clients * 2, index=index, months=2)]
    record_searches(cluster, searches, PSEUDONYMS)
    query_indices(cluster).refresh()
    assert frequent_queries(cluster, index) == []
    assert frequent_queries(cluster, index, clients=15) == [FrequentQuery("red mug", 15)]
    forget_old_days(cluster)


def test_frequent_queries_are_found_by_their_beginning():
    by_prefix = FrequentByPrefix(
        [FrequentQuery("red mug", 20), FrequentQuery("red bowl", 30), FrequentQuery("tea", 40)]
    )
    assert by_prefix("Re") == ["red bowl", "red mug"]
    assert by_prefix("tea") == by_prefix(" ") == []

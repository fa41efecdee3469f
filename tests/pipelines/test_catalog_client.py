"""Products handed over by a program, by standard input and by files in a folder: written, told what is wrong, sent."""

import gzip
import json
import os
import threading
import time
import uuid

import pytest
from ltr_workers.celery import make_app

from ltr_plugin.broker.messages import broker_folder
from ltr_plugin.catalog.line_groups import read_batches
from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.versions import open_or_create, switch_alias
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.pipelines.indexing import watch_folder as watching
from ltr_plugin.pipelines.indexing.catalog_client import CatalogClient
from ltr_plugin.pipelines.indexing.ingest import ingest_lines
from ltr_plugin.pipelines.indexing.watch_folder import WatchedFolder
from ltr_plugin.settings import Settings

pytestmark = pytest.mark.live

UNKNOWN = (
    "$.titel  unknown key; correct its name, put it into `attributes`, or declare it in the index's profile: "
    "`fields: [{name: titel, type: keyword}]`"
)


def field(name, source):
    return VectorField(name, source, "test:x", Fingerprint("test", "x", "", 3, "", "w1"))


@pytest.fixture
def settings(node_url, tmp_path):
    return Settings(opensearch_url=node_url, runs=tmp_path / "runs")


@pytest.fixture
def index(node_url, tmp_path):
    """The index behind an alias, for products with words and photos; `media_roots` beside it holds its photos."""
    cluster = connect(node_url)
    alias = f"handed-{uuid.uuid4().hex[:8]}"
    (tmp_path / "media").mkdir()
    vectors = [field("text_vector", "text"), field("image_vector", "image")]
    made = open_or_create(cluster, alias, vectors, tmp_path / "media")
    switch_alias(cluster, alias, made.name)
    yield made
    cluster.call("DELETE", f"/{alias}-v*")


@pytest.fixture
def products(index, settings):
    return CatalogClient(alias_of(index), settings=settings, cluster=index.cluster)


@pytest.fixture
def sent(settings):
    """Takes what waits in the folder that is the queue: (modality, ids) of each message."""

    def read():
        found = []
        for path in sorted((broker_folder(settings) / "queue").glob("*.msg")):
            _, ids, source = eval(json.loads(path.read_text())["headers"]["argsrepr"])  # noqa: S307 - our own
            found.append((source, ids))
            path.unlink()
        return sorted(found)

    return read


def alias_of(index):
    return index.name.rpartition("-v")[0]


def stored(index, *ids):
    return {one.product.id: one.product for one in index.fetch(ids or ["a", "b", "c", "p0", "p1", "p2"])}


def embed_all(index):
    from ltr_plugin.cluster.managed.documents import EmbeddingResult

    index.refresh()
    made = [
        EmbeddingResult(one.product.id, vector, one.content_hash[vector.source], [1, 0, 0])
        for one in index.fetch(list(index.ids()))
        for vector in one.pending(index.vectors)
    ]
    assert not [error for _, error in index.write_vectors(made) if error]


def test_tasks_go_out_for_exactly_the_products_that_lack_vectors(products, index, sent, tmp_path):
    (tmp_path / "media" / "a.jpg").write_bytes(b"photo")
    result = products.put([{"id": "a", "title": "mug", "images": ["a.jpg"]}, Product(id="b", title="cup")])
    assert (result.applied, result.sent, result.refused) == (2, 3, [])
    assert sent() == [("image", ["a"]), ("text", ["a", "b"])]
    embed_all(index)
    result = products.put([{"id": "a", "title": "mug", "images": ["a.jpg"], "price": 3}, {"id": "b", "title": "bowl"}])
    assert (result.applied, result.sent) == (2, 1)
    assert sent() == [("text", ["b"])]
    embed_all(index)
    assert products.update([{"id": "a", "price": 9.9}, {"id": "b", "stats": {"rating": 4}}]).sent == 0
    (tmp_path / "media" / "a.jpg").write_bytes(b"another photo")
    assert products.update([{"id": "a", "images": ["a.jpg"]}]).sent == 1
    assert sent() == [("image", ["a"])]
    embed_all(index)
    assert products.reembed(["a"]).sent == 2
    assert sent() == [("image", ["a"]), ("text", ["a"])]


def test_changes_that_come_too_late_are_counted_and_send_nothing(products, index, sent):
    mug = {"id": "a", "title": "mug", "changed": "2026-05-02T00:00:00Z"}
    assert products.put([mug]).stale == 0
    sent()
    late = {"changed": "2026-05-01T00:00:00Z"}
    result = products.put(
        [mug | late | {"title": "cup"}, {"id": "a", "deleted": True, **late}, {"id": "b", "title": "b"}]
    )
    assert (result.applied, result.stale, result.refused) == (1, 2, [])
    assert sent() == [("text", ["b"])]
    result = products.update([{"id": "a", "price": 3, **late}, {"id": "a", "price": 2}])
    assert (result.applied, result.stale, stored(index)["a"].price) == (1, 1, 2)


def test_what_is_wrong_is_told_by_product_and_hinders_no_other(products, index):
    records = [
        {"id": "a", "title": "mug", "prise": 3},
        {"id": "b", "title": "cup", "price": -1, "stats": {"x": "y"}},
        {"title": "no id"},
        "{broken",
        '{"id": "c", "title": "bowl"}',
        {"id": "a", "deleted": True},
    ]
    result = products.put(records)
    assert [(one.position, one.id) for one in result.refused] == [(1, "a"), (2, "b"), (3, ""), (4, "")]
    reasons = [one.reason for one in result.refused]
    assert "$.prise  unknown key" in reasons[0]
    assert "$.price" in reasons[1]
    assert "$.stats.x" in reasons[1]
    assert "$.id  required key missing" in reasons[2]
    assert "Invalid JSON" in reasons[3]
    assert (result.applied, result.missing) == (1, ["a"])
    assert list(stored(index)) == ["c"]
    result = products.update([{"id": "b", "price": 1}, {"id": "c", "price": 1}, {"id": "c", "titel": "x"}])
    assert [(one.position, one.id) for one in result.refused] == [(1, "b"), (3, "c")]
    result = products.delete(["c", "never there"])
    assert [(one.position, one.id) for one in result.refused] == [(2, "never there")]  # no id has a blank
    result = products.delete(["c"])
    assert (result.applied, result.refused, result.missing) == (0, [], ["c"])
    result = products.reembed(["c", "d"])
    assert (result.applied, result.refused, result.missing) == (0, [], ["c", "d"])
    assert stored(index) == {}


def test_one_id_or_one_product_outside_of_a_list_is_refused_as_a_whole(products, index):
    assert products.put([{"id": letter, "title": "mug"} for letter in "ab"]).applied == 2
    for change in (products.delete, products.reembed, products.put, products.update):
        with pytest.raises(InputError, match=r"write it in \[ \]"):
            change("ab")
    with pytest.raises(InputError, match=r"write it in \[ \]"):
        products.put({"id": "c", "title": "mug"})
    assert stored(index).keys() == {"a", "b"}


def test_more_than_one_call_takes_is_taken(products, index):
    result = products.put({"id": f"p{n}", "title": f"mug {n}"} for n in range(503))
    assert (result.applied, result.sent) == (503, 503)
    index.refresh()
    assert index.count() == 503


def test_of_700_products_the_one_with_an_id_of_600_bytes_alone_is_refused(products, index):
    names = [f"p{n}" if n != 350 else "x" * 600 for n in range(701)]
    result = products.put({"id": name, "title": "mug"} for name in names)
    assert result.applied == 700
    ((position, reason),) = [(one.position, one.reason) for one in result.refused]
    assert position == 351
    assert "at most 512 bytes" in reason
    assert len(reason) < 300
    index.refresh()
    assert index.count() == 700


def test_without_its_broker_the_words_are_there_and_the_reason_is_said(index, settings):
    queue = make_app(Settings(broker_url="redis://127.0.0.1:1/0"))
    result = CatalogClient(alias_of(index), settings=settings, cluster=index.cluster, client=queue).put(
        [{"id": "a", "title": "mug"}]
    )
    assert (result.applied, result.sent) == (1, 0)
    assert "no broker answers at redis://" in result.enqueue_error
    assert stored(index)["a"].title == "mug"


def test_an_index_that_is_not_there_is_said_at_once(settings):
    with pytest.raises(ClusterError, match="there is no index"):
        CatalogClient("no-such-index", settings=settings)


def test_lines_are_taken_in_as_they_arrive(products, index):
    arrived, wrong = threading.Event(), []

    def lines():
        yield b'{"id": "a", "title": "mug"}\n'
        yield b"\n"
        yield b'{"id": "b", "titel": "cup"}\n'
        assert arrived.wait(20)  # the stream goes on only when the first line is in the index
        yield b'{"id": "a", "deleted": true}\n'
        yield b'{"id": "c", "title": "bowl"}'

    def poll():
        while "a" not in stored(index):
            time.sleep(0.02)
        arrived.set()

    watcher = threading.Thread(target=poll)
    watcher.start()
    done = ingest_lines(read_batches(lines()), products.put, on_refused=wrong.append)
    watcher.join()
    assert (done.applied, done.refused) == (3, 1)
    assert [str(one) for one in wrong] == [f"line 3  b  {UNKNOWN}"]
    assert list(stored(index)) == ["c"]


def test_a_stream_that_breaks_off_is_an_error_after_what_came_before(products, index):
    def lines():
        yield b'{"id": "a", "title": "mug"}\n'
        raise OSError("the pipe broke")

    with pytest.raises(OSError, match="pipe"):
        ingest_lines(read_batches(lines()), products.put, on_refused=lambda _: None)
    assert list(stored(index)) == ["a"]


def test_a_cluster_that_goes_away_says_how_far_it_came(products):
    def ingest(lines):
        if b"b" in next(iter(lines)):
            raise ClusterError("no answer")
        return products.put(lines)

    groups = [[(1, b'{"id": "a", "title": "mug"}')], [(3, b'{"id": "b", "title": "mug"}')]]
    with pytest.raises(ClusterError, match="lines before 3 are applied"):
        ingest_lines(groups, ingest, on_refused=lambda _: None)


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "incoming"
    found.mkdir()
    return found


@pytest.fixture
def watched(products, folder):
    return WatchedFolder(folder, products.put)


def leave(folder, name, *records):
    """As a catalog system does it: written under another name, then renamed."""
    text = "".join(f"{record if isinstance(record, str) else json.dumps(record)}\n" for record in records)
    part = folder / f"{name}.part"
    part.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    part.rename(folder / name)


def looks(watched):
    """Two looks: a file is taken in when it has not changed from one to the next."""
    assert list(watched.poll()) == []
    return list(watched.poll())


def test_files_are_taken_in_by_age_and_put_away(watched, folder, index):
    leave(folder, "z.jsonl", {"id": "a", "title": "mug"}, {"id": "b", "title": "cup"})
    time.sleep(0.02)
    leave(folder, "a.jsonl.gz", {"id": "a", "deleted": True})
    (folder / "notes.txt").write_text("not for us")
    (folder / "b.jsonl.part").write_text("not complete")
    found = looks(watched)
    assert [(one.path.relative_to(folder).as_posix(), one.result.applied) for one in found] == [
        ("done/z.jsonl", 2),
        ("done/a.jsonl.gz", 1),
    ]
    assert list(stored(index)) == ["b"]
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == ["b.jsonl.part", "notes.txt"]
    assert looks(watched) == []


def test_a_file_that_comes_too_late_is_done_and_counted(watched, folder, index):
    leave(folder, "new.jsonl", {"id": "a", "title": "mug", "changed": 2})
    looks(watched)
    leave(folder, "old.jsonl", {"id": "a", "title": "cup", "changed": 1})
    (found,) = looks(watched)
    assert (found.path.parent.name, found.result.applied, found.result.stale) == ("done", 0, 1)
    assert stored(index)["a"].title == "mug"


def test_a_file_with_mistakes_goes_to_failed_with_its_errors_and_the_rest_is_done(watched, folder, index):
    for _ in range(2):  # the same name twice: neither is written over
        leave(folder, "day.jsonl", {"id": "a", "title": "mug"}, "{broken", {"id": "b", "titel": "x"})
        (found,) = looks(watched)
        assert (found.result.applied, len(found.problems)) == (1, 2)
    assert stored(index)["a"].title == "mug"
    failed = folder / "failed"
    assert sorted(path.name for path in failed.iterdir()) == [
        "day-2.jsonl", "day-2.jsonl.errors", "day.jsonl", "day.jsonl.errors",
    ]  # fmt: skip
    errors = (failed / "day.jsonl.errors").read_text().splitlines()
    assert errors[0].startswith("line 2  $  Invalid JSON")
    assert errors[1] == f"line 3  b  {UNKNOWN}"


def test_a_file_that_still_grows_is_left_alone_and_one_that_grew_while_it_was_read_is_read_again(
    products, folder, index
):
    grown = folder / "day.jsonl"

    def ingest(lines):
        result = products.put(lines)
        if "b" not in stored(index):
            with grown.open("a") as more:
                more.write('{"id": "b", "title": "cup"}\n')
        return result

    watched = WatchedFolder(folder, ingest)
    grown.write_text('{"id": "a", "title"')
    assert list(watched.poll()) == []
    grown.write_text('{"id": "a", "title": "mug"}\n')
    assert list(watched.poll()) == []  # it has changed since
    assert list(watched.poll()) == []  # it changes while it is read
    (found,) = looks(watched) or [None]
    assert found.path == folder / "done" / "day.jsonl"
    assert sorted(stored(index)) == ["a", "b"]


def test_a_file_that_cannot_be_read_to_its_end_goes_to_failed(watched, folder, index):
    leave(folder, "cut.jsonl.gz", {"id": "a", "title": "mug"})
    path = folder / "cut.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-12])
    (found,) = looks(watched)
    assert found.path.parent.name == "failed"
    assert "damaged gzip file" in (folder / "failed" / "cut.jsonl.gz.errors").read_text()
    assert stored(index) == {}


def test_a_file_that_is_cut_off_says_how_many_changes_before_the_end_are_applied(watched, folder, index):
    leave(folder, "cut.jsonl.gz", *({"id": f"p{n}", "title": f"mug {uuid.uuid4()}"} for n in range(700)))
    path = folder / "cut.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-100])
    (found,) = looks(watched)
    (problem,) = found.problems
    index.refresh()
    assert 600 < found.result.applied == index.count() < 700
    assert f"applied before it: {found.result.applied} changes" in problem.message


def test_links_and_pipes_are_put_away_unread(watched, folder, index, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text('{"id": "a", "title": "mug"}\n')
    (folder / "link.jsonl").symlink_to(secret)
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "folder.jsonl").mkdir()
    found = looks(watched)
    assert sorted(one.path.relative_to(folder).as_posix() for one in found) == [
        "failed/link.jsonl",
        "failed/pipe.jsonl",
    ]
    assert {problem.message for one in found for problem in one.problems} == {
        "cannot be read: it is a link; put the file itself there",
        "cannot be read: it is no regular file",
    }
    assert stored(index) == {}
    assert secret.exists()


def test_refused_lines_are_quoted_for_the_owner_alone(watched, folder):
    leave(folder, "day.jsonl", {"id": "a", "title": "mug", "note": "secret"})
    looks(watched)
    assert (folder / "failed" / "day.jsonl.errors").stat().st_mode & 0o777 == 0o600


def test_a_folder_whose_failed_is_a_link_is_not_watched(products, folder, tmp_path):
    (folder / "failed").symlink_to(tmp_path)
    with pytest.raises(InputError, match="is a symbolic link"):
        WatchedFolder(folder, products.put)


def test_one_wrong_line_of_any_kind_loses_no_neighbour(watched, folder, index):
    lines = [
        b'{"id": "%s", "title": "long id"}' % (b"x" * 600),
        b'{"id": "l", "title": "cr\xe8me"}',
        b'{"id": %s}' % (b"9" * 5000),
        b"[" * 5000,
        b'{"id": "n", "title": "t", "attributes": {"n": %s}}' % (b"9" * 308),
        b'{"id": "s", "title": "\\ud800"}',
        b'{"id": "d", "deleted": "yes"}',
        b"\0",
        b'"' + b"x" * (5 << 20),
    ]
    good = [b'{"id": "p%d", "title": "mug"}' % n for n in range(len(lines) + 1)]
    pairs = [line for pair in zip(good, [*lines, b""], strict=True) for line in pair]
    (folder / "day.jsonl").write_bytes(b"\n".join(pairs))
    (found,) = looks(watched)
    assert (found.result.applied, found.result.refused) == (len(good), len(lines))
    assert [problem.location for problem in found.problems] == [f"line {2 * n + 2}" for n in range(len(lines))]
    index.refresh()
    assert sorted(index.ids()) == sorted(f"p{n}" for n in range(len(good)))


def test_while_the_cluster_is_away_files_wait(products, folder, index):
    away = [ClusterError("no answer"), ClusterError("no answer")]

    def ingest(lines):
        if away:
            raise away.pop()
        return products.put(lines)

    watched = WatchedFolder(folder, ingest)
    leave(folder, "day.jsonl", {"id": "a", "title": "mug"})
    list(watched.poll())
    for _ in range(2):
        with pytest.raises(ClusterError):
            list(watched.poll())
        assert (folder / "day.jsonl").exists()
    (found,) = watched.poll()
    assert found.result.applied == 1
    assert list(stored(index)) == ["a"]


def test_an_index_of_an_earlier_release_is_no_mistake_of_a_file(folder):
    def ingest(_lines):
        raise InputError("index shop", "its layout is 1")

    watched = WatchedFolder(folder, ingest)
    leave(folder, "day.jsonl", {"id": "a", "title": "mug"})
    list(watched.poll())
    with pytest.raises(InputError, match="layout"):
        list(watched.poll())
    assert (folder / "day.jsonl").exists()


def test_watching_takes_media_beside_the_files_and_waits_out_an_absent_cluster(index, settings, folder, monkeypatch):
    (folder / "a.jpg").write_bytes(b"photo")
    settings = Settings(opensearch_url=settings.opensearch_url, broker_url="memory://", runs=settings.runs)
    leave(folder, "day.jsonl", {"id": "a", "title": "mug", "images": ["a.jpg"]})
    real, away, waited = WatchedFolder.poll, [ClusterError("no answer")], []
    monkeypatch.setattr(WatchedFolder, "poll", lambda self: iter(_raise(away.pop())) if away else real(self))

    class StoppedError(Exception):
        pass

    def stop(_filed):
        raise StoppedError

    with pytest.raises(StoppedError):
        watching.watch_folder(
            settings, index.cluster, alias_of(index), folder, on_file=stop, on_retry=waited.append, poll_s=0.05
        )
    assert len(waited) == 1
    assert stored(index)["a"].images == (str(folder / "a.jpg"),)


def _raise(error):
    raise error

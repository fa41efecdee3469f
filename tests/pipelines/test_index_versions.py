"""Catalogs under one name, and encoders changed while the shop goes on: a real node, a real worker, small encoders."""

import json
import tempfile
import threading
import time
import uuid
import wave
from pathlib import Path

import numpy as np
import pytest
from ltr_workers.embedding import embed

from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.sync import cut_over
from ltr_plugin.cluster.managed.versions import active_index, resolve_alias, versions, writes_blocked
from ltr_plugin.errors import InputError
from ltr_plugin.pipelines.encoder_selection import EncoderSelection, vector_fields_for
from ltr_plugin.pipelines.indexing import index_catalog as indexing
from ltr_plugin.pipelines.indexing.catalog_client import CatalogClient
from ltr_plugin.pipelines.indexing.embed_backlog import embed_backlog
from ltr_plugin.pipelines.indexing.index_catalog import missing_from_catalog, write_catalog
from ltr_plugin.pipelines.indexing.index_versions import (
    build_next_version,
    drop_inactive_versions,
    list_versions,
    rollback_index,
)
from ltr_plugin.pipelines.releases import promote, rollback, stale_releases
from ltr_plugin.queries.templates import BASELINES
from ltr_plugin.settings import Settings

pytestmark = pytest.mark.live


@pytest.fixture
def settings(node_url, tmp_path):
    return Settings(opensearch_url=node_url, runs=tmp_path / "runs")


@pytest.fixture
def alias(cluster):
    name = f"versions-{uuid.uuid4().hex[:8]}"
    yield name
    cluster.call("DELETE", f"/{name}-v*")


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """Two encoders of words, as files of word vectors: `old` of three dimensions, `new` of two."""
    folder = tmp_path_factory.mktemp("words")
    (folder / "old.txt").write_text("mug 1 0 0\ncup 0 1 0\nred 0 0 1\n")
    (folder / "new.txt").write_text("mug 1 0\ncup 0 1\n")
    return {name: EncoderSelection(text=f"word-vectors:{folder / name}.txt") for name in ("old", "new")}


@pytest.fixture
def catalog(tmp_path):
    """Writes a catalog into a folder of its own, with a sound each for those whose names say so."""

    def write(folder, *products, tone=1):
        (tmp_path / folder).mkdir(exist_ok=True)
        for product in products:
            for name in (name for name in product.get("audio", ()) if "/" not in name):
                with wave.open(str(tmp_path / folder / name), "wb") as file:
                    file.setnchannels(1)
                    file.setsampwidth(2)
                    file.setframerate(16000)
                    file.writeframes((np.sin(np.arange(4000) * tone / 20) * 9999).astype("<i2").tobytes())
        path = tmp_path / folder / "catalog.jsonl"
        path.write_text("".join(json.dumps(product) + "\n" for product in products))
        return path

    return write


@pytest.fixture
def shop(cluster, alias, words, catalog, settings):
    """An index of twenty mugs and cups with the old encoder's vectors, made as `ltr index` makes it."""
    path = catalog("shop", *({"id": f"p{n:02}", "title": f"red {'mug' if n % 2 else 'cup'} {n}"} for n in range(20)))
    written = write_catalog(cluster, path, alias, vector_fields_for(cluster, alias, words["old"]))
    embed_all(cluster, written.index.name)
    return CatalogClient(alias, settings=settings, cluster=cluster)


def embed_all(cluster, name):
    """What the workers do."""
    index = ManagedIndex.open(cluster, name, media_roots=[Path(tempfile.gettempdir())])
    index.refresh()
    report = embed(index, list(index.ids()))
    index.refresh()
    assert (index.backlog(), report.refused, list(index.errors())) == (0, {}, [])
    return report.embedded


def ids(cluster, name):
    index = ManagedIndex.open(cluster, name)
    index.refresh()
    return list(index.ids())


def source(cluster, name, id_):
    return cluster.call("GET", f"/{name}/_doc/{id_}")["_source"]


def test_catalogs_of_two_folders_are_in_one_index_and_the_sounds_of_both_are_found(cluster, alias, catalog):
    vectors = EncoderSelection(text="none", audio="spectral:log-mel").vectors(None)
    first = catalog("a", {"id": "a1", "audio": ["tone.wav"]}, tone=1)
    second = catalog("b", {"id": "b1", "audio": ["tone.wav"]}, {"id": "b2", "audio": ["../a/tone.wav"]}, tone=9)
    index = write_catalog(cluster, first, alias, vectors).index.name
    assert write_catalog(cluster, second, alias, vectors).index.name == index == resolve_alias(cluster, alias)
    assert ids(cluster, alias) == ["a1", "b1", "b2"]
    assert embed_all(cluster, index) == 3
    one, other, same = (source(cluster, alias, id_)["audio_vector"] for id_ in ("a1", "b1", "b2"))
    assert one == same
    assert one != other
    assert write_catalog(cluster, second, alias, vectors).refused == []
    assert ManagedIndex.open(cluster, alias).backlog() == 0  # nothing changed


def test_media_that_no_catalog_vouches_for_stay_out_of_reach(cluster, alias, catalog, tmp_path):
    vectors = EncoderSelection(text="none", audio="spectral:log-mel").vectors(None)
    catalog("secret", {"id": "x", "audio": ["tone.wav"]})
    path = catalog("a", {"id": "a1", "title": "mug"})
    record = {"id": "a2", "audio": [str(tmp_path / "secret" / "tone.wav"), "../secret/tone.wav"]}
    path.write_text(json.dumps(record) + "\n")
    index = write_catalog(cluster, path, alias, vectors).index
    embed(index, ["a2"])
    index.refresh()
    ((_, _, reason),) = index.errors()
    assert reason.count("is outside") == 2


@pytest.mark.usefixtures("shop")
def test_an_update_file_changes_prices_and_embeds_nothing(cluster, alias, catalog):
    path = catalog("prices", {"id": "p01", "price": 3.5}, {"id": "p02", "deleted": True}, {"id": "absent", "price": 1})
    done = write_catalog(cluster, path, alias, EncoderSelection(), update=True)
    assert [problem.location for problem in done.refused] == ["product absent"]
    assert ManagedIndex.open(cluster, alias).backlog() == 0
    assert source(cluster, alias, "p01")["price"] == 3.5
    assert "p02" not in ids(cluster, alias)


@pytest.mark.usefixtures("shop")
def test_pruning_deletes_what_the_catalog_does_not_have_but_not_after_a_catalog_with_mistakes(cluster, alias, catalog):
    path = catalog("less", *({"id": f"p{n:02}", "title": "mug"} for n in range(18)), {"id": "p18", "deleted": True})
    vectors = vector_fields_for(cluster, alias, EncoderSelection())
    write_catalog(cluster, path, alias, vectors)
    assert missing_from_catalog(ManagedIndex.open(cluster, alias), path) == ["p19"]
    assert "p19" in ids(cluster, alias)
    broken = catalog("broken", {"id": "p00", "title": "mug"}, {"id": "p01", "titel": "mug"})
    with pytest.raises(InputError, match="its products are not all known"):
        write_catalog(cluster, broken, alias, vectors, prune=True, skip_invalid=True)
    assert write_catalog(cluster, path, alias, vectors, prune=True).pruned == 1
    assert ids(cluster, alias) == [f"p{n:02}" for n in range(18)]


def test_a_replaced_catalog_takes_over_at_once_with_the_vectors_that_are_still_right(
    cluster, alias, shop, catalog, settings
):
    path = catalog("new", {"id": "p01", "title": "red mug 1", "price": 9}, {"id": "n1", "title": "a new cup"})
    shop.reembed(["p01"])
    embed_all(cluster, alias)
    done = write_catalog(cluster, path, alias, EncoderSelection(), replace=True)
    assert resolve_alias(cluster, alias) == f"{alias}-v1"
    assert ids(cluster, done.index.name) == ["n1", "p01"]
    assert list(done.index.backlog_ids()) == ["n1"]
    shop.put([{"id": "meanwhile", "title": "mug"}])  # the catalog is all there is
    embed_all(cluster, done.index.name)
    embed_backlog(settings, done.index, alias)
    assert resolve_alias(cluster, alias) == done.index.name == f"{alias}-v2"
    assert ids(cluster, alias) == ["n1", "p01"]
    back = rollback_index(cluster, alias)
    assert (back.index, back.synced) == (f"{alias}-v1", False)
    assert len(ids(cluster, alias)) == 21  # as it was
    again = write_catalog(cluster, path, alias, EncoderSelection(), replace=True)
    assert again.index.name == f"{alias}-v2"  # taken up again, with nothing to embed
    assert again.index.backlog() == 0
    shop.reembed(["p01"])
    again = write_catalog(cluster, path, alias, EncoderSelection(), replace=True)
    assert list(again.index.backlog_ids()) == ["p01"]


def test_encoders_change_by_the_workers_while_products_come_and_go_and_shoppers_search(
    cluster, alias, shop, words, settings
):
    stop, seen = threading.Event(), []

    def trade():
        number = 0
        while not stop.is_set():
            number += 1
            records = [{"id": f"n{number}", "title": f"new cup {number}"}, {"id": f"n{number - 3}", "deleted": True}]
            seen.extend(shop.put(records).refused)
            seen.extend(shop.update([{"id": "p00", "price": float(number)}]).refused)
            hits = cluster.call("POST", f"/{alias}/_search", {"query": {"match": {"title": "red"}}, "size": 0})["hits"]
            seen.extend([hits] if hits["total"]["value"] != 20 else [])
            time.sleep(0.02)
        trade.last = number

    trader = threading.Thread(target=trade)
    trader.start()
    try:
        before = ManagedIndex.open(cluster, alias)
        vectors = vector_fields_for(cluster, alias, words["new"])
        target = build_next_version(cluster, alias, vectors)
        assert resolve_alias(cluster, alias) == before.name
        assert target.backlog() >= 20
        embed_backlog(settings, target, alias)
        time.sleep(0.5)
    finally:
        stop.set()
        trader.join()
    assert seen == []  # nothing refused, nothing not found, at any time
    now = ManagedIndex.open(cluster, alias)
    now.refresh()
    assert (now.name, now.vectors) == (target.name, vectors)
    last = trade.last
    assert list(now.ids()) == sorted([*(f"p{n:02}" for n in range(20)), *(f"n{n}" for n in range(last - 2, last + 1))])
    assert source(cluster, alias, "p00")["price"] == last
    assert len(source(cluster, alias, "p00")["text_vector"]) == 2
    assert writes_blocked(cluster, before.name)


@pytest.mark.usefixtures("shop")
def test_a_catalog_that_is_written_while_the_encoders_change_leaves_the_alias_where_that_moved_it(
    cluster, alias, words, catalog, settings, monkeypatch
):
    path = catalog("prices", *({"id": f"p{n:02}", "title": f"red mug {n}", "price": n} for n in range(19)))
    monkeypatch.setattr(indexing, "CHANGES_PER_CALL", 10)

    def change_encoders(done, _total):
        if done == 10:
            target = build_next_version(cluster, alias, vector_fields_for(cluster, alias, words["new"]))
            embed_all(cluster, target.name)
            embed_backlog(settings, target, alias)

    vectors = vector_fields_for(cluster, alias, EncoderSelection())
    done = write_catalog(cluster, path, alias, vectors, prune=True, progress=change_encoders)
    assert (done.index.name, done.pending_alias, done.pruned) == (f"{alias}-v2", None, 1)
    embed_all(cluster, done.index.name)
    embed_backlog(settings, done.index, done.pending_alias)
    assert resolve_alias(cluster, alias) == f"{alias}-v2"
    assert ids(cluster, alias) == [f"p{n:02}" for n in range(19)]
    assert [source(cluster, alias, f"p{n:02}")["price"] for n in range(19)] == list(range(19))


@pytest.fixture
def target(cluster, alias, shop, words):
    """A version with other encoders and all its vectors; in the one that serves, a product has changed since."""
    next_version = build_next_version(cluster, alias, vector_fields_for(cluster, alias, words["new"]))
    embed_all(cluster, next_version.name)
    shop.put([{"id": "p00", "title": "a cup"}])
    return next_version


def test_vectors_that_are_waited_for_while_the_encoders_change_do_not_take_the_alias_back(
    cluster, alias, target, settings
):
    def move_once_they_are_made(done, total):
        if done == total:
            cut_over(cluster, alias, target)

    embed_backlog(settings, ManagedIndex.open(cluster, alias), progress=move_once_they_are_made)
    assert resolve_alias(cluster, alias) == target.name
    assert source(cluster, alias, "p00")["title"] == "a cup"


def test_vectors_that_a_version_left_behind_takes_no_more_are_waited_for_in_the_one_that_serves(
    cluster, alias, target, settings
):
    def move_before_they_are_made(done, total):
        if done < total and resolve_alias(cluster, alias) != target.name:
            cut_over(cluster, alias, target)
            embed_all(cluster, target.name)

    embed_backlog(settings, ManagedIndex.open(cluster, alias), progress=move_before_they_are_made)
    assert resolve_alias(cluster, alias) == target.name
    assert target.backlog() == 0


def test_the_way_back_from_other_encoders_keeps_the_products_of_now(cluster, alias, shop, words, settings):
    target = build_next_version(cluster, alias, vector_fields_for(cluster, alias, words["new"]))
    embed_all(cluster, target.name)
    embed_backlog(settings, target, alias)
    shop.put([{"id": "p00", "title": "a blue mug"}, {"id": "p01", "deleted": True}])
    back = rollback_index(cluster, alias)
    assert (back.previous, back.index, back.synced) == (target.name, f"{alias}-v1", True)
    assert source(cluster, alias, "p00")["title"] == "a blue mug"
    assert "p01" not in ids(cluster, alias)
    assert list(ManagedIndex.open(cluster, alias).backlog_ids()) == ["p00"]
    shop.put([{"id": "p02", "title": "once more"}])
    assert rollback_index(cluster, alias).index == target.name  # and forth
    assert source(cluster, alias, "p02")["title"] == "once more"
    assert len(ids(cluster, alias)) == 19


@pytest.mark.usefixtures("shop")
def test_the_way_back_from_a_replacing_catalog_is_to_what_was_though_that_version_was_followed_once(
    cluster, alias, words, catalog, settings, tmp_path
):
    new = vector_fields_for(cluster, alias, words["new"])
    target = build_next_version(cluster, alias, new)
    embed_all(cluster, target.name)
    embed_backlog(settings, target, alias)
    assert rollback_index(cluster, alias).synced
    path = catalog("replacing", {"id": "n1", "title": "a new cup"})
    done = write_catalog(cluster, path, alias, new, media=tmp_path / "shop", replace=True)
    assert (done.index.name, done.pending_alias) == (f"{alias}-v3", alias)
    embed_all(cluster, done.index.name)
    embed_backlog(settings, done.index, done.pending_alias)
    assert ids(cluster, alias) == ["n1"]
    back = rollback_index(cluster, alias)
    assert (back.index, back.synced) == (f"{alias}-v1", False)
    assert ids(cluster, alias) == [f"p{n:02}" for n in range(20)]
    assert rollback_index(cluster, alias).index == done.index.name
    assert ids(cluster, alias) == ["n1"]


def test_an_interrupted_change_is_taken_up_where_it_stopped_or_given_up(cluster, alias, shop, words):
    wanted = vector_fields_for(cluster, alias, words["new"])

    def breaks_off(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_next_version(cluster, alias, wanted, progress=breaks_off)
    target = build_next_version(cluster, alias, wanted)
    assert target.name == f"{alias}-v2"
    embed(target, ["p00", "p01"])
    assert build_next_version(cluster, alias, wanted).backlog() == 18
    cluster.call("PUT", f"/{alias}-v1/_block/write")  # as left by a kill at the last step
    found = list_versions(cluster, alias)
    assert [(one.name, one.products, one.active) for one in found] == [
        (f"{alias}-v1", 20, True),
        (f"{alias}-v2", 20, False),
    ]
    assert drop_inactive_versions(cluster, alias) == [f"{alias}-v2"]
    assert versions(cluster, alias) == [resolve_alias(cluster, alias)]
    assert shop.put([{"id": "n1", "title": "mug"}]).refused == []
    with pytest.raises(InputError, match="no version before it"):
        rollback_index(cluster, alias)


@pytest.mark.usefixtures("shop")
def test_encoders_stay_as_they_are_unless_others_are_asked_for(cluster, alias, words):
    known = ManagedIndex.open(cluster, alias).vectors
    assert vector_fields_for(cluster, alias, EncoderSelection()) == known
    assert vector_fields_for(cluster, alias, words["old"]) == known
    more = vector_fields_for(cluster, alias, EncoderSelection(audio="spectral:mfcc", video=("spectral:mfcc",)))
    assert [one.name for one in more] == ["text_vector", "audio_vector", "soundtrack_vector"]
    assert more[0] == known[0]
    assert EncoderSelection(text="none").vectors(more) == more[1:]
    assert EncoderSelection(video=("none",)).vectors(more) == more[:2]
    with pytest.raises(InputError, match="has no products to copy"):
        build_next_version(cluster, f"{alias}-absent", more)


@pytest.mark.usefixtures("shop")
def test_an_index_of_an_earlier_release_gives_way_to_its_catalog(cluster, alias, words, catalog, settings):
    meta = cluster.call("GET", f"/{alias}-v1/_mapping")[f"{alias}-v1"]["mappings"]["_meta"]
    cluster.call("PUT", f"/{alias}-v1/_mapping", {"_meta": {**meta, "layout_version": 0}})
    assert active_index(cluster, alias) is None
    with pytest.raises(InputError, match="name the encoders"):
        vector_fields_for(cluster, alias, EncoderSelection())
    path = catalog("again", {"id": "p00", "title": "red mug"})
    done = write_catalog(cluster, path, alias, vector_fields_for(cluster, alias, words["old"]))
    embed_all(cluster, done.index.name)
    embed_backlog(settings, done.index, alias)
    assert resolve_alias(cluster, alias) == f"{alias}-v2"
    assert ids(cluster, alias) == ["p00"]


@pytest.mark.usefixtures("shop")
def test_a_release_for_vectors_that_the_index_has_no_more_is_named_and_not_put_back(cluster, alias, words, settings):
    template = f"shop-{alias}"
    index = ManagedIndex.open(cluster, alias)
    promote(index, BASELINES["bm25"], template)
    promote(index, BASELINES["vectors"], template)
    promote(index, BASELINES["vectors"], template)
    assert stale_releases(index) == []
    target = build_next_version(cluster, alias, vector_fields_for(cluster, alias, words["new"]))
    embed_all(cluster, target.name)
    embed_backlog(settings, target, alias)
    now = ManagedIndex.open(cluster, alias)
    assert [(one.template, one.number) for one in stale_releases(now)] == [(template, 3)]
    with pytest.raises(InputError, match=rf"ranks by text_vector of other encoders.*ltr index rollback {alias}"):
        rollback(cluster, template)
    assert stale_releases(now)[0].number == 3
    assert rollback(cluster, template, 1).metadata["ranker"] == "bm25"  # words are words
    assert stale_releases(now) == []
    rollback_index(cluster, alias)
    assert rollback(cluster, template, 2).metadata["ranker"] == "vectors"
    cluster.call("DELETE", f"/_scripts/{template}")

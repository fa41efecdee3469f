"""A vector field of a shop's own index filled on the live cluster, and nothing else of it changed."""

import json

import numpy as np
import pytest
import shop_vectors
from busy_proxy import busy_proxy
from german_shop import documents
from PIL import Image

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.vectors.embedding_notes import EmbeddingNotes
from ltr_plugin.encoders import load_encoder
from ltr_plugin.errors import EncoderError
from ltr_plugin.pipelines.embedding import vector_field
from ltr_plugin.pipelines.embedding.field_result import FieldOptions
from ltr_plugin.pipelines.embedding.vector_field import MAX_FAILURES, fill_vector_field
from ltr_plugin.pipelines.indexing.enqueue import PRODUCTS_PER_TASK

pytestmark = pytest.mark.live


@pytest.fixture
def encoder(tmp_path):
    return shop_vectors.words_file(tmp_path / "words.txt")


@pytest.fixture
def vector(encoder):
    return shop_vectors.field(encoder)


@pytest.fixture
def shop(cluster):
    """The name of an index with 40 documents, the first ten with a vector that the shop made; and the documents."""
    name, made = shop_vectors.make_index(cluster), documents(40)
    for number, one in enumerate(made.values()):
        if number < 10:
            one["vektor"] = [1.0] + 7 * [0.0]
    shop_vectors.put_all(cluster, name, made)
    yield name, made
    cluster.call("DELETE", f"/{name}", ignore_unavailable=True)


@pytest.fixture
def watched(monkeypatch, encoder):
    """Replaces the field's encoder by one that calls a function before it encodes."""

    def watch(before=lambda _: None):
        one = shop_vectors.Watched(load_encoder(encoder), before)
        monkeypatch.setattr(vector_field, "encoder_of", lambda _: one)
        return one

    return watch


def expected(encoder, index, id_):
    """The vector of a product as it is now."""
    text = index.products([id_])[id_].embedding_text()
    loaded = load_encoder(encoder)
    return loaded.encode("text", [loaded.prepare("text", text)])[0]


def counts(result):
    return result.embedded, result.unchanged, result.kept


def notes(index, ids, field="vektor"):
    return EmbeddingNotes(index.cluster, index.uuid, field).read((id_, None) for id_ in ids)


def test_what_lacks_a_vector_gets_one_and_nothing_else_changes(cluster, shop, vector, encoder):
    name, made = shop
    index = shop_vectors.open_shop(cluster, name, vector)
    before = shop_vectors.stored(cluster, name)
    planned = fill_vector_field(index, vector, FieldOptions(dry_run=True))
    assert (planned.pending, *counts(planned)) == (30, 0, 0, 10)
    assert shop_vectors.stored(cluster, name) == before

    result = fill_vector_field(index, vector)
    assert (result.products, *counts(result)) == (40, 30, 0, 10)
    after = shop_vectors.stored(cluster, name)
    ids = list(made)
    assert {id_: after[id_] for id_ in ids[:10]} == {id_: before[id_] for id_ in ids[:10]}
    for id_ in ids[10:]:
        assert shop_vectors.without(after[id_]["_source"]) == shop_vectors.without(before[id_]["_source"])
        assert after[id_]["_version"] == 2
        assert np.allclose(after[id_]["_source"]["vektor"], expected(encoder, index, id_), atol=1e-6)

    assert counts(fill_vector_field(index, vector)) == (0, 30, 10)
    assert shop_vectors.stored(cluster, name) == after


def test_what_changed_or_lost_its_vector_is_embedded_again(cluster, shop, vector, encoder):
    name, made = shop
    index = shop_vectors.open_shop(cluster, name, vector)
    fill_vector_field(index, vector)
    before = shop_vectors.stored(cluster, name)
    renamed, cheaper, rewritten = list(made)[10:13]
    shop_vectors.put(cluster, name, renamed, {**before[renamed]["_source"], "titel": "Teekanne blau"})
    shop_vectors.put(cluster, name, cheaper, {**before[cheaper]["_source"], "preis": {"brutto": 1}})
    shop_vectors.put(cluster, name, rewritten, made[rewritten])
    assert counts(fill_vector_field(index, vector)) == (2, 28, 10)
    after = shop_vectors.stored(cluster, name)
    for id_ in (renamed, rewritten):
        assert np.allclose(after[id_]["_source"]["vektor"], expected(encoder, index, id_), atol=1e-6)
    assert after[cheaper]["_version"] == 3
    assert not np.allclose(after[renamed]["_source"]["vektor"], before[renamed]["_source"]["vektor"], atol=1e-2)


def test_another_encoder_makes_our_vectors_anew_and_leaves_the_shops(cluster, shop, vector, tmp_path):
    name, made = shop
    fill_vector_field(shop_vectors.open_shop(cluster, name, vector), vector)
    other = shop_vectors.words_file(tmp_path / "other.txt", seed=2)
    changed = shop_vectors.field(other)
    index = shop_vectors.open_shop(cluster, name, changed)
    assert counts(fill_vector_field(index, changed)) == (30, 0, 10)
    assert counts(fill_vector_field(index, changed, FieldOptions(overwrite=True))) == (10, 30, 0)
    after = shop_vectors.stored(cluster, name)
    for id_ in made:
        assert np.allclose(after[id_]["_source"]["vektor"], expected(other, index, id_), atol=1e-6)
    chosen = list(made)[:3]
    assert counts(fill_vector_field(index, changed, FieldOptions(ids=[*chosen, "none"]))) == (3, 0, 0)


def test_an_interrupted_call_is_continued(cluster, shop, vector, monkeypatch):
    name, made = shop
    index = shop_vectors.open_shop(cluster, name, vector)
    monkeypatch.setattr(vector_field, "TASKS_PER_GROUP", 1)
    monkeypatch.setattr(vector_field, "PRODUCTS_PER_TASK", {**PRODUCTS_PER_TASK, "text": 8})

    def interrupt(done, *_):
        if done >= 25:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill_vector_field(index, vector, progress=interrupt)
    half = shop_vectors.stored(cluster, name)
    done = [id_ for id_ in list(made)[10:] if half[id_]["_version"] == 2]
    assert 8 <= len(done) < 30
    result = fill_vector_field(index, vector)
    assert result.embedded + result.unchanged == 30
    assert result.embedded <= 30 - len(done) + 8  # those of one write may lack their note
    assert all(one["_version"] <= 2 for one in shop_vectors.stored(cluster, name).values())
    assert counts(fill_vector_field(index, vector)) == (0, 30, 10)


def test_a_vector_whose_note_was_not_written_is_ours_all_the_same(cluster, shop, vector, monkeypatch):
    name, made = shop
    index = shop_vectors.open_shop(cluster, name, vector)
    write, calls = EmbeddingNotes.write, []

    def die_after_the_vectors(self, written):
        calls.append(written)
        if len(calls) == 2:
            raise KeyboardInterrupt
        write(self, written)

    monkeypatch.setattr(EmbeddingNotes, "write", die_after_the_vectors)
    with pytest.raises(KeyboardInterrupt):
        fill_vector_field(index, vector)
    monkeypatch.undo()
    changed = list(made)[20]
    assert "vektor" in shop_vectors.stored(cluster, name)[changed]["_source"]
    assert counts(fill_vector_field(index, vector)) == (30, 0, 10)
    assert counts(fill_vector_field(index, vector)) == (0, 30, 10)


def test_what_changes_while_it_is_embedded_gets_the_vector_of_what_it_is_then(cluster, shop, vector, encoder, watched):
    name, made = shop
    renamed, filled, deleted, restless = list(made)[10:14]
    own = [0.0, 1.0] + 6 * [0.0]
    rounds = []

    def change(_):
        rounds.append(1)
        if len(rounds) == 1:
            shop_vectors.put(cluster, name, renamed, {**made[renamed], "titel": "Teekanne blau"})
            shop_vectors.put(cluster, name, filled, {**made[filled], "vektor": own})
            cluster.call("DELETE", f"/{name}/_doc/{deleted.replace('/', '%2F')}")
        shop_vectors.put(cluster, name, restless, {**made[restless], "bestand": len(rounds)})

    watched(change)
    index = shop_vectors.open_shop(cluster, name, vector)
    result = fill_vector_field(index, vector)
    assert counts(result) == (27, 0, 11)
    assert sorted(result.changed) == sorted([deleted, restless])
    after = shop_vectors.stored(cluster, name)
    assert np.allclose(after[renamed]["_source"]["vektor"], expected(encoder, index, renamed), atol=1e-6)
    assert after[filled]["_source"]["vektor"] == own
    assert "vektor" not in after[restless]["_source"]
    assert set(notes(index, [renamed, filled, deleted, restless])) == {(renamed, None)}
    watched()
    assert counts(fill_vector_field(index, vector)) == (1, 27, 11)


def test_a_write_whose_response_was_lost_counts_once(shop, vector, node_url):
    name, _ = shop
    with busy_proxy(node_url) as proxy:
        index = shop_vectors.open_shop(connect(proxy.url), name, vector)
        lost = []

        def lose_first(path, body):
            if path == "/_bulk" and b'"doc"' in body and not lost:
                lost.append(body)
                return "lost"
            return None

        proxy.trouble_of = lose_first
        assert counts(fill_vector_field(index, vector)) == (30, 0, 10)
        assert lost
        assert counts(fill_vector_field(index, vector)) == (0, 30, 10)


def test_one_bad_photo_fails_no_other_product(cluster, photo_encoder, encoder_folder, tmp_path):
    photos = tmp_path / "bilder"
    photos.mkdir()
    spec = f"open_clip:{encoder_folder}"
    name = shop_vectors.make_index(cluster, dimension=photo_encoder.fingerprint.dimension)
    made = {f"p{number}": {"titel": f"Tasse {number}", "bild": f"{number}.png"} for number in range(6)}
    for number in range(6):
        Image.new("RGB", (40, 40), (40 * number, 99, 0)).save(photos / f"{number}.png")
    (photos / "1.png").write_bytes(b"no photo")
    made["p2"]["bild"], made["p3"]["bild"] = "../outside.png", "http://bilder.invalid/x.png"
    made["p4"]["bild"] = ["4.png", "1.png"]
    del made["p5"]["bild"]
    shop_vectors.put_all(cluster, name, made)
    vector = shop_vectors.field(spec, source="image")
    index = shop_vectors.open_shop(cluster, name, vector, media_root=photos)
    result = fill_vector_field(index, vector)
    assert (*counts(result), result.empty) == (2, 0, 0, 1)
    assert sorted(id_ for id_, _ in result.failed) == ["p1", "p2", "p4"]
    assert "outside" in dict(result.failed)["p2"]
    assert [id_ for id_, _ in result.unavailable] == ["p3"]
    after = shop_vectors.stored(cluster, name)
    assert [id_ for id_, one in after.items() if "vektor" in one["_source"]] == ["p0", "p4"]

    again = fill_vector_field(index, vector)
    assert (*counts(again), sorted(again.failed)) == (0, 1, 0, sorted(result.failed))
    assert shop_vectors.stored(cluster, name) == after
    retried = fill_vector_field(index, vector, FieldOptions(retry_errors=True))
    assert (*counts(retried), sorted(retried.failed)) == (1, 1, 0, sorted(result.failed))
    Image.new("RGB", (40, 40), "red").save(photos / "1.png")
    mended = fill_vector_field(index, vector)
    assert (*counts(mended), [id_ for id_, _ in mended.failed]) == (2, 1, 0, ["p2"])

    not_allowed = fill_vector_field(shop_vectors.open_shop(cluster, name, vector), vector, FieldOptions(ids=["p0"]))
    assert [id_ for id_, reason in not_allowed.refused if "--media-root" in reason] == ["p0"]
    cluster.call("DELETE", f"/{name}")


def test_a_product_at_which_the_encoder_breaks_is_found(cluster, shop, vector, watched):
    name, made = shop
    poison = list(made)[17]
    shop_vectors.put(cluster, name, poison, {**made[poison], "titel": "Gift " * 200_000})

    def break_at_poison(items):
        if any("Gift" in item for item in items):
            raise RuntimeError("of the library")

    watched(break_at_poison)
    index = shop_vectors.open_shop(cluster, name, vector)
    result = fill_vector_field(index, vector)
    assert (*counts(result), result.failed) == (
        29,
        0,
        10,
        [(poison, "cannot be encoded: RuntimeError: of the library")],
    )


def test_an_encoder_that_breaks_at_everything_is_an_error(cluster, shop, vector, watched):
    def break_always(_):
        raise RuntimeError("no device")

    one = watched(break_always)
    index = shop_vectors.open_shop(cluster, shop[0], vector)
    with pytest.raises(EncoderError, match=r"fails at every product.*no device"):
        fill_vector_field(index, vector)
    assert len([call for call in one.calls if len(call) == 1]) == MAX_FAILURES


def test_a_document_that_the_cluster_refuses_fails_alone(cluster, shop, vector):
    name, made = shop
    cluster.call("PUT", f"/{name}/_mapping", {"dynamic": False})
    bad = list(made)[25]
    shop_vectors.put(cluster, name, bad, {**made[bad], "laenge": "neun"})
    cluster.call("PUT", f"/{name}/_mapping", {"properties": {"laenge": {"type": "integer"}}})
    index = shop_vectors.open_shop(cluster, name, vector)
    result = fill_vector_field(index, vector)
    assert counts(result) == (29, 0, 10)
    assert [id_ for id_, reason in result.failed if "laenge" in reason] == [bad]
    again = fill_vector_field(index, vector)
    assert (*counts(again), again.failed) == (0, 29, 10, result.failed)


def test_dotted_fields_fit_into_what_a_document_has(cluster, encoder):
    inner = {"type": "knn_vector", "dimension": shop_vectors.DIMENSION, "method": shop_vectors.METHOD}
    name = shop_vectors.make_index(cluster, neu={"properties": {"tief": {"properties": {"text": inner}}}})
    made = {
        "none": {"titel": "Teekanne rot"},
        "object": {"titel": "Teekanne rot", "neu": {"a": 1, "tief": {"b": [2]}}},
        "key": {"titel": "Teekanne rot", "neu.tief": {"c": 3}},
        "whole": {"titel": "Teekanne rot", "neu.tief.text": [1.0] + 7 * [0.0]},
        "list": {"titel": "Teekanne rot", "neu": [{"a": 1}, {"a": 2}]},
    }
    shop_vectors.put_all(cluster, name, made)
    vector = shop_vectors.field(encoder, "neu.tief.text")
    index = shop_vectors.open_shop(cluster, name, vector)
    result = fill_vector_field(index, vector, FieldOptions(overwrite=True))
    assert counts(result) == (4, 0, 0)
    assert [(id_, "neu.tief.text" in reason) for id_, reason in result.failed] == [("list", True)]
    as_float32 = {"parse_float": lambda text: float(np.float32(text))}  # which is how the cluster may give it back
    after = {
        id_: json.loads(json.dumps(one["_source"]), **as_float32)
        for id_, one in shop_vectors.stored(cluster, name).items()
    }
    made_vector = after["none"]["neu"]["tief"]["text"]
    assert len(made_vector) == shop_vectors.DIMENSION
    assert after == {
        "none": {"titel": "Teekanne rot", "neu": {"tief": {"text": made_vector}}},
        "object": {"titel": "Teekanne rot", "neu": {"a": 1, "tief": {"b": [2], "text": made_vector}}},
        "key": {"titel": "Teekanne rot", "neu.tief": {"c": 3, "text": made_vector}},
        "whole": {"titel": "Teekanne rot", "neu.tief.text": made_vector},
        "list": made["list"],
    }
    assert counts(fill_vector_field(index, vector)) == (0, 4, 0)
    cluster.call("DELETE", f"/{name}")


def test_ids_and_routing_stay_as_the_shop_made_them(cluster, vector):
    name = shop_vectors.make_index(cluster, shards=4)
    routings = {"mit Leerzeichen": "r1", "x" * 512: None, "a/b": "r2", **{f"p{n}": f"r{n}" for n in range(8)}}
    for id_, routing in routings.items():
        shop_vectors.put(cluster, name, id_, {"titel": "Teekanne rot"}, **({"routing": routing} if routing else {}))
    alias = f"{name}-alias"
    cluster.call("PUT", f"/{name}/_alias/{alias}")
    index = shop_vectors.open_shop(cluster, alias, vector)
    assert counts(fill_vector_field(index, vector)) == (11, 0, 0)
    after = shop_vectors.stored(cluster, name)
    assert {id_: one.get("_routing") for id_, one in after.items()} == routings
    assert all("vektor" in one["_source"] for one in after.values())
    assert counts(fill_vector_field(index, vector)) == (0, 11, 0)
    cluster.call("DELETE", f"/{name}")


def test_an_index_that_is_deleted_meanwhile_is_not_made_again(cluster, shop, vector, watched):
    name, _ = shop
    watched(lambda _: cluster.call("DELETE", f"/{name}", ignore_unavailable=True))
    index = shop_vectors.open_shop(cluster, name, vector)
    with pytest.raises(Exception, match=r"was deleted, or made again"):
        fill_vector_field(index, vector)
    assert cluster.call("GET", "/_cat/indices", format="json", h="index").count({"index": name}) == 0

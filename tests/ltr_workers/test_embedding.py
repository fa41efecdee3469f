"""Embedding on a real index."""

import time
from dataclasses import replace
from itertools import pairwise
from threading import Thread, current_thread

import numpy as np
import pytest
from ltr_workers.embedding import embed
from PIL import Image

from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders import encoder_of, load_encoder
from ltr_plugin.errors import EncoderError

pytestmark = pytest.mark.live


@pytest.fixture
def photo_encoder(colour_encoder):
    """The encoder of `index`."""
    return load_encoder(colour_encoder)


def put(index, products):
    assert [error for _, error in index.put(products) if error] == []
    index.refresh()


def test_every_product_gets_its_vectors_once(index, catalog, vectors_of, photo_encoder):
    put(index, catalog)
    ids = [product.id for product in catalog]
    assert index.backlog() == len(ids)
    report = embed(index, [*ids, "no-such-product"])
    assert (report.embedded, report.failed, report.skipped, report.refused) == (2 * len(ids), 0, 1, {})
    index.refresh()
    assert index.backlog() == 0
    stored = vectors_of(index, "p3")
    expected = photo_encoder.encode("text", [photo_encoder.prepare("text", "white mug")])[0]
    assert stored["image_text_vector"] == pytest.approx(expected.tolist(), abs=0.02)
    assert np.linalg.norm(stored["image_vector"]) == pytest.approx(1, abs=1e-5)
    again = embed(index, ids)
    assert (again.embedded, again.skipped) == (0, len(ids))


def test_several_photos_of_a_product_are_pooled(index, catalog, vectors_of, photo_encoder, tmp_path):
    put(index, catalog[:1])
    embed(index, ["p0"])
    photos = [photo_encoder.prepare("image", Image.open(tmp_path / name)) for name in ("red.png", "orange.png")]
    mean = photo_encoder.encode("image", photos).mean(axis=0)
    assert np.dot(vectors_of(index, "p0")["image_vector"], mean / np.linalg.norm(mean)) > 0.999


def test_each_of_several_photos_keeps_its_own_vector(index, catalog, photo_encoder, tmp_path):
    put(index, catalog)
    embed(index, [product.id for product in catalog])
    stored = index.cluster.call("GET", f"/{index.name}/_doc/p0")["_source"]
    photos = [photo_encoder.prepare("image", Image.open(tmp_path / name)) for name in ("red.png", "orange.png")]
    own = [one["vector"] for one in stored["per_media"]["image_vector"]]
    assert np.diag(np.array(own) @ photo_encoder.encode("image", photos).T) == pytest.approx([1, 1], abs=1e-3)
    assert "per_media" not in index.cluster.call("GET", f"/{index.name}/_doc/p1")["_source"], (
        "one photo is its own mean"
    )
    put(index, [catalog[0].model_copy(update={"price": 2.0})])
    assert "image_vector" in index.cluster.call("GET", f"/{index.name}/_doc/p0")["_source"]["per_media"]
    put(index, [catalog[0].model_copy(update={"images": ("red.png",)})])
    embed(index, ["p0"])
    assert not index.cluster.call("GET", f"/{index.name}/_doc/p0")["_source"].get("per_media")


def test_a_vector_that_was_learned_for_a_product_is_indexed_beside_those_of_its_photos(
    index, catalog, vectors_of, photo_encoder, tmp_path
):
    class Learned:
        """The encoder, with a vector of one product."""

        def __init__(self, encoder):
            self._encoder = encoder
            self.product_vectors = {"p1": learned}

        def __getattr__(self, name):
            return getattr(self._encoder, name)

    learned = np.eye(photo_encoder.fingerprint.dimension, dtype=np.float32)[0]
    put(index, catalog)
    embed(index, ["p1", "p2"], encoders=lambda field: Learned(encoder_of(field)))
    photo = photo_encoder.encode("image", [photo_encoder.prepare("image", Image.open(tmp_path / "green.png"))])[0]
    stored = vectors_of(index, "p1")
    own = [one["vector"] for one in stored["per_media"]["image_vector"]]
    assert own == [pytest.approx(photo.tolist(), abs=0.02), pytest.approx(learned.tolist())]
    mean = (photo + learned) / np.linalg.norm(photo + learned)
    assert stored["image_vector"] == pytest.approx(mean.tolist(), abs=0.02)
    assert np.dot(stored["image_text_vector"], learned) < 0.99
    assert "per_media" not in vectors_of(index, "p2")


@pytest.mark.parametrize("wrong", [0.0, np.nan])
def test_a_photo_without_a_direction_is_told_of_and_leaves_the_others_their_vectors(wrong, index, catalog, vectors_of):
    class Half:
        """Finds no direction in the first photo of a call."""

        def __init__(self, encoder):
            self.batch_size, self.prepare, self._encoder = encoder.batch_size, encoder.prepare, encoder

        def encode_in_parts(self, source, prepared):
            vectors = self._encoder.encode(source, prepared)
            if source == "image":
                vectors[0] = wrong
            yield range(len(vectors)), vectors

    put(index, catalog[:1])
    report = embed(index, ["p0"], encoders=lambda field: Half(encoder_of(field)))
    assert (report.embedded, report.failed, report.refused) == (2, 0, {})
    index.refresh()
    assert index.backlog() == 0
    assert list(index.errors()) == [("p0", "image_vector", "red.png: its vector is zero, or not of numbers")]
    assert np.linalg.norm(vectors_of(index, "p0")["image_vector"]) == pytest.approx(1, abs=1e-5)


def test_one_modality_at_a_time(index, catalog, vectors_of):
    put(index, catalog)
    ids = [product.id for product in catalog]
    assert (index.backlog("text"), index.backlog("image"), index.backlog("audio")) == (8, 8, 0)
    assert embed(index, ids, source="text").embedded == 8
    index.refresh()
    assert (index.backlog("text"), list(index.backlog_ids("image"))) == (0, ids)
    assert sorted(name for name in vectors_of(index, "p1") if name.endswith("vector")) == ["image_text_vector"]


def test_a_bad_photo_keeps_the_product_and_its_reason(index, catalog, tmp_path, vectors_of):
    (tmp_path / "green.png").write_bytes(b"")
    (tmp_path / "red.png").write_bytes(b"no photo")
    put(index, catalog)
    report = embed(index, [product.id for product in catalog])
    assert (report.embedded, report.failed) == (15, 1)
    index.refresh()
    assert index.backlog() == 0
    assert list(index.errors()) == [
        (
            "p0",
            "image_vector",
            "red.png: not a photo in a readable format (JPEG, PNG, WEBP, GIF, TIFF, BMP, AVIF)",
        ),
        ("p1", "image_vector", "green.png: empty file"),
    ]
    assert "image_text_vector" in vectors_of(index, "p1")
    assert "image_vector" in vectors_of(index, "p0"), "its other photo is good"


def test_a_product_of_many_bad_photos_is_listed_and_tried_again(index, tmp_path):
    names = tuple(f"{'long' * 10}-{number}.png" for number in range(100))
    for name in names:
        (tmp_path / name).write_bytes(b"")
    put(index, [Product(id="p0", title="mug", images=names)])
    embed(index, ["p0"])
    index.refresh()
    ((id_, field, reason),) = index.errors()
    assert (id_, field) == ("p0", "image_vector")
    assert reason.startswith(f"{names[0]}: empty file; {names[1]}: empty file; ")
    assert index.requeue_failed() == 1


def test_a_product_that_changed_while_it_was_embedded_stays_in_the_backlog(index, catalog, vectors_of):
    put(index, catalog[:1])

    def changing(field):
        put(index, [catalog[0].model_copy(update={"title": "another mug"})])
        return encoder_of(field)

    embed(index, ["p0"], encoders=changing)
    index.refresh()
    assert "image_text_vector" not in vectors_of(index, "p0")
    assert "image_vector" in vectors_of(index, "p0"), "the photo did not change"
    assert list(index.backlog_ids()) == ["p0"]
    embed(index, ["p0"])
    index.refresh()
    assert index.backlog() == 0


def test_a_new_price_embeds_nothing_and_a_new_photo_only_itself(index, catalog, tmp_path):
    put(index, catalog)
    ids = [product.id for product in catalog]
    embed(index, ids)
    put(index, [product.model_copy(update={"price": 2.0}) for product in catalog])
    assert index.backlog() == 0
    assert embed(index, ids).embedded == 0
    Image.new("RGB", (50, 50), "pink").save(tmp_path / "green.png")
    put(index, catalog)
    assert list(index.backlog_ids()) == ["p1"]
    assert embed(index, ids).embedded == 1


def test_equal_texts_and_photos_are_encoded_once(index, photo_encoder, tmp_path):
    Image.new("RGB", (9, 9), "red").save(tmp_path / "red.png")
    put(index, [Product(id=f"p{number}", title="red mug", images=("red.png",)) for number in range(5)])
    seen = []

    class Counting:
        def __getattr__(self, name):
            return getattr(photo_encoder, name)

        def encode_in_parts(self, source, prepared):
            seen.append((source, len(prepared)))
            return photo_encoder.encode_in_parts(source, prepared)

    assert embed(index, [f"p{number}" for number in range(5)], encoders=lambda _: Counting()).embedded == 10
    assert sorted(seen) == [("image", 1), ("text", 1)]


def test_an_item_at_which_a_library_fails_does_not_end_its_batch(index, catalog, photo_encoder):
    put(index, catalog[:3])

    class Failing:
        def __getattr__(self, name):
            return getattr(photo_encoder, name)

        def prepare(self, source, item):
            if source == "text" and "green" in item:
                raise ZeroDivisionError("no width")
            return photo_encoder.prepare(source, item)

    report = embed(index, ["p0", "p1", "p2"], encoders=lambda _: Failing())
    assert (report.embedded, report.failed) == (5, 1)
    index.refresh()
    assert [reason for *_, reason in index.errors()] == ["green mug: cannot be prepared: ZeroDivisionError: no width"]


def test_another_encoder_than_the_index_has_is_refused(index, catalog):
    put(index, catalog[:1])
    other = Fingerprint("open_clip", "other", "", 128, "", "0")
    vectors = tuple(replace(vector, fingerprint=other) for vector in index.vectors)
    other_index = replace(index, profile=index.profile.model_copy(update={"vectors": vectors}))
    with pytest.raises(EncoderError, match=r"image_vector holds vectors of .*other.* is .*plain.* here"):
        embed(other_index, ["p0"])


def test_what_is_encoded_is_in_the_index_before_the_task_ends(index, catalog, photo_encoder):
    """So that a worker that dies has only its last batches to do again."""
    put(index, catalog)
    ids = [product.id for product in catalog]
    found = []

    class Waiting:
        batch_size, fingerprint = 1, photo_encoder.fingerprint
        prepare = photo_encoder.prepare

        def encode_in_parts(self, source, prepared):
            if len(found) == 4:
                ends = time.monotonic() + 30
                while not stamped() and time.monotonic() < ends:
                    time.sleep(0.05)
                raise ZeroDivisionError(stamped())
            found.append(prepared)
            return photo_encoder.encode_in_parts(source, prepared)

    def stamped():
        return [one.product.id for one in index.fetch(ids) if "image_vector" in one.embedding]

    with pytest.raises(ZeroDivisionError, match="p0"):
        embed(index, ids, source="image", encoders=lambda _: Waiting())
    assert stamped() == ["p0", "p1", "p2", "p5"], (
        "p0 has two photos, p5 the second of them; all that was made is written"
    )
    report = embed(index, ids, source="image")
    assert report.embedded == len(ids) - 4
    assert report.skipped == 4


def test_a_tasks_texts_are_in_the_index_before_all_are_encoded(index, photo_encoder, vectors_of, monkeypatch):
    monkeypatch.setattr("ltr_plugin.pipelines.embedding.items.VECTORS_PER_WRITE", 3)
    ids = [f"p{number}" for number in range(8)]
    put(index, [Product(id=id_, title=f"{'oak ' * number}mug") for number, id_ in enumerate(ids)])
    all_vectors = []

    class InOddParts:
        prepare = photo_encoder.prepare

        def encode_in_parts(self, source, prepared):
            vectors = photo_encoder.encode(source, prepared)
            all_vectors.extend(vectors)
            for places in ([7, 5], [0], [2], [6, 1], [4, 3]):
                if places == [4, 3]:
                    ends = time.monotonic() + 30
                    while len(stamped()) < 6 and time.monotonic() < ends:
                        time.sleep(0.05)
                    assert stamped() == ["p0", "p1", "p2", "p5", "p6", "p7"]
                yield places, vectors[places]

    def stamped():
        return [one.product.id for one in index.fetch(ids) if "image_text_vector" in one.embedding]

    report = embed(index, ids, source="text", encoders=lambda _: InOddParts())
    assert (report.embedded, report.failed, stamped()) == (8, 0, ids)
    for id_, vector in zip(ids, all_vectors, strict=True):
        assert np.dot(vectors_of(index, id_)["image_text_vector"], vector) == pytest.approx(1, abs=1e-3)


def test_two_tasks_take_turns_by_the_task_while_their_photos_are_ready(index, catalog, photo_encoder):
    """Else both would end at once, and the encoder would wait while they read."""
    put(index, catalog)
    ids = [product.id for product in catalog]
    halves = ids[::2], ids[1::2]
    said = []

    class Slow:
        batch_size, fingerprint = 1, photo_encoder.fingerprint
        prepare = photo_encoder.prepare

        def encode_in_parts(self, source, prepared):
            said.append(current_thread())
            time.sleep(0.1)  # in which the next photo is ready, also on a busy machine
            return photo_encoder.encode_in_parts(source, prepared)

    tasks = [
        Thread(target=embed, args=(index, half), kwargs={"source": "image", "encoders": lambda _: Slow()})
        for half in halves
    ]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()
    changes = sum(one is not other for one, other in pairwise(said))
    assert len(said) == 9  # photos
    assert changes <= 3

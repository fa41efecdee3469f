"""Vectors that a real index refuses: for good, which is told of as a bad photo is, or for now."""

import numpy as np
import pytest
from ltr_workers.embedding import embed

from ltr_plugin.catalog.product import Product
from ltr_plugin.encoders import encoder_of

pytestmark = pytest.mark.live

PRODUCTS = [Product(id="long", title="red shoe"), Product(id="good", title="blue shoe")]


class TooLong:
    """Makes the first text's vector a number longer than its field."""

    def __init__(self, encoder):
        self.batch_size, self.prepare, self._encoder, self.encoded = encoder.batch_size, encoder.prepare, encoder, []

    def encode_in_parts(self, source, prepared):
        self.encoded += prepared
        vectors = self._encoder.encode(source, prepared)
        yield [0], np.pad(vectors[:1], ((0, 0), (0, 1)), constant_values=0.5)
        yield range(1, len(prepared)), vectors[1:]


@pytest.fixture
def written(index):
    assert [error for _, error in index.put(PRODUCTS) if error] == []
    index.refresh()
    return index


def test_what_is_refused_for_good_is_told_of_and_not_made_again(written, vectors_of):
    encoders = {field: TooLong(encoder_of(field)) for field in written.vectors}
    ids = [product.id for product in PRODUCTS]
    report = embed(written, ids, source="text", encoders=encoders.__getitem__)
    assert (report.embedded, report.failed, report.refused) == (1, 1, {})
    written.refresh()
    assert written.backlog() == 0
    ((id_, field, reason),) = written.errors()
    assert (id_, field) == ("long", "image_text_vector")
    assert reason.startswith("refused by the cluster: ")
    assert "dimension" in reason
    assert field not in vectors_of(written, "long")
    assert np.linalg.norm(vectors_of(written, "good")[field]) == pytest.approx(1, abs=1e-5)
    assert embed(written, ids, source="text", encoders=encoders.__getitem__).skipped == 2
    assert sum(len(encoder.encoded) for encoder in encoders.values()) == 2
    assert written.requeue_failed() == 1
    assert embed(written, ids, source="text").embedded == 1


def test_what_is_refused_for_now_stays_to_be_done(written):
    ids = [product.id for product in PRODUCTS]
    written.cluster.call("PUT", f"/{written.name}/_settings", {"index.blocks.write": True})
    report = embed(written, ids, source="text")
    assert (report.embedded, report.failed, sorted(report.refused)) == (0, 0, sorted(ids))
    assert all("blocked" in reason for reason in report.refused.values())
    written.cluster.call("PUT", f"/{written.name}/_settings", {"index.blocks.write": False})
    written.refresh()
    assert (written.backlog(), list(written.errors())) == (2, [])
    assert embed(written, ids, source="text").embedded == 2

"""Why a product has its score: the contribution of each feature, and which parts of its photo are like the query."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.feature_log import QueryProducts, feature_matrix, feature_values, fetch_features
from ltr_plugin.cluster.feature_store import push_features
from ltr_plugin.cluster.index import Index
from ltr_plugin.errors import InputError, MediaError
from ltr_plugin.pipelines.encode_queries import EncodedQuery, encode_one
from ltr_plugin.pipelines.search import first_pass
from ltr_plugin.queries.query import Query
from ltr_plugin.rankers.attribution import Attribution, SupportsContributions, attribute
from ltr_plugin.rankers.loading import as_ranker
from ltr_plugin.rankers.ranker import Ranker

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Explanation:
    """A product with its feature values (None where it has none), and what each of them adds to its score."""

    product: Product
    values: dict[str, float | None]
    attribution: Attribution


def explain(
    index: Index, ranker: Ranker | Path | str, query: str | Query | EncodedQuery, products: Sequence[str]
) -> list[Explanation]:
    """The explanations of these products for one query, from features that the cluster computes now.

    `query` is typed text, or a query whose media are absolute paths or URLs. The contributions of the features sum to
    the score. For a ranker without contributions of its own they are Owen values over the median of the candidates.
    InputError when the index lacks a product, or the ranker's features.
    """
    ranker = as_ranker(ranker)
    encoded = encode_one(index, query)
    stored = index.products(products, encoded.query.language)
    if missing := [id_ for id_ in products if id_ not in stored]:
        raise InputError("product", f"{index.alias} has no product {', '.join(map(repr, missing))}")
    push_features(index, ranker.feature_set)
    # a ranker with contributions of its own is compared with nothing
    candidate_ids = [] if isinstance(ranker, SupportsContributions) else next(first_pass(index, [encoded]))
    pairs = QueryProducts(encoded.query.id, encoded.params, list(dict.fromkeys([*products, *candidate_ids])))
    (hits,) = fetch_features(index, ranker.feature_set, [pairs])
    values = {hit.id: feature_values(hit) for hit in hits}
    rows = dict(zip(values, feature_matrix(hits, ranker.feature_set), strict=True))
    background = np.median([rows[id_] for id_ in candidate_ids or products], axis=0).astype(np.float32)
    return [Explanation(stored[id_], dict(values[id_]), attribute(ranker, rows[id_], background)) for id_ in products]


def saliency_overlay(index: Index, encoded: EncodedQuery, product: Product) -> "Image":
    """The product's photo that is most similar to the query, bright where it is similar.

    InputError when the query has neither a photo nor text in the space of photos, or no photo of the product can be
    used.
    """
    from ltr_plugin.encoders import encoder_of
    from ltr_plugin.encoders.saliency import overlay, saliency
    from ltr_plugin.media.images import open_image

    photos = next((vector for vector in index.vectors if vector.source == "image"), None)
    photo_fields = [vector.name for vector in index.vectors if photos and vector.fingerprint == photos.fingerprint]
    query_fields = [
        name for name in ("image_vector", "image_text_vector") if name in photo_fields and name in encoded.params
    ]
    if photos is None or not query_fields:
        raise InputError("--saliency", "needs an index with photo vectors, and a query with a photo or text")
    query = np.array(encoded.params[query_fields[0]], np.float32)
    encoder = encoder_of(photos)
    scored_photos = []
    roots = index.allow_media(index.media_roots.main).media_roots  # the user's own page
    for reference in product.images:
        try:
            photo = open_image(roots.root_of(reference), reference)
        except MediaError:
            continue
        similarity = float(encoder.encode("image", [encoder.prepare("image", photo)])[0] @ query)
        scored_photos.append((similarity, photo))
    if not scored_photos:
        raise InputError("--saliency", f"product {product.id!r} has no photo that can be used")
    best = max(scored_photos, key=lambda pair: pair[0])[1]
    return overlay(best, saliency(encoder, best, query))

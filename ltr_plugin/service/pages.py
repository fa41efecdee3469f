"""Result pages as the service's responses have them."""

from collections.abc import Sequence
from dataclasses import asdict
from urllib.parse import quote

from ltr_plugin.catalog.references import is_url
from ltr_plugin.cluster.search import Hit, SearchResult
from ltr_plugin.pipelines.served_search import ServedSearch
from ltr_plugin.queries.page import Page
from ltr_plugin.service.models import (
    Degraded,
    FacetBucket,
    ProductHit,
    ProductSuggestion,
    SearchRequest,
    SearchResponse,
    Took,
)

MAX_PHOTOS = 8
"""Photos of a hit."""

SHOWN_IMAGES = "shown_images"
"""Where an index of this library has the references of photos without secrets."""


def page_of(asked: SearchRequest) -> Page:
    """The page that a request asks for."""
    return Page(asked.size, asked.start, asked.filters, asked.sort, asked.facets, asked.highlight, asked.pick)


def response_of(
    served: ServedSearch,
    asked: SearchRequest,
    result: SearchResult,
    *,
    query_id: str,
    degraded: Sequence[Degraded],
    took: Took,
    transcript: str | None = None,
) -> SearchResponse:
    """The response with a result of the cluster."""
    return SearchResponse(
        query_id=query_id,
        total=result.total,
        redirect=served.rules.redirect(asked.text) if asked.text else None,
        hits=[hit_of(served, hit, asked.language) for hit in result],
        facets={
            name: [FacetBucket(**asdict(bucket), filter=bucket.filter) for bucket in buckets]
            for name, buckets in result.facets.items()
        },
        ranker=served.ranker,
        release=served.release,
        degraded=list(degraded),
        transcript=transcript,
        took=took,
    )


def hit_of(served: ServedSearch, hit: Hit, language: str | None) -> ProductHit:
    """A hit with the parts of its product that a card shows."""
    profile = served.index.profile
    product = profile.read_product(hit.id, hit.source, language)
    media = {profile.product.images, profile.product.audio, profile.product.video, SHOWN_IMAGES}
    return ProductHit(
        id=hit.id,
        score=hit.score,
        title=product.title,
        brand=product.brand or None,
        price=product.price,
        currency=product.currency or None,
        photos=_photos(hit.id, product.images or hit.source.get(SHOWN_IMAGES, ())),
        fields={name: value for name, value in hit.source.items() if name not in media},
        highlight={name: list(parts) for name, parts in hit.highlight.items()},
        matches={path: [dict(one) for one in objects] for path, objects in hit.matches.items()},
    )


def suggestion_of(served: ServedSearch, hit: Hit, language: str | None) -> ProductSuggestion:
    """A hit with the parts of its product that a line of suggestions shows."""
    shown = hit_of(served, hit, language)
    return ProductSuggestion(
        id=shown.id,
        title=shown.title,
        brand=shown.brand,
        price=shown.price,
        currency=shown.currency,
        photo=next(iter(shown.photos), None),
    )


def _photos(id_: str, references: Sequence[str]) -> list[str]:
    """The URLs of a product's photos; paths of files, which say where the service keeps them, are not among them."""
    path = f"/v1/products/{quote(id_, safe='')}/photo?number="
    return [one if is_url(one) else f"{path}{number}" for number, one in enumerate(references[:MAX_PHOTOS])]

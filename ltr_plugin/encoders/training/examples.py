"""What an encoder learns from: products' media, and the ways their text can be put."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from ltr_plugin.catalog.product import Product
from ltr_plugin.errors import InputError, MediaError
from ltr_plugin.judgments.qrels import read_qrels
from ltr_plugin.progress import Progress
from ltr_plugin.queries.query import read_queries

SAME_PRODUCT_GRADE = 3
"""The grade from which a query's photo or sound counts as one of the product."""

T = TypeVar("T")


@dataclass(frozen=True)
class MediaSource:
    """A photo or sound to learn from: where it is, and the products (by their place) that it is of.

    `from_judgment` tells whether it comes from a judgment rather than the catalog.
    """

    root: Path
    reference: str
    shows: tuple[int, ...]
    from_judgment: bool = False


@dataclass(frozen=True)
class Examples:
    """Items with what they show, and products with what can be said of them.

    `shows[i]` are the products that item i is of, `from_judgment[i]` whether it comes from a judgment, `captions[p]` the texts
    of product p. `unusable` says which items fell out, and why.
    """

    shows: tuple[tuple[int, ...], ...]
    from_judgment: tuple[bool, ...]
    captions: tuple[tuple[str, ...], ...]
    unusable: tuple[str, ...]

    def __len__(self) -> int:
        """How many items there are."""
        return len(self.shows)

    def counts(self) -> Counter[int]:
        """How many items there are of each product."""
        return Counter(place for shown in self.shows for place in shown)


def media_sources(
    modality: Literal["image", "audio"],
    catalog: Path,
    products: Sequence[Product],
    queries: Path | None = None,
    qrels: Path | None = None,
) -> list[MediaSource]:
    """The media of the catalog, then those of queries whose product is known from a judgment.

    Only queries of this modality alone count: the words beside a photo may change what is asked for.
    InputError when there are queries without qrels, or the other way round.
    """
    own = [
        MediaSource(catalog.parent, name, (place,))
        for place, product in enumerate(products)
        for name in product.media(modality)
    ]
    if (queries is None) != (qrels is None):
        raise InputError("queries and qrels", "give both, or neither: the judgments say what the queries show")
    if queries is None or qrels is None:
        return own
    places, judged = {product.id: place for place, product in enumerate(products)}, read_qrels(qrels)
    for query in read_queries(queries):
        shown = [
            places[id_]
            for id_, grade in judged.for_query(query.id).items()
            if grade >= SAME_PRODUCT_GRADE and id_ in places
        ]
        asked = {"image": query.image, "audio": query.audio}
        reference = asked.pop(modality)
        if reference and shown and not (query.text or any(asked.values())):
            own.append(MediaSource(queries.parent, reference, tuple(shown), from_judgment=True))
    return own


def read_usable(
    found: Sequence[MediaSource], read: Callable[[MediaSource], T], unusable: list[str], progress: Progress
) -> Iterator[tuple[MediaSource, T]]:
    """Each source with what `read` makes of it, in order, read in threads; those it cannot be used go to `unusable`."""

    def attempt(source: MediaSource) -> T | MediaError:
        try:
            return read(source)
        except MediaError as error:
            return MediaError(f"{source.reference}: {error}")

    with ThreadPoolExecutor() as pool:
        for done, (source, result) in enumerate(zip(found, pool.map(attempt, found), strict=True), start=1):
            if isinstance(result, MediaError):
                unusable.append(str(result))
            else:
                yield source, result
            progress(done, len(found))


def captions(product: Product) -> list[str]:
    """The ways to put a product in words: as it is indexed, and in parts, as shoppers would ask for it."""
    sentences = [part.strip() for part in product.description.replace("\n", ". ").split(". ") if part.strip()]
    attributes = product.attribute_text().replace("\n", ", ")
    last = product.category[-1] if product.category else ""
    ways = [
        product.embedding_text(),
        product.title,
        f"{product.title} {last}",
        f"{last} {attributes}",
        " ".join(filter(None, [product.brand, last, *sentences[:1]])),
        *sentences[:3],
    ]
    return list(dict.fromkeys(way.strip() for way in ways if way.strip()))


def augment_caption(caption: str, rng: random.Random) -> str:
    """The caption with a few words left out, and sometimes in another order."""
    words = [word for word in caption.split() if rng.random() > 0.15] or [caption]
    if rng.random() < 0.2:
        rng.shuffle(words)
    return " ".join(words)

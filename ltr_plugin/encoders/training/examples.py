"""Examples to learn from: media of products, and captions made of their text."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from ltr_plugin.catalog.product import Product
from ltr_plugin.errors import InputError, MediaError
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.prefetching import Prefetcher
from ltr_plugin.progress import Progress, stage_progress
from ltr_plugin.queries.query import read_queries

SAME_PRODUCT_GRADE = 3
"""From this grade on, a query's photo or audio counts as one of the product."""

AHEAD = 128
"""Items that are read before they are used: more than a batch, and few enough for the memory."""

T = TypeVar("T")


@dataclass(frozen=True)
class MediaSource:
    """A photo or audio file to learn from: its `root` and `reference`, and the products (by index) that it `shows`.

    `from_judgment` is True if it comes from a judged query instead of the catalog.
    """

    root: Path
    reference: str
    shows: tuple[int, ...]
    from_judgment: bool = False


@dataclass(frozen=True)
class Examples:
    """Items with the products that they show, and products with their captions.

    `shows[i]` are the products of item i, `from_judgment[i]` is whether it comes from a judgment, and `captions[p]` are
    the texts of product p. `unusable` has a line with the reason for each item that cannot be used.
    """

    shows: tuple[tuple[int, ...], ...]
    from_judgment: tuple[bool, ...]
    captions: tuple[tuple[str, ...], ...]
    unusable: tuple[str, ...]

    def __len__(self) -> int:
        """The number of items."""
        return len(self.shows)

    def counts(self) -> Counter[int]:
        """The number of items of each product."""
        return Counter(product for shown in self.shows for product in shown)


def media_sources(
    modality: Literal["image", "audio"],
    catalog: Path,
    products: Sequence[Product],
    queries: Path | None = None,
    qrels: Path | None = None,
) -> list[MediaSource]:
    """The media of the catalog, then those of queries whose product is known from a judgment.

    Only queries of this single modality count: text beside a photo may ask for something else. InputError when only one
    of queries and qrels is given.
    """
    own = [
        MediaSource(catalog.parent, name, (index,))
        for index, product in enumerate(products)
        for name in product.media(modality)
    ]
    check_judged(queries, qrels)
    if queries is None or qrels is None:
        return own
    indices, judged = {product.id: index for index, product in enumerate(products)}, Qrels.read(qrels)
    for query in read_queries(queries):
        shown = [
            indices[id_]
            for id_, grade in judged.for_query(query.id).items()
            if grade >= SAME_PRODUCT_GRADE and id_ in indices
        ]
        media = {"image": query.image, "audio": query.audio}
        reference = media.pop(modality)
        if reference and shown and not (query.text or any(media.values())):
            own.append(MediaSource(queries.parent, reference, tuple(shown), from_judgment=True))
    return own


def check_judged(queries: Path | None, qrels: Path | None) -> None:
    """InputError when only one of queries and judgments is given."""
    if (queries is None) != (qrels is None):
        raise InputError("--queries and --qrels", "give both, or neither: the judgments say what the queries ask for")


def read_usable(
    sources: Sequence[MediaSource], read: Callable[[MediaSource], T], unusable: list[str], progress: Progress
) -> Iterator[tuple[MediaSource, T]]:
    """Each source with the result of `read`, in order, read in threads; reasons of unusable ones go to `unusable`.

    `progress` counts those whose results were taken, as a stage of its own.
    """
    progress = stage_progress(progress, "reading media")

    def attempt(source: MediaSource) -> T | MediaError:
        try:
            return read(source)
        except MediaError as error:
            return MediaError(f"{source.reference}: {error}")

    with ThreadPoolExecutor() as pool:
        for done, (source, result) in enumerate(Prefetcher(pool, attempt, sources, AHEAD), start=1):
            if isinstance(result, MediaError):
                unusable.append(str(result))
            else:
                yield source, result
            progress(done, len(sources))


def captions(product: Product) -> list[str]:
    """Texts of a product: the one that is indexed, and parts of it as shoppers would type them."""
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
    """The caption with 15 % of its words dropped, and one in five shuffled."""
    words = [word for word in caption.split() if rng.random() > 0.15] or [caption]
    if rng.random() < 0.2:
        rng.shuffle(words)
    return " ".join(words)

"""The demo shop as files: a catalog with photos, queries and judgments, all made here from one seed.

The shop is generated so that anyone can try every part of the project at once, without a download. Each product has
hidden attributes (`goods`), from which its photo (`appearance`, `photographs`), its text (`products`), the queries
(`queries`) and the judgments (`grades`) are drawn independently of each other. About half of the texts do not tell the
colour and most do not tell the pattern, so that words alone cannot answer every query.
"""

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ltr_plugin.demo import appearance
from ltr_plugin.demo.goods import Traits
from ltr_plugin.demo.grades import judge, with_noise
from ltr_plugin.demo.kinds import KINDS
from ltr_plugin.demo.photographs import photograph
from ltr_plugin.demo.products import Product, draw_product
from ltr_plugin.demo.queries import DemoQuery, draw_queries, split_queries
from ltr_plugin.errors import InputError
from ltr_plugin.progress import Progress, silent

TRAIN_SHARE = 0.6
_MARK = "generated.json"
"""Lies in generated folders only: nobody's own data set is ever replaced."""
_QUERIES_PER_PRODUCT = {"typed": 150 / 800, "photo": 90 / 800, "mixed": 90 / 800}
_MOST_QUERIES = {"typed": 150, "photo": 90, "mixed": 90}
_PRODUCTS, _PRODUCT_PHOTOS, _QUERIES, _QUERY_PHOTOS, _JUDGMENTS = range(5)
"""Each draws from its own stream of random numbers, so that a change in one leaves the others as they are."""


@dataclass(frozen=True)
class ShopFiles:
    """Where the parts of a data set lie: catalog and queries as JSON Lines, judgments as TREC qrels."""

    catalog: Path
    queries: Path
    train_queries: Path
    test_queries: Path
    qrels: Path

    @classmethod
    def within(cls, folder: Path) -> "ShopFiles":
        """The usual names in a folder; nothing is read or checked."""
        return cls(
            catalog=folder / "catalog.jsonl",
            queries=folder / "queries.jsonl",
            train_queries=folder / "queries.train.jsonl",
            test_queries=folder / "queries.test.jsonl",
            qrels=folder / "qrels.txt",
        )


def generate_shop(folder: Path, *, products: int = 800, seed: int = 7, progress: Progress = silent) -> ShopFiles:
    """Writes the shop into the folder and says where its files are. The same seed gives the same files.

    The folder appears when everything in it is written, in place of an older shop. `progress` counts photos.
    Raises InputError if `products` is less than the number of kinds, or if the folder holds anything else.
    """
    if products < len(KINDS):
        raise InputError("products", f"{products!r} is too few: give at least {len(KINDS)}, one of each kind")
    if folder.exists() and not (folder / _MARK).exists() and (folder.is_file() or any(folder.iterdir())):
        raise InputError(str(folder), "is not empty and holds no generated shop; name an empty or a new folder")
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    _write_shop(partial, products, seed, progress)
    _write_lines(partial / _MARK, [{"products": products, "seed": seed}])
    if folder.exists():
        shutil.rmtree(folder)
    partial.rename(folder)
    return ShopFiles.within(folder)


def _write_shop(folder: Path, count: int, seed: int, progress: Progress) -> None:
    products = _draw_products(count, seed)
    rng = np.random.default_rng([seed, _QUERIES])
    shares = _QUERIES_PER_PRODUCT.items()
    queries = draw_queries(
        products, {form: min(_MOST_QUERIES[form], max(1, round(share * count))) for form, share in shares}, rng
    )
    train, test = split_queries(queries, TRAIN_SHARE, rng)
    files = ShopFiles.within(folder)
    _write_lines(files.catalog, ({**product.record, "images": _photo_paths(product)} for product in products))
    _write_lines(files.queries, map(_query_record, queries))
    _write_lines(files.train_queries, map(_query_record, train))
    _write_lines(files.test_queries, map(_query_record, test))
    _write_judgments(files.qrels, products, queries, {query.id for query in train}, seed)
    _take_photos(folder, products, queries, seed, progress)


def _take_photos(
    folder: Path, products: Sequence[Product], queries: Sequence[DemoQuery], seed: int, progress: Progress
) -> None:
    shop = [
        (product.traits, path, (seed, _PRODUCT_PHOTOS, number, view))
        for number, product in enumerate(products)
        for view, path in enumerate(_photo_paths(product))
    ]
    customers = [
        (query.photo_of, _query_photo_path(query), (seed, _QUERY_PHOTOS, number))
        for number, query in enumerate(queries)
        if query.photo_of
    ]
    for done, (traits, path, key) in enumerate([*shop, *customers], start=1):
        _photograph(traits, folder / path, np.random.default_rng(key), customer=done > len(shop))
        progress(done, len(shop) + len(customers))


def _draw_products(count: int, seed: int) -> list[Product]:
    """As many products of each kind as of any other, give or take one, in mixed order."""
    kinds = list(KINDS) * (count // len(KINDS) + 1)
    order = np.random.default_rng([seed, _PRODUCTS]).permutation(count).tolist()
    return [
        draw_product(number + 1, kinds[place], np.random.default_rng([seed, _PRODUCTS, number]))
        for number, place in enumerate(order)
    ]


def _photo_paths(product: Product) -> list[str]:
    return [f"images/{product.id}-{number + 1}.jpg" for number in range(product.photos)]


def _query_photo_path(query: DemoQuery) -> str:
    return f"query_images/{query.id}.jpg"


def _photograph(traits: Traits, path: Path, rng: np.random.Generator, *, customer: bool) -> None:
    shot = appearance.shot(traits, rng, customer=customer)
    surface = appearance.surface(traits, rng)
    photo = photograph(appearance.silhouette(traits), surface, shot, rng, stands=KINDS[traits.kind].stands)
    path.parent.mkdir(exist_ok=True)
    photo.save(path, "JPEG", quality=shot.jpeg_quality)


def _query_record(query: DemoQuery) -> dict[str, object]:
    record: dict[str, object] = {"id": query.id}
    if query.text:
        record["text"] = query.text
    if query.photo_of:
        record["image"] = _query_photo_path(query)
    return record


def _write_lines(path: Path, records: Iterable[dict[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as lines:
        for record in records:
            lines.write(json.dumps(record, ensure_ascii=False) + "\n")


def _write_judgments(
    path: Path, products: Sequence[Product], queries: Sequence[DemoQuery], train_ids: set[str], seed: int
) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as lines:
        for number, query in enumerate(queries):
            rng = np.random.default_rng([seed, _JUDGMENTS, number])
            grades = judge(query.wish, products, rng)
            if query.id in train_ids:
                grades = with_noise(grades, rng)
            lines.writelines(f"{query.id} 0 {name} {value}\n" for name, value in grades.items())

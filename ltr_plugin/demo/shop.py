"""The demo shop as files: a catalog with photos, recordings and clips, queries and judgments, all made from one seed.

The shop is generated so that anyone can try every part of the project without a download. Each product has hidden
attributes (`traits`), from which its media (`media`), its text (`products`), the queries (`queries`) and the judgments
(`judgments`) are drawn independently of each other. About half of the texts do not name the colour, most do not name
pattern or timbre, and none names the melody, so that text alone cannot answer every query.
"""

import json
import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from ltr_plugin.demo.judgments import judge, with_noise
from ltr_plugin.demo.kinds import KINDS
from ltr_plugin.demo.language import ENGLISH, Language, load_language
from ltr_plugin.demo.media import (
    MediaFile,
    clip_paths,
    list_media_files,
    photo_paths,
    query_photo_path,
    query_sound_path,
    sound_paths,
)
from ltr_plugin.demo.products import DemoProduct, draw_product
from ltr_plugin.demo.queries import DemoQuery, draw_queries, split_queries
from ltr_plugin.errors import InputError
from ltr_plugin.progress import Progress, no_progress

TRAIN_SHARE = 0.6
_MARKER = "generated.json"
"""A file of generated folders only, so that no data set of a user is ever replaced."""
_MAX_QUERIES = {"typed": 150, "photo": 90, "mixed": 90, "sound": 90, "soundmixed": 45}
"""By mode, for `_FULL_SIZE_PRODUCTS` and more; smaller shops have proportionally fewer."""
_FULL_SIZE_PRODUCTS = 800
_PRODUCTS, _QUERIES, _JUDGMENTS = 0, 2, 4
"""Keys of their streams of random numbers, so that a change in one does not change the others; media have theirs."""


@dataclass(frozen=True)
class ShopFiles:
    """The paths of a data set: catalog and queries as JSON Lines, judgments as TREC qrels."""

    catalog: Path
    queries: Path
    train_queries: Path
    test_queries: Path
    qrels: Path

    @classmethod
    def in_folder(cls, folder: Path) -> "ShopFiles":
        """The usual names in a folder; nothing is read or checked."""
        return cls(
            catalog=folder / "catalog.jsonl",
            queries=folder / "queries.jsonl",
            train_queries=folder / "queries.train.jsonl",
            test_queries=folder / "queries.test.jsonl",
            qrels=folder / "qrels.txt",
        )


def generate_shop(
    folder: Path, *, products: int = 800, seed: int = 7, language: str = "en", progress: Progress = no_progress
) -> ShopFiles:
    """Writes the shop into the folder and returns the paths of its files. The same seed gives the same files; another
    `language`, of LANGUAGES, changes only the words.

    The folder appears when everything in it is written, and replaces an older shop. `progress` counts media files.
    InputError if `products` is less than the number of kinds, or if the folder holds anything else.
    """
    if products < len(KINDS):
        raise InputError("products", f"{products!r} is too few: give at least {len(KINDS)}, one of each kind")
    if folder.exists() and not (folder / _MARKER).exists() and (folder.is_file() or any(folder.iterdir())):
        raise InputError(str(folder), "is not empty and holds no generated shop; name an empty or a new folder")
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    _write_shop(partial, products, seed, load_language(language), progress)
    _write_lines(partial / _MARKER, [{"products": products, "seed": seed}])
    if folder.exists():
        shutil.rmtree(folder)
    partial.rename(folder)
    return ShopFiles.in_folder(folder)


def _write_shop(folder: Path, count: int, seed: int, language: Language, progress: Progress) -> None:
    products = draw_products(count, seed, language)
    rng = np.random.default_rng([seed, _QUERIES])
    share = min(1.0, count / _FULL_SIZE_PRODUCTS)
    queries = draw_queries(
        products, {mode: max(1, round(share * most)) for mode, most in _MAX_QUERIES.items()}, rng, language
    )
    train, test = split_queries(queries, TRAIN_SHARE, rng)
    files = ShopFiles.in_folder(folder)
    _write_lines(files.catalog, map(_product_record, products))
    _write_lines(files.queries, map(_query_record, queries))
    _write_lines(files.train_queries, map(_query_record, train))
    _write_lines(files.test_queries, map(_query_record, test))
    _write_judgments(files.qrels, products, queries, {query.id for query in train}, seed)
    _make_media(folder, products, queries, seed, progress)


def _make_media(
    folder: Path, products: Sequence[DemoProduct], queries: Sequence[DemoQuery], seed: int, progress: Progress
) -> None:
    media_files = list(list_media_files(products, queries))
    for path, _, _ in media_files:
        (folder / path).parent.mkdir(exist_ok=True)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:  # a fork would copy the locks of other threads
        for done, _ in enumerate(pool.map(partial(_make_file, folder, seed), media_files, chunksize=8), start=1):
            progress(done, len(media_files))


def _make_file(folder: Path, seed: int, media_file: MediaFile) -> None:
    path, write, key = media_file
    write(folder / path, np.random.default_rng((seed, *key)))


def draw_products(count: int, seed: int, language: Language = ENGLISH) -> list[DemoProduct]:
    """Products in mixed order; the numbers of two kinds differ by one at most."""
    kinds = list(KINDS) * (count // len(KINDS) + 1)
    order = np.random.default_rng([seed, _PRODUCTS]).permutation(count).tolist()
    return [
        draw_product(number + 1, kinds[position], np.random.default_rng([seed, _PRODUCTS, number]), language)
        for number, position in enumerate(order)
    ]


def _product_record(product: DemoProduct) -> dict[str, object]:
    return {
        **product.record,
        "images": photo_paths(product),
        "audio": sound_paths(product),
        "video": clip_paths(product),
    }


def _query_record(query: DemoQuery) -> dict[str, object]:
    record: dict[str, object] = {"id": query.id}
    if query.text:
        record["text"] = query.text
    if query.photo_traits:
        record["image"] = query_photo_path(query)
    if query.sound_traits:
        record["audio"] = query_sound_path(query)
    return record


def _write_lines(path: Path, records: Iterable[dict[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as lines:
        for record in records:
            lines.write(json.dumps(record, ensure_ascii=False) + "\n")


def _write_judgments(
    path: Path, products: Sequence[DemoProduct], queries: Sequence[DemoQuery], train_ids: set[str], seed: int
) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as lines:
        for number, query in enumerate(queries):
            rng = np.random.default_rng([seed, _JUDGMENTS, number])
            grades = judge(query.intent, products, rng)
            if query.id in train_ids:
                grades = with_noise(grades, rng)
            lines.writelines(f"{query.id} 0 {name} {value}\n" for name, value in grades.items())

"""The retrieval tasks of `benchmarks.run.encoders` on real data sets."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ltr_plugin.catalog.product import Modality, Product
from ltr_plugin.demo.judgments import judge
from ltr_plugin.demo.language import LANGUAGES, load_language
from ltr_plugin.demo.queries import draw_queries
from ltr_plugin.demo.shop import draw_products
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.media.images import open_image
from ltr_plugin.queries.query import read_queries


@dataclass(frozen=True)
class Item:
    """A query or a document: a text, or a photo's path under `root`."""

    id: str
    source: Modality
    reference: str
    root: Path = Path()

    def open(self) -> Any:
        """The text, or the decoded photo."""
        return self.reference if self.source == "text" else open_image(self.root, self.reference)


@dataclass(frozen=True)
class Task:
    """`queries` search in `items`, graded by `grades[query][item]`; `good` is the lowest grade that counts as a hit."""

    name: str
    queries: Sequence[Item]
    items: Sequence[Item]
    grades: Mapping[str, Mapping[str, int]]
    good: int


def clothing(sets: Path, _: Path) -> tuple[dict[str, Path], list[Task]]:
    """Training files by argument of the trainer, and tasks: photo to photos, class name to photos."""
    data = sets / "clothing"
    seen, unseen = (list(JsonLines(data / f"{part}.jsonl", Product).read()) for part in ("train", "validation"))
    label = {product.id: product.title for product in (*seen, *unseen)}
    items, queries = (
        [Item(product.id, "image", product.images[0], data) for product in part] for part in (seen, unseen)
    )
    classes = [Item(f"class {name}", "text", name) for name in sorted(set(label.values()))]
    same = {query.id: {item.id: int(label[item.id] == label[query.id]) for item in items} for query in queries}
    named = {query.id: {item.id: int(label[item.id] == query.reference) for item in queries} for query in classes}
    return {"catalog": data / "train.jsonl"}, [
        Task("Clothing: photo to photos of its class", queries, items, same, 1),
        Task("Clothing: class name to photos", classes, queries, named, 1),
    ]


def grocery(sets: Path, _: Path) -> tuple[dict[str, Path], list[Task]]:
    """Training files by argument of the trainer, and the task: photo from a shelf to product."""
    data = sets / "grocery"
    items = [
        Item(product.id, "image", product.images[0], data)
        for product in JsonLines(data / "catalog.jsonl", Product).read()
    ]
    queries = [
        Item(query.id, "image", query.image, data)
        for query in read_queries(data / "photo-queries-val.jsonl")
        if query.image
    ]
    qrels = Qrels.read(data / "photo-qrels-val.txt")
    train = {"queries": data / "photo-queries-train.jsonl", "qrels": data / "photo-qrels-train.txt"}
    return {"catalog": data / "catalog.jsonl", **train}, [
        Task(
            "Grocery: photo to product",
            queries,
            items,
            {query.id: dict(qrels.for_query(query.id)) for query in queries},
            3,
        )
    ]


def grocery_new(sets: Path, runs: Path) -> tuple[dict[str, Path], list[Task]]:
    """As `grocery`, but the training lacks every tenth product, of which all queries are; its catalog is in `runs`."""
    train, [task] = grocery(sets, runs)
    data, folder = sets / "grocery", runs / "grocery-new-catalog"
    products = list(JsonLines(data / "catalog.jsonl", Product).read())
    new = {product.id for product in products[::10]}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "catalog.jsonl").open("w", encoding="utf-8") as lines:
        for product in products:
            if product.id not in new:
                lines.write(product.model_dump_json(exclude_defaults=True) + "\n")
                for name in product.images:
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(data / name, folder / name)
    queries = [one for one in task.queries if new & {id_ for id_, grade in task.grades[one.id].items() if grade >= 3}]
    return {**train, "catalog": folder / "catalog.jsonl"}, [
        replace(task, name="Grocery: photo to one of the products that no training saw", queries=queries)
    ]


def electronics(data: Path) -> tuple[dict[str, Path], list[Task]]:
    """Training files by argument of the trainer, and the task: typed query to product text."""
    catalog = data / "catalog.jsonl.gz"
    items = [Item(product.id, "text", product.embedding_text()) for product in JsonLines(catalog, Product).read()]
    queries = [Item(query.id, "text", query.text) for query in read_queries(data / "queries.jsonl") if query.text]
    qrels = Qrels.read(data / "qrels.txt")
    return {"catalog": catalog}, [
        Task(
            "Electronics: typed query to product text",
            queries,
            items,
            {q.id: dict(qrels.for_query(q.id)) for q in queries},
            2,
        )
    ]


def demo(folder: Path, code: str) -> tuple[Path, list[Task]]:
    """The catalog of the demo's shop in this language, without media, and the task: typed query to product text."""
    language = load_language(code)
    products = draw_products(800, 7, language)
    queries = draw_queries(products, {"typed": 150}, np.random.default_rng([7, 2]), language)  # those of the demo
    grades = {
        query.id: judge(query.intent, products, np.random.default_rng([7, number]))
        for number, query in enumerate(queries)
    }
    catalog = folder / f"demo-{code}.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    catalog.write_text("".join(json.dumps(product.record) + "\n" for product in products), "utf-8")
    return catalog, [
        Task(
            f"Demo in {LANGUAGES[code].title()}: typed query to product text",
            [Item(query.id, "text", query.text) for query in queries if query.text],
            [Item(one.id, "text", one.embedding_text()) for one in JsonLines(catalog, Product).read()],
            grades,
            2,
        )
    ]

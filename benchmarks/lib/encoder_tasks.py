"""The retrieval tasks of `benchmarks.run.encoders` on real data sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.product import Modality, Product
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


def clothing(data: Path) -> tuple[dict[str, Path], list[Task]]:
    """Training files by argument of the trainer, and tasks: photo to photos, class name to photos."""
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


def grocery(data: Path) -> tuple[dict[str, Path], list[Task]]:
    """Training files by argument of the trainer, and the task: photo from a shelf to product."""
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

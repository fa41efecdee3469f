"""A shop of words and numbers, whose products need no encoder: catalog, queries, judgments and a feature set."""

import json
import random
from pathlib import Path

from ltr_plugin.features.feature_set import FeatureSet

COLOURS, GOODS = ("red", "blue", "green", "black", "white"), ("shoe", "lamp", "mug", "chair", "scarf", "clock")
QUERIES = tuple(f"{colour} {good}" for colour in COLOURS for good in GOODS)
FEATURES = [
    {"name": "title", "kind": "match", "modality": "text", "field": "title.stem"},
    {"name": "all_words", "kind": "match", "modality": "text", "field": "title.stem", "operator": "and"},
    {"name": "price", "kind": "field_value", "modality": "behaviour", "field": "price"},
    {"name": "both", "kind": "derived", "modality": "text", "expression": "title * max(price, 0.5)"},
]


def write_shop(folder: Path, products: int, seed: int) -> Path:
    """Writes catalog.jsonl, queries.jsonl and qrels.txt, and returns their folder."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    catalog = [
        {
            "id": f"p{n}",
            "title": f"{rng.choice(COLOURS)} {rng.choice(GOODS)} {n}",
            "price": round(rng.uniform(1, 99), 2),
        }
        for n in range(products)
    ]
    judged = [
        f"q{number} 0 {product['id']} {sum(word in str(product['title']) for word in text.split())}"
        for number, text in enumerate(QUERIES)
        for product in rng.sample(catalog, min(60, products))
    ]
    queries = [{"id": f"q{number}", "text": text} for number, text in enumerate(QUERIES)]
    for name, rows in (("catalog.jsonl", catalog), ("queries.jsonl", queries)):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "qrels.txt").write_text("\n".join(judged) + "\n")
    return folder


def feature_set(name: str) -> FeatureSet:
    """The features of its products, as a set of this name."""
    return FeatureSet.model_validate({"name": name, "version": 1, "features": FEATURES})

"""What the users of a secured cluster work on: a shop's own index, and the files of its search team."""

import json
from pathlib import Path

from ltr_command import PRODUCTS, QRELS, QUERIES
from secured_node import SecuredNode

SHOP, OTHER = "shop_de", "orders"
ON = ("--index", SHOP)
JUDGED = ("--queries", "queries.jsonl", "--qrels", "qrels.txt")
MAPPING = {
    "properties": {
        "title": {"type": "text"},
        "brand": {"type": "keyword"},
        "price": {"type": "float"},
        "stock": {"type": "integer"},
    }
}
PROFILE = {
    "product": {"title": "title", "brand": "brand", "price": "price", "stock": "stock"},
    "text_fields": ["title"],
    "filters": [{"name": "brand", "field": "brand", "type": "keyword"}],
}
FEATURES = {
    "name": "words",
    "version": 1,
    "features": [
        {"name": "title", "kind": "match", "modality": "text", "field": "title"},
        {"name": "price", "kind": "field_value", "modality": "behaviour", "field": "price"},
    ],
}
USERS = {
    "search_team": ("search_team",),
    "merchandiser": ("merchandiser",),
    "catalog_worker": ("catalog_worker",),
    "catalog_manager": ("catalog_manager", "catalog_worker", "search_team"),
    "storefront": ("storefront",),
    "search_service": ("search_service",),
    "service_of_merchandisers": ("search_service", "merchandiser"),
    "service_of_catalogs": ("search_service", "catalog_worker"),
    "nobody": (),
}
"""The roles of each user."""

TEMPLATE = "by_title"
"""A stored search template with the parameter `text`."""


def fill(node: SecuredNode) -> None:
    """Makes the index, one that no role reaches, a search template, and the users."""
    node.put_roles(SHOP)
    node.add_users(USERS)
    cluster = node.cluster()
    for name in (SHOP, OTHER):
        cluster.call("PUT", f"/{name}", {"mappings": MAPPING})
    source = '{"query": {"match": {"title": "{{text}}"}}}'
    cluster.call("PUT", f"/_scripts/{TEMPLATE}", {"script": {"lang": "mustache", "source": source}})
    lines = []
    for product in PRODUCTS:
        more = {"brand": "Nordvik", "stock": product["price"] % 3}
        lines += [{"index": {"_index": SHOP, "_id": product["id"]}}, {**product, **more}]
    body = "".join(f"{json.dumps(line)}\n" for line in lines)
    assert not cluster.call("POST", "/_bulk", body, refresh=True)["errors"]


def write_files(folder: Path) -> Path:
    """The folder, with a profile, features, rules, queries, judgments, a catalog and an encoder of words."""
    documents = {
        "index.yaml": PROFILE,
        "set.yaml": FEATURES,
        "rules.yaml": {"rules": [{"name": "stock", "in_stock_first": True}]},
    }
    for name, content in documents.items():
        (folder / name).write_text(json.dumps(content))
    for name, rows in (("queries.jsonl", QUERIES), ("catalog.jsonl", PRODUCTS)):
        (folder / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (folder / "qrels.txt").write_text("\n".join(QRELS) + "\n")
    (folder / "sold-out.txt").write_text("p3\n")
    (folder / "words.txt").write_text("red 0 1\nshoe 1 1\n")
    return folder

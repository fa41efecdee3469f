"""A catalog system hands over products, changes some of them, and hears which changes were refused.

Run it in the repository's folder, with a cluster in OPENSEARCH_URL or the development node of `ltr node start`:

    ltr index create shop --text-encoder none
    python examples/catalog_system.py

In an index with encoders, the workers of LTR_BROKER_URL (`ltr worker`) make the vectors of what has changed.
"""

from pathlib import Path

from ltr_plugin import CatalogClient, connect, search

INDEX = "shop"
SHOP = Path("examples/shop")

shop = CatalogClient(INDEX)

# Products are JSON, as text or decoded. One that is there already is replaced; an equal one is left as it is.
written = shop.put((SHOP / "catalog.jsonl").read_text().splitlines())
print(f"{written.applied} products written, {written.sent} sent to workers")

# A wrong product does not stop the others: it is refused, with its place and the reason.
mixed = shop.put(
    [{"id": "p99", "title": "Blue enamel mug", "price": 8.0}, {"id": "p100", "title": "Jug", "price": "?"}]
)
for refused in mixed.refused:
    print(f"refused: record {refused.position}, product {refused.id}: {refused.reason}")

# An update gives some fields new values (a JSON merge patch). A price costs no vector.
updated = shop.update([{"id": "p99", "price": 6.5, "stats": {"rating": 4.8}}, {"id": "p1000", "price": 1.0}])
print(f"{updated.applied} updated; {[refused.id for refused in updated.refused]} do not exist")

# Products can be found by their text after the next refresh of the index, which is a second away at most.
index = connect().index(INDEX)
index.refresh()
hit = search(index, "blue enamel mug", size=1)[0]
print(f"found {hit.id}: {hit.source['title']} for {hit.source['price']}")

print(f"{shop.delete(['p99']).applied} deleted")

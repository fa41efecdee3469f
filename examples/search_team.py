"""A search team trains a ranker on judged queries, proves it on the cluster, compares it with BM25 and serves it.

Run it in the repository's folder, with a cluster in OPENSEARCH_URL or the development node of `ltr node start`:

    ltr index create shop --text-encoder none
    ltr catalog put examples/shop/catalog.jsonl --index shop
    python examples/search_team.py
"""

from pathlib import Path

from ltr_plugin import FeatureSet, connect, evaluate, log_features, promote, push, report, search, train

INDEX = "shop"
SHOP = Path("examples/shop")
OUT = Path("runs/examples")

index = connect().index(INDEX)

# The cluster computes the features of every judged product, and of some that nobody judged, into a table.
features = FeatureSet.load(SHOP / "features.yaml")
logged = log_features(index, features, SHOP / "queries.jsonl", SHOP / "qrels.txt", OUT / "table.parquet")
print(f"{logged.judged} judged rows, {logged.negatives} sampled ones")

# A ranker is a folder: the model, its card, and queries for the next step.
ranker = train(OUT / "table.parquet", "lambdamart", folds=5, num_trees=100)
ranker.save(OUT / "ranker")

# The upload is kept only if the cluster scores live products exactly as the ranker does here.
pushed = push(index, OUT / "ranker")
print(pushed.parity)

# These are the queries that the ranker was trained on: a real comparison needs others.
evaluation = evaluate(index, ["bm25", OUT / "ranker"], SHOP / "queries.jsonl", SHOP / "qrels.txt")
for name in evaluation.full.rankers:
    print(f"{name}: nDCG@10 {evaluation.full.of('all', name, 'nDCG@10').mean:.3f}")
print("report:", report(index, evaluation, OUT / "report.html"))

# From now on the search template ranks by this ranker; `rollback` returns to the release before.
release = promote(index, pushed.model, template=INDEX)
print(f"release {release.number} of the search template {release.template!r}")

for hit in search(index, "red mug", ranker=pushed.model, size=3):
    print(f"{hit.score:8.3f}  {hit.id}  {hit.source['title']}")

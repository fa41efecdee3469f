# %% [markdown]
# # Compare rankers and explain a result
# Run this in the repository's folder, after `ltr index create shop --text-encoder none` and
# `ltr catalog put examples/shop/catalog.jsonl --index shop`.

# %%
from pathlib import Path

from ltr_plugin import (
    FeatureSet,
    FeatureTable,
    Qrels,
    connect,
    evaluate,
    explain,
    log_features,
    push,
    read_queries,
    train,
)

INDEX = "shop"
SHOP = Path("examples/shop")
OUT = Path("runs/examples")

index = connect().index(INDEX)
queries = read_queries(SHOP / "queries.jsonl")
qrels = Qrels.read(SHOP / "qrels.txt")

# %% [markdown]
# Rankers must not be measured on queries that they were trained on: every second query is held out.

# %%
train_queries, test_queries = queries[::2], queries[1::2]
features = FeatureSet.load(SHOP / "features.yaml")
log_features(index, features, train_queries, qrels, OUT / "train.parquet", negatives=5)
table = FeatureTable.read(OUT / "train.parquet")
print(f"{len(table)} rows of {len(table.feature_names)} features: {', '.join(table.feature_names)}")

# %% [markdown]
# A kind has settings with defaults; an unknown setting is an error that lists the known ones.

# %%
rankers = {
    "linear": train(table, "linear"),
    "lambdamart": train(table, "lambdamart", num_trees=50, num_leaves=7, min_data_in_leaf=5),
}
for name, ranker in rankers.items():
    print(f"{name}: {push(index, ranker).parity}")

# %% [markdown]
# The first ranker is the baseline. Every mean comes with a 95 % interval, every difference with a test.

# %%
evaluation = evaluate(index, ["bm25", "random", *rankers.values()], test_queries, qrels)
print(evaluation.full.to_markdown())

# %% [markdown]
# Why does one product stand above another? The contributions of the features sum to the score.

# %%
first, second = explain(index, rankers["linear"], "red mug", ["p17", "p18"])
for one in (first, second):
    print(f"{one.product.title}: {one.attribution.score:.3f}, by modality {one.attribution.by_modality()}")
for feature, difference in first.attribution.versus(second.attribution).items():
    print(f"  {feature:20} {difference:+.3f}")

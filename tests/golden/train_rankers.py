"""Trains the rankers of `tests/golden/rankers/`, for when their folders' form changes on purpose.

    PYTHONPATH=tests/support python tests/golden/train_rankers.py

The exports are compared with files too, and should not change by that. One seed, one thread: on one machine, with the
same libraries, the same rankers come out.
"""

from pathlib import Path

import numpy as np
from mixed_modalities import MIXED

from ltr_plugin.features.table import FeatureTable, Provenance
from ltr_plugin.rankers.trainers import get_trainer

FOLDER = Path(__file__).parent / "rankers"

TREES = {"num_trees": 8, "folds": 2}
NETWORK = {"units": 3, "epochs": 30, "batch_size": 8}
RANKERS = {
    "lambdamart": ("lambdamart", {**TREES, "num_leaves": 5}),
    "xgboost": ("xgboost", {**TREES, "max_depth": 3}),
    "fusion": ("fusion", NETWORK),
    "mlp": ("mlp", NETWORK),
    "late": ("late", {**TREES, "num_leaves": 4}),
    "late_linear": ("late", {"members": "linear", "folds": 2}),
    "linear": ("linear", {}),
    "logistic": ("logistic", {}),
    "svm": ("svm", {}),
}
"""The kind and settings of each folder."""


def table(queries=30, products=12):
    """Queries that are typed, by photo or both, in turn; what is wanted fits all that the query says."""
    chance = np.random.default_rng(5)
    rows = queries * products
    kind = np.repeat(np.arange(queries) % 3, products)
    typed, shown, pictured = kind != 1, kind != 0, chance.random(rows) > 0.15
    text, image, price = chance.random((3, rows))
    title, photo = typed * 10 * text, shown * pictured * (0.5 + image / 2)
    meaning, words_photo = typed * (0.5 + text / 2), typed * pictured * (0.5 + text / 4)
    values = np.stack(
        [typed, shown, title, meaning, photo, words_photo, photo + title / (title + 8), 5 * price], axis=1
    )
    fit = np.where(typed, text, 1) * np.where(shown, np.where(pictured, image, 0.5), 1) - 0.1 * price
    return FeatureTable(
        queries=np.repeat([f"q{number:02}" for number in range(queries)], products).astype(object),
        products=np.array([f"p{row}" for row in range(rows)], dtype=object),
        grades=np.digitize(fit, [0.3, 0.5, 0.7]).astype(np.float32),
        values=values.astype(np.float32),
        feature_names=MIXED.feature_names,
        provenance=Provenance(
            feature_set=MIXED.model_dump(mode="json"),
            feature_set_id=MIXED.id,
            feature_set_digest=MIXED.digest,
            index="products",
            fingerprints={},
            cluster_version="3.6.0",
            queries="queries.jsonl",
            judgments="qrels",
            negatives=0,
            seed=7,
            created="2026-01-01T00:00:00+00:00",
        ),
    )


if __name__ == "__main__":
    for name, (kind, settings) in RANKERS.items():
        form, train = get_trainer(kind)
        train(table(), form.model_validate(settings)).save(FOLDER / name)

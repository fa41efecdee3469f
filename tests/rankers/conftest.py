"""Feature tables with a known order, small enough to train on in a moment."""

from collections.abc import Callable

import numpy as np
import pytest
from mixed_modalities import MIXED

from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable, Provenance

Make = Callable[..., FeatureTable]


def provenance_of(feature_set: FeatureSet) -> Provenance:
    return Provenance(
        feature_set=feature_set.model_dump(mode="json"),
        feature_set_id=feature_set.id,
        feature_set_digest=feature_set.digest,
        index="products",
        fingerprints={},
        cluster_version="3.6.0",
        queries="queries.jsonl",
        judgments="qrels",
        negatives=0,
        seed=7,
        created="2026-01-01T00:00:00+00:00",
    )


@pytest.fixture(scope="session")
def table_of() -> Make:
    """A table of queries, grades and values, with features f0, f1, and so on."""

    def make(queries, grades, values) -> FeatureTable:
        values = np.asarray(values, dtype=np.float32)
        names = [f"f{place}" for place in range(values.shape[1])]
        features = [{"kind": "field_value", "name": name, "modality": "text", "field": name} for name in names]
        feature_set = FeatureSet.model_validate({"name": "shop", "version": 1, "features": features})
        return FeatureTable(
            queries=np.array(queries, dtype=object),
            products=np.array([f"p{row}" for row in range(len(values))], dtype=object),
            grades=np.asarray(grades, dtype=np.float32),
            values=values,
            feature_names=tuple(names),
            provenance=provenance_of(feature_set),
        )

    return make


@pytest.fixture(scope="session")
def shop(table_of) -> FeatureTable:
    """60 queries of 20 products: f0 decides with f1, f2 decides nothing, f3 is always 1; some values are missing."""
    rng = np.random.default_rng(11)
    values = rng.random((1200, 4), dtype=np.float32)
    values[:, 3] = 1
    quality = values[:, 0] + np.where(values[:, 1] > 0.5, 0.5, 0)
    grades = np.digitize(quality, [0.6, 1.0, 1.3])
    values[rng.random(values.shape) < 0.05] = np.nan
    return table_of(np.repeat([f"q{number:02}" for number in range(60)], 20), grades, values)


@pytest.fixture(scope="session")
def mixed() -> FeatureTable:
    """90 queries of 20 products, typed, by photo or both; what is wanted must fit all that the query says.

    Some products have no photo. `title` is 0 or more, similarities are from 0.5 on where both sides have what they
    compare, and 0 elsewhere.
    """
    rng = np.random.default_rng(5)
    rows = 1800
    kind = np.repeat(np.arange(90) % 3, 20)
    typed, shown, pictured = kind != 1, kind != 0, rng.random(rows) > 0.15
    text, image = rng.random(rows), rng.random(rows)
    values = np.zeros((rows, 8))
    values[:, 0], values[:, 1] = typed, shown
    values[:, 2] = typed * np.where(text > 0.5, 10 * text, 0)
    values[:, 3] = typed * (0.5 + text / 2 + rng.normal(0, 0.03, rows)).clip(0.01, 1)
    values[:, 4] = shown * pictured * (0.5 + image / 2)
    values[:, 5] = typed * pictured * (0.5 + text / 4)
    values[:, 6] = values[:, 4] + values[:, 2] / (values[:, 2] + 8)
    values[:, 7] = rng.random(rows) * 5
    fit = np.where(typed, text, 1) * np.where(shown, np.where(pictured, image, 0.5), 1) - 0.03 * values[:, 7]
    grades = np.digitize(fit, [0.35, 0.55, 0.75])
    return FeatureTable(
        queries=np.repeat([f"q{number:02}" for number in range(90)], 20).astype(object),
        products=np.array([f"p{row}" for row in range(rows)], dtype=object),
        grades=grades.astype(np.float32),
        values=values.astype(np.float32),
        feature_names=MIXED.feature_names,
        provenance=provenance_of(MIXED),
    )

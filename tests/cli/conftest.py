"""A small shop, an index for it, and a feature table."""

import json
import uuid

import numpy as np
import pytest
import yaml
from ltr_command import FEATURES, PRODUCTS, QRELS, QUERIES

from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import Provenance
from ltr_plugin.features.table_writer import FeatureTableWriter


@pytest.fixture
def shop(tmp_path):
    lines = {"catalog.jsonl": PRODUCTS, "queries.jsonl": QUERIES}
    for name, rows in lines.items():
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "qrels.txt").write_text("\n".join(QRELS) + "\n")
    (tmp_path / "set.yaml").write_text(yaml.safe_dump(FEATURES))
    return tmp_path


@pytest.fixture
def here(node_url, tmp_path):
    """What the environment must say, and the name of an index of this test alone."""
    name = f"cli-{uuid.uuid4().hex[:8]}"
    yield {"OPENSEARCH_URL": node_url, "LTR_RUNS": str(tmp_path / "runs")}, name
    from ltr_plugin.cluster.connecting import connect

    connect(node_url).call("DELETE", f"/{name}-v*")


@pytest.fixture
def table(tmp_path):
    """A feature table of twelve queries with ten products each, of which the cheap ones are good."""
    fields = ("price", "sales")
    features = [{"name": name, "kind": "field_value", "modality": "behaviour", "field": name} for name in fields]
    feature_set = FeatureSet.model_validate({"name": "tuned", "version": 1, "features": features})
    made_of = (feature_set.model_dump(mode="json"), feature_set.id, feature_set.digest)
    provenance = Provenance(*made_of, "shop", {}, "3.6.0", "", "", 0, 7, "")
    rng = np.random.default_rng(2)
    with FeatureTableWriter(tmp_path / "table.parquet", feature_set.feature_names, provenance) as writer:
        for query in range(12):
            prices = rng.random(10).tolist()
            writer.add((f"q{query}", f"p{n}", int(p < 0.4), {"price": p, "sales": 1.0}) for n, p in enumerate(prices))
    return tmp_path / "table.parquet"

import io

import numpy as np
import pytest
from rich.console import Console

from ltr_plugin.errors import InputError
from ltr_plugin.evaluation.ablation import BLIND_BASELINE, Ablation, Removal, evaluate_removal, mask_modality
from ltr_plugin.evaluation.terminal_tables import ablation_table
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable, Provenance
from ltr_plugin.judgments.qrels import Qrels

QUERIES = [f"q{number:02}" for number in range(30)]
QRELS = Qrels({query: {"good": 1, "bad": 0} for query in QUERIES})
FIRST, SECOND = [("good", 2.0), ("bad", 1.0)], [("bad", 2.0), ("good", 1.0)]
HALF = 1 / np.log2(3)


def run(right):
    """Every query's good product first for `right` of the queries, second for the others."""
    return {query: FIRST if place < right else SECOND for place, query in enumerate(QUERIES)}


def matrix():
    image = [Removal(side="product", modality="image", fraction=fraction) for fraction in (0.1, 0.9)]
    text = Removal(side="query", modality="text")
    runs_before = {"fusion": run(30), "words": run(10)}
    blind_baselines = {"old": run(6), "older": run(3)}
    rows = (
        evaluate_removal(text, {"fusion": run(15), "words": run(0)}, runs_before, {}, QRELS),
        evaluate_removal(image[0], {"fusion": run(24), "words": run(10)}, runs_before, blind_baselines, QRELS),
        evaluate_removal(image[1], {"fusion": run(6), "words": run(0)}, runs_before, blind_baselines, QRELS),
    )
    return Ablation(index="shop-v1", judgments=QRELS.digest, seed=7, rankers=("fusion", "words"), rows=rows)


def test_a_cell_has_the_means_with_and_without_the_modality():
    row = matrix().rows[0]
    cell = row.cells["fusion"]
    assert (row.queries, cell.mean_before, cell.mean) == (30, 1, pytest.approx((1 + HALF) / 2))
    assert cell.low < cell.mean < cell.high
    assert (row.blind_baseline, cell.difference_from_blind, cell.non_inferior) == (None, None, True)


def test_cells_are_compared_with_the_best_modality_blind_baseline():
    found = matrix()
    few, many = found.rows[1:]
    assert (few.blind_baseline, few.blind_baseline_mean) == ("old", pytest.approx((6 + 24 * HALF) / 30))
    difference, low, high = few.cells["fusion"].difference_from_blind
    assert difference == pytest.approx(few.cells["fusion"].mean - few.blind_baseline_mean)
    assert 0 < low < difference < high
    assert many.cells["fusion"].difference_from_blind == (0, 0, 0)
    assert many.cells["fusion"].non_inferior
    assert few.cells["words"].difference_from_blind[0] > 0
    assert many.cells["words"].difference_from_blind[2] < 0
    assert not many.cells["words"].non_inferior
    assert not found.non_inferior


def test_queries_that_found_nothing_count():
    empty = {query: [] for query in QUERIES}
    row = evaluate_removal(Removal(side="product", modality="text"), {"fusion": empty}, {"fusion": run(30)}, {}, QRELS)
    assert (row.cells["fusion"].mean, row.cells["fusion"].low, row.cells["fusion"].high) == (0, 0, 0)


def test_curves_begin_with_nothing_removed():
    curves = matrix().curves()
    assert list(curves) == ["image"]
    means = [1, (24 + 6 * HALF) / 30, (6 + 24 * HALF) / 30]
    assert curves["image"]["fusion"] == [
        (fraction, pytest.approx(mean)) for fraction, mean in zip((0, 0.1, 0.9), means, strict=True)
    ]
    assert [fraction for fraction, _ in curves["image"][BLIND_BASELINE]] == [0.1, 0.9]


def test_tables_name_removals_and_mark_inferior_cells():
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(ablation_table(matrix()))
    terminal, markdown = console.export_text(), matrix().to_markdown()
    for shown in (terminal, markdown):
        assert "queries without their text (30)" in shown
        assert "90% of products without image (30)" in shown
        assert shown.count(" !") == 1 + shown.count(" ! inferior")
    mean = f"{(6 + 24 * HALF) / 30:.3f}"
    assert f"{mean} old" in markdown
    assert ["modality-blind", "baseline", "old", mean] in [line.split() for line in terminal.splitlines()]


def test_a_matrix_is_read_as_it_was_written(tmp_path):
    matrix().write(tmp_path / "new" / "ablation.json")
    assert Ablation.read(tmp_path / "new" / "ablation.json") == matrix()
    (tmp_path / "other.json").write_text('{"format": 1}')
    with pytest.raises(InputError, match=r"was written by ltr 0\.1"):
        Ablation.read(tmp_path / "other.json")
    (tmp_path / "other.json").write_text('{"format": 3}')
    with pytest.raises(InputError, match=r"\$\.format"):
        Ablation.read(tmp_path / "other.json")
    with pytest.raises(InputError, match="cannot be read"):
        Ablation.read(tmp_path / "none.json")


def test_masking_a_modality_masks_everything_made_of_it():
    flag = {"name": "has_photo", "kind": "query_flag", "modality": "query", "parameter": "image_vector"}
    features = [
        flag,
        {"name": "title", "kind": "match", "modality": "text", "field": "title.stem"},
        *(
            {"name": name, "kind": "similarity", "modality": modality, "query_vector": query, "field": field}
            for name, modality, query, field in (
                ("photo_photo", "image", "image_vector", "image_vector"),
                ("words_photo", "image", "image_text_vector", "image_vector"),
                ("photo_words", "image", "image_vector", "image_text_vector"),
                ("words_words", "image", "image_text_vector", "image_text_vector"),
                ("photo_video", "video", "image_vector", "video_vector"),
                ("sound_track", "video", "audio_vector", "soundtrack_vector"),
            )
        ),
        {
            "name": "both",
            "kind": "derived",
            "modality": "image",
            "expression": "title + 2 * max(photo_photo, words_words)",
        },
        {"name": "price", "kind": "field_value", "modality": "behaviour", "field": "price"},
    ]
    features = FeatureSet.model_validate({"name": "media", "version": 1, "features": features})
    facts = (features.model_dump(mode="json"), features.id, features.digest, "shop", {}, "3.6.0", "", "", 0, 7, "")
    values = np.array([[1, 4, 0.9, 0.7, 0.6, 0.5, 0.4, 0.3, 5.8, np.nan]], np.float32)
    ids = np.array(["q"], dtype=object)
    table = FeatureTable(ids, ids, np.ones(1, np.float32), values, features.feature_names, Provenance(*facts))
    left = {modality: mask_modality(table, modality).values[0].tolist() for modality in ("text", "image", "video")}
    assert left["text"] == pytest.approx([1, 0, 0.9, 0, 0, 0, 0.4, 0.3, 1.8, 0])
    assert left["image"] == pytest.approx([0, 4, 0, 0, 0, 0.5, 0, 0.3, 5, 0])
    assert left["video"] == pytest.approx([1, 4, 0.9, 0.7, 0.6, 0.5, 0, 0, 5.8, 0])
    assert mask_modality(table, "audio").values[0].tolist() == pytest.approx([1, 4, 0.9, 0.7, 0.6, 0.5, 0.4, 0, 5.8, 0])

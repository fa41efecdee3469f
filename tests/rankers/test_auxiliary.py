"""Auxiliary judgments, such as clicks and purchases: learned by heads on the towers that the trained ranker lacks."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ltr_plugin.errors import InputError
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.rankers.fusion import train_fusion, train_mlp
from ltr_plugin.rankers.network.auxiliary import auxiliary_loss, judgments_of_table, label_rows
from ltr_plugin.rankers.network.losses import lambda_loss
from ltr_plugin.rankers.network.settings import MLPSettings, NetworkSettings
from ltr_plugin.rankers.training.rows import TrainingRows

QUICK = {"epochs": 12, "patience": 12}


def bought(table, every=1):
    """Of every query, or some of them, the products in even places were bought."""
    grades = {}
    for place, (query, product) in enumerate(zip(table.queries, table.products, strict=True)):
        if hash_of(query) % every == 0:
            grades.setdefault(str(query), {})[str(product)] = int(place % 2 == 0)
    return Qrels(grades)


def hash_of(query):
    return sum(map(ord, query))


def test_labels_are_those_of_each_row_and_nan_for_queries_without_judgments(shop):
    rows = TrainingRows.of(shop)
    buys = bought(shop, every=2)
    found = label_rows(rows, {"buys": buys, "all": bought(shop)})
    assert found.shape == (len(rows), 2)
    assert not np.isnan(found[:, 1]).any()
    for query, product, (grade, _) in zip(
        np.array(rows.queries)[rows.query_of_row], rows.products, found.tolist(), strict=True
    ):
        expected = buys.for_query(query).get(product, 0) if query in buys else np.nan
        assert grade == expected or (np.isnan(grade) and np.isnan(expected))


def clicked(table, text_of, tmp_path):
    """Clicks in Quepid's form, which names queries by text: the products in even places of each query."""
    rows = [
        f'"{text_of(query)}",{product},{int(place % 2 == 0)}'
        for place, (query, product) in enumerate(zip(table.queries, table.products, strict=True))
    ]
    (tmp_path / "clicks.csv").write_text("\n".join(["query,docid,rating", *rows]) + "\n")
    return Qrels.read(tmp_path / "clicks.csv")


def with_texts(table, texts):
    return replace(table, provenance=replace(table.provenance, texts=texts))


def test_judgments_that_name_texts_are_those_of_the_tables_queries_with_these_texts(shop, tmp_path):
    texts = {query: f"red  mug {query[1:]}" for query in set(shop.queries) - {"q00"}}  # q00 is a photo
    clicks = clicked(shop, lambda query: f"red mug {query[1:]}", tmp_path)
    rows = TrainingRows.of(shop)
    joined = judgments_of_table(with_texts(shop, texts), "clicks.csv", clicks)
    labels, by_id = label_rows(rows, {"a": joined}), label_rows(rows, {"a": bought(shop)})
    first = np.array(rows.queries)[rows.query_of_row] == "q00"
    assert np.isnan(labels[first]).all()
    assert np.array_equal(labels[~first], by_id[~first])


def test_texts_that_the_table_does_not_have_are_said(shop, tmp_path):
    clicks = clicked(shop, lambda query: f"mug {query}", tmp_path)
    with pytest.raises(InputError, match=r"clicks\.csv: names queries by their texts, .* has none of these texts"):
        judgments_of_table(with_texts(shop, {"q01": "shoe"}), "clicks.csv", clicks)
    with pytest.raises(InputError, match=r"has no texts, since an earlier version logged it; log it again"):
        train_fusion(shop, NetworkSettings(**QUICK), auxiliary_qrels={"clicks.csv": clicks})
    known_by_id = clicked(shop, str, tmp_path)  # of a table that was logged without queries: ids are made of texts
    assert judgments_of_table(shop, "clicks.csv", known_by_id) is known_by_id


def test_judgments_of_one_grade_are_refused(shop):
    rows = TrainingRows.of(shop)
    for empty in (Qrels({"unknown": {"a": 1}}), Qrels({query: {} for query in rows.queries})):
        with pytest.raises(InputError, match=r"clicks\.txt: gives all products of the table the same grade"):
            label_rows(rows, {"clicks.txt": empty})


def test_the_loss_counts_known_queries_with_an_order_only():
    scores = torch.tensor([[0.0, 1.0], [3.0, 1.0], [0.5, 0.0]])[..., None].requires_grad_()
    grades = torch.tensor([[1.0, 0.0], [torch.nan, torch.nan], [2.0, 2.0]])[..., None]
    mask = torch.ones(3, 2, dtype=torch.bool)
    found = auxiliary_loss(scores, grades, mask, lambda_loss)
    alone = lambda_loss(scores[:1, :, 0], grades[:1, :, 0], mask[:1])
    assert found.item() == pytest.approx(alone.item() / 3)
    (gradient,) = torch.autograd.grad(found, scores)
    assert gradient.isfinite().all()
    assert gradient[1:].abs().sum() == 0
    assert gradient[0].abs().sum() > 0


@pytest.mark.parametrize(("train", "settings_type"), [(train_fusion, NetworkSettings), (train_mlp, MLPSettings)])
@pytest.mark.slow
def test_auxiliary_judgments_change_the_scores_but_not_the_form_of_the_network(shop, train, settings_type):
    plain = train(shop, settings_type(**QUICK))
    with_labels = train(shop, settings_type(**QUICK, auxiliary_weight=2.0), auxiliary_qrels={"buys": bought(shop)})
    again = train(shop, settings_type(**QUICK, auxiliary_weight=2.0), auxiliary_qrels={"buys": bought(shop)})
    rows = shop.zero_filled[:50]
    assert not np.allclose(plain.predict(rows), with_labels.predict(rows))
    assert np.array_equal(again.predict(rows), with_labels.predict(rows))
    assert {name: value.shape for name, value in plain.network.state_dict().items()} == {
        name: value.shape for name, value in with_labels.network.state_dict().items()
    }
    assert with_labels.card.settings["auxiliary_qrels"] == {"buys": bought(shop).digest}


def test_with_weight_0_auxiliary_judgments_change_nothing(shop):
    plain = train_fusion(shop, NetworkSettings(**QUICK))
    unweighted = train_fusion(
        shop, NetworkSettings(**QUICK, auxiliary_weight=0), auxiliary_qrels={"buys": bought(shop)}
    )
    assert np.array_equal(plain.predict(shop.zero_filled[:50]), unweighted.predict(shop.zero_filled[:50]))


@pytest.mark.slow
def test_what_shoppers_buy_helps_where_grades_are_few(table_of):
    """Grades of a dozen queries say little of forty features; purchases by the same taste say more."""
    rng = np.random.default_rng(8)
    taste = np.zeros(40)
    taste[:4] = 1.0
    values = rng.normal(size=(60 * 30, 40))
    liked = values @ taste
    queries = np.repeat([f"q{number:02}" for number in range(60)], 30)
    grades = ((liked + rng.normal(size=len(liked)) * 4) > 4).astype(int)
    table = table_of(queries, grades, values)
    training, test = (
        table.for_queries([f"q{n:02}" for n in range(12)]),
        table.for_queries([f"q{n:02}" for n in range(12, 60)]),
    )
    buys = {}
    for query, product, like in zip(table.queries, table.products, liked, strict=True):
        buys.setdefault(str(query), {})[str(product)] = int(like > 1.5)
    settings = {"epochs": 60, "patience": 60, "refit": True, "units": 8}
    truth = liked[np.isin(queries, test.queries.astype(str))]

    def agreement(ranker):
        return np.corrcoef(ranker.predict(test.zero_filled), truth)[0, 1]

    plain = agreement(train_mlp(training, MLPSettings(**settings)))
    helped = agreement(
        train_mlp(training, MLPSettings(**settings, auxiliary_weight=2.0), auxiliary_qrels={"buys": Qrels(buys)})
    )
    assert helped > plain + 0.02

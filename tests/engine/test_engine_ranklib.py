"""model/ranklib: trees and one-line models in the text that RankLib writes."""

from dataclasses import dataclass

import numpy as np
import pytest
from engine_http import derived, price

pytestmark = pytest.mark.live

F32 = np.float32
STUMP = "<split><output>1.5</output></split>"


@dataclass
class Tree:
    """A leaf when `feature` is 0."""

    value: float
    feature: int = 0
    left: "Tree | None" = None
    right: "Tree | None" = None

    def text(self, side: str = "") -> str:
        opened = f'<split pos="{side}">' if side else "<split>"
        if not self.feature:
            return f"{opened}\n<output> {self.value} </output>\n</split>\n"
        inside = f"<feature> {self.feature} </feature>\n\t\t<threshold> {self.value} </threshold>\n"
        return f"{opened}\n{inside}{self.left.text('left')}{self.right.text('right')}</split>\n"

    def leaf(self, values: np.ndarray) -> float:
        if not self.feature:
            return self.value
        return (self.left if values[self.feature - 1] <= F32(self.value) else self.right).leaf(values)


def grow(rng: np.random.Generator, features: int, leaves: int) -> Tree:
    if leaves == 1:
        return Tree(float(F32(rng.normal())))
    left = int(rng.integers(1, leaves))
    at = float(rng.integers(0, 7)) / 2  # a coarse grid, so that values meet thresholds exactly
    return Tree(at, int(rng.integers(1, features + 1)), grow(rng, features, left), grow(rng, features, leaves - left))


def ensemble(trees: list[Tree], weight: float = 0.1) -> str:
    inside = "".join(f'<tree id="{i + 1}" weight="{weight}">\n{tree.text()}</tree>\n' for i, tree in enumerate(trees))
    return f"<ensemble>\n{inside}</ensemble>\n"


def total(trees: list[Tree], values: np.ndarray, weight: float = 0.1) -> np.float32:
    score = F32(0)
    for tree in trees:
        score = F32(np.float64(score) + np.float64(F32(tree.leaf(values))) * np.float64(F32(weight)))
    return score


@pytest.fixture
def vectors(ranking):
    """Scores of a model for vectors that are sent as params; what is NaN does not match."""
    constant = '{"constant_score": {"filter": {"match_all": {}}, "boost": {{v%d}}}}'
    template = "{{#has%d}}" + constant + '{{/has%d}}{{^has%d}}{"match_none": {}}{{/has%d}}'
    ranking.put_set("s", *({"name": f"f{i}", "template": template.replace("%d", str(i))} for i in range(4)))

    def scores(model: str, rows: np.ndarray) -> list[np.float32]:
        found = []
        for row in rows:
            params = {f"has{i}": not np.isnan(x) for i, x in enumerate(row)}
            params |= {f"v{i}": 0.0 if np.isnan(x) else float(x) for i, x in enumerate(row)}
            found.append(F32(ranking.scores(model=model, params=params)["1"]))
        return found

    return scores


def rows(rng: np.random.Generator, count: int) -> np.ndarray:
    values = rng.integers(0, 7, (count, 4)).astype(F32) / F32(2)
    values[rng.random((count, 4)) < 0.2] = np.nan
    return values


@pytest.mark.parametrize("kind", ["LambdaMART", "MART"])
def test_trees_score_bit_for_bit(ranking, vectors, kind):
    rng = np.random.default_rng(5)
    trees = [grow(rng, 4, int(leaves)) for leaves in rng.integers(1, 40, 20)]
    text = f"## {kind}\n## No. of trees = 20\n\n{ensemble(trees)}"
    assert ranking.create_model("s", "m", "model/ranklib", text).status == 201
    sample = rows(rng, 40)
    expected = [total(trees, np.nan_to_num(row)) for row in sample]
    assert vectors("m", sample) == expected
    explanation = ranking.search(ranking.sltr(model="m", params=dict.fromkeys(("has0", "has1", "has2", "has3"), False)),
                                 explain=True).body["hits"]["hits"][0]["_explanation"]  # fmt: skip
    assert explanation["description"] == f" LtrModel: {kind} using features:"


def test_a_forest_is_the_mean_of_its_ensembles(ranking, vectors):
    rng = np.random.default_rng(6)
    bags = [[grow(rng, 4, 8) for _ in range(int(count))] for count in (1, 3, 2)]
    text = "## Random Forests\n" + "".join(ensemble(bag, weight=1.0) for bag in bags)
    assert ranking.create_model("s", "m", "model/ranklib", text).status == 201
    sample = rows(rng, 20)
    expected = [F32(sum(np.float64(total(bag, np.nan_to_num(row), 1.0)) for bag in bags) / 3) for row in sample]
    assert vectors("m", sample) == expected


ROW = np.array([[2.0, 0.5, np.nan, 3.0]], F32)
LINES = {
    "## Coordinate Ascent\n## Restart = 2\n\n1:0.1 4:-0.3 2:1e-3 # done": 0.1 * 2 - 0.3 * 3 + 1e-3 * 0.5,
    "## AdaRank\n1:0.1 2:0.2 1:0.1": 0.1 * 2 + 0.2 * 0.5 + 0.1 * 2,
    "## Linear Regression\n## Lambda = 1.0E-10\n0:0.7 1:0.1 3:9": 0.7 + 0.1 * 2,
    "## RankBoost\n1:1.9999999:0.25 1:2.0:0.5 3:-0.1:4 4:3.5:8": 0.25 + 4,
    "## coordinate ascent\n1:1": 2,
}


@pytest.mark.parametrize("text", LINES)
def test_models_of_one_line_are_summed_in_double(ranking, vectors, text):
    assert ranking.create_model("s", "m", "model/ranklib", text).status == 201
    assert vectors("m", ROW) == [F32(LINES[text])]


def test_carriage_returns_and_single_leaves(ranking, vectors):
    text = f"## MART\r\n<ensemble>\r\n  <tree id='1' weight='2'>\r\n{STUMP}\r\n</tree>\r\n</ensemble>\r\n"
    assert ranking.create_model("s", "m", "model/ranklib", text).status == 201
    assert vectors("m", ROW) == [3]


def test_features_are_numbered_by_the_set_and_nan_reads_as_zero(ranking):
    ranking.put_set("s", price(), derived("nan", "ln(-1)"))
    split = "<split><feature>2</feature><threshold>-1</threshold>{}{}</split>".format(
        STUMP, STUMP.replace("1.5", "2.5")
    )
    text = f'## LambdaMART\n<ensemble><tree id="1" weight="1">{split}</tree></ensemble>'
    assert ranking.create_model("s", "m", "model/ranklib", text).status == 201
    assert set(ranking.scores(model="m").values()) == {2.5}


def test_the_text_is_given_back(ranking, node, store):
    ranking.put_set("s", price())
    text = "## Coordinate Ascent\n1:1\n"
    ranking.create_model("s", "m", "model/ranklib", text)
    assert node("GET", f"{store}/_model/m").body["_source"]["model"]["model"]["definition"] == text


SOUND = f'<ensemble><tree id="1" weight="1">{STUMP}</tree></ensemble>'


@pytest.mark.parametrize(
    "definition",
    [
        "",
        "## Nothing\n",
        f"##MART\n{SOUND}",
        f" ## MART\n{SOUND}",
        f"\n## MART\n{SOUND}",
        "## MART\n",
        f"## MART\n{SOUND}{SOUND}",
        f"## MART\n{SOUND} and more",
        f"## MART\n{SOUND.replace('<split>', '<split> ')}",
        f"## MART\n{SOUND.replace('weight', 'size')}",
        f"## MART\n{SOUND.replace('1.5', 'NaN')}",
        f"## MART\n{SOUND.replace('1.5', '1e39')}",
        f"## MART\n{SOUND.replace('</ensemble>', '')}",
        f"## MART\n<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>{SOUND.replace('1.5', '&e;')}",
        f"## MART\n{SOUND.replace('<output>1.5</output>', '<feature>2</feature><threshold>1</threshold>' + 2 * STUMP)}",
        "## Coordinate Ascent\n\n",
        "## Coordinate Ascent\n2:1",
        "## Coordinate Ascent\n1:NaN",
        "## Linear Regression\n1:1",
        "## RankBoost\n1:1",
        {"tree": 1},
        ["## MART"],
    ],
)
def test_faulty_definitions_are_refused(ranking, definition):
    ranking.put_set("s", price())
    reply = ranking.create_model("s", "m", "model/ranklib", definition)
    assert (reply.status, reply.error) == (400, "illegal_argument_exception"), reply.text
    assert "model/ranklib" in reply.body["error"]["reason"]

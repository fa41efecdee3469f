"""Requests that could take a node down are refused, and the node lives on."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from engine_http import STORE, derived, price

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def _node_lives_on(node):
    yield
    assert node("GET", "/_cluster/health").status == 200


def nested_tree(depth: int) -> str:
    """The text of a chain of splits; built as text, since JSON encoders have a depth limit of their own."""
    start = "".join(
        f'{{"nodeid":{2 * i},"depth":{i},"split":"price","split_condition":1,"yes":{2 * i + 1},"no":{2 * i + 2},'
        f'"children":[{{"nodeid":{2 * i + 1},"leaf":1}},'
        for i in range(depth)
    )
    return f"[{start}" + f'{{"nodeid":{2 * depth},"leaf":2}}' + "]}" * depth + "]"


@pytest.mark.parametrize(("depth", "status"), [(400, 201), (500, 400), (2_000, 400), (100_000, 400)])
@pytest.mark.parametrize("form", ["structure", "string"])
def test_deep_trees(ranking, node, store, depth, status, form):
    ranking.put_set("s", price())
    definition = nested_tree(depth) if form == "structure" else json.dumps(nested_tree(depth))
    body = f'{{"model":{{"name":"m","model":{{"type":"model/xgboost+json","definition":{definition}}}}}}}'
    assert node("POST", f"{store}/_featureset/s/_createmodel", body).status == status
    if status == 201:
        assert ranking.scores(model="m") == {"1": 2, "2": 2, "3": 2, "4": 1}


@pytest.mark.parametrize("term", ["price", "0.5 * price"])
def test_an_expression_of_a_thousand_terms_works(ranking, term):
    ranking.put_set("s", price(), derived("d", " + ".join([term] * 1_000)))
    assert ranking.log(featureset="s")["1"]["d"] == (3_000 if term == "price" else 1_500)


@pytest.mark.parametrize(
    "expression",
    [
        "+".join(["1"] * 100_000),
        "(" * 100_000 + "1" + ")" * 100_000,
        "-" * 100_000 + "1",
        "1?" * 50_000 + "1" + ":1" * 50_000,
        "abs(" * 5_000 + "1" + ")" * 5_000,
        "a" * 1_000_000,
    ],
    ids=["sum", "parentheses", "signs", "conditions", "calls", "name"],
)
def test_long_and_deep_expressions(node, store, expression):
    reply = node("PUT", f"{store}/_feature/d", {"feature": derived("d", expression)})
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")


@pytest.mark.parametrize(
    "expression",
    ["(" * 1_900 + "1" + ")" * 1_900, "1<" * 3_900 + "1", "abs(" * 3_900 + "1" + ")" * 3_900, "-" * 3_900 + "1"],
    ids=["parentheses", "comparisons", "calls", "signs"],
)
def test_expressions_just_within_the_limits_end_in_an_answer(node, store, expression):
    assert node("PUT", f"{store}/_feature/d", {"feature": derived("d", expression)}).status in {201, 400}


@pytest.mark.parametrize(
    "template", ["{{#a}}" * 60 + "{{/a}}" * 60, "{{#a}}" * 50_000 + "{{/a}}" * 50_000, "x" * 1_000_001]
)
def test_deep_and_large_templates(node, store, template):
    reply = node("PUT", f"{store}/_feature/f", {"feature": {"template": template}})
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")


def test_a_template_that_multiplies(ranking):
    inner = "{{#l}}" * 5 + "xxxxxxxxxx" + "{{/l}}" * 5
    ranking.put_set("s", {"name": "f", "template": '{"match": {"title": "' + inner + '"}}'})
    reply = ranking.search(ranking.sltr(featureset="s", params={"l": list(range(100))}))
    assert reply.status == 400


def test_a_set_that_reaches_itself(ranking):
    ranking.put_set("self", {"name": "again", "template": ranking.sltr(featureset="self")})
    reply = ranking.search(ranking.sltr(featureset="self"))
    assert (reply.status, reply.error) == (400, "search_phase_execution_exception")


def nest(ranking, levels: int, width: int) -> str:
    """The name of a set whose features are `sltr` queries, in which there are others, down to `match_all`."""
    template = {"match_all": {}}
    for level in range(levels):
        ranking.put_set(f"n{level}", *({"name": f"f{i}", "template": template} for i in range(width)))
        template = ranking.sltr(featureset=f"n{level}")
    return f"n{levels - 1}"


@pytest.mark.parametrize(("levels", "width"), [(3, 90), (5, 90)])
def test_nested_sets_that_multiply(ranking, levels, width):
    reply = ranking.search(ranking.sltr(featureset=nest(ranking, levels, width)))
    assert (reply.status, reply.error) == (400, "search_phase_execution_exception")
    assert "more than 100000 features in total" in reply.body["error"]["root_cause"][0]["reason"]


def test_many_queries_that_only_together_have_too_many_features(ranking):
    inner = ranking.sltr(featureset=nest(ranking, 2, 31))
    assert ranking.search(inner).status == 200
    assert "in total" in ranking.search({"bool": {"should": [inner] * 110}}).text


def test_features_that_render_to_much_only_together(ranking):
    features = [{"name": f"f{i}", "template": '{"terms": {"title": {{#toJson}}l{{/toJson}}}}'} for i in range(40)]
    ranking.put_set("s", *features)
    words = [f"{number:09}" for number in range(30_000)]
    reply = ranking.search(ranking.sltr(featureset="s", params={"l": words}))
    assert reply.status == 400
    assert "render to more than 10000000 characters in total" in reply.text


def test_expressions_whose_registers_are_much_only_together(ranking):
    numbers = "+".join(f"{number}.5" for number in range(3_900))
    ranking.put_set("s", *(derived(f"d{i}", numbers) for i in range(20)))
    query = ranking.sltr(featureset="s")
    assert ranking.search(query).status == 200
    reply = ranking.search({"bool": {"should": [query] * 30}})
    assert reply.status == 400
    assert "characters in total" in reply.text


@pytest.mark.slow
def test_large_models_that_are_loaded_at_once(ranking, node, store):
    """16 models of 10 MB each, loaded one after the other: each search has an answer, or 429 and then an answer.

    One is created, and copied behind the engine's back: to create each takes longer than to load it.
    """
    ranking.put_set("s", price())
    definition = "[" + ",".join([nested_tree(60)[1:-1]] * 1_500) + "]"
    body = f'{{"model":{{"name":"m0","model":{{"type":"model/xgboost+json","definition":{definition}}}}}}}'
    assert node("POST", f"{store}/_featureset/s/_createmodel", body).status == 201
    kept = f"/.ltrstore_{STORE}"
    source = json.dumps(node("GET", f"{kept}/_doc/model-m0", warned=True).body["_source"])
    assert source.count('"name": "m0"') == 2
    for number in range(1, 16):
        copied = source.replace('"name": "m0"', f'"name": "m{number}"')
        assert node("PUT", f"{kept}/_doc/model-m{number}", copied, warned=True).status == 201
    node("POST", f"{kept}/_refresh", warned=True)
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(ranking.search, [ranking.sltr(model=f"m{number}") for number in range(16)]))
    assert {reply.status for reply in replies} == {200}


@pytest.mark.parametrize("number", ['"NaN"', '"Infinity"', "1e39", "1e999"])
@pytest.mark.parametrize("field", ["leaf", "split_condition"])
def test_numbers_beyond_float32(ranking, node, store, number, field):
    ranking.put_set("s", price())
    at, value = (number, "1") if field == "split_condition" else ("1", number)
    children = f'[{{"nodeid":1,"leaf":{value}}},{{"nodeid":2,"leaf":1}}]'
    split = f'"split":"price","split_condition":{at},"yes":1,"no":2,"children":{children}'
    tree = f'{{"nodeid":0,"depth":0,{split}}}'
    body = f'{{"model":{{"name":"m","model":{{"type":"model/xgboost+json","definition":[{tree}]}}}}}}'
    assert node("POST", f"{store}/_featureset/s/_createmodel", body).status == 400


def test_deep_params(ranking):
    ranking.put_set("s", {"name": "f", "template": '{"match": {"title": "{{#toJson}}deep{{/toJson}}"}}'})
    for depth in (100, 450, 100_000):
        deep = '{"a":' * depth + "1" + "}" * depth
        sltr = f'{{"store":"enginetests","featureset":"s","params":{{"deep":{deep}}}}}'
        search = f'{{"query":{{"sltr":{sltr}}}}}'
        assert ranking.node("POST", f"/{ranking.index}/_search", search).status == 400


@pytest.mark.parametrize("inside", ["", "{{#url}}{{#l}}{{/l}}{{/url}}"])
def test_a_template_that_repeats_without_writing(ranking, inside):
    template = "{{#l}}" * 6 + inside + "{{/l}}" * 6 + '{"match_all": {}}'
    ranking.put_set("s", {"name": "f", "template": template})
    reply = ranking.search(ranking.sltr(featureset="s", params={"l": list(range(1_000))}))
    assert reply.status == 400


def saved(yes: list[int], no: list[int]) -> dict:
    """A saved XGBoost model of one tree with these children."""
    size = len(yes)
    tree = {
        "left_children": yes, "right_children": no, "split_indices": [0] * size, "split_conditions": [1] * size,
        "default_left": [0] * size,
    }  # fmt: skip
    learner = {
        "feature_names": ["price"], "feature_types": ["float"], "objective": {"name": "rank:ndcg"},
        "gradient_booster": {"name": "gbtree", "model": {"trees": [tree]}},
    }  # fmt: skip
    return {"learner": learner}


@pytest.mark.parametrize(
    ("yes", "no", "reason"),
    [
        ([0], [0], "reaches node [0] twice"),
        ([1, 0, -1], [2, 2, -1], "twice"),
        ([1, -1, -1], [1, -1, -1], "reaches node [1] twice"),
        ([1, 2, 3, 1], [4, 4, 4, 4], "twice"),
        ([1], [2], "that does not exist"),
        ([-5], [0], "that does not exist"),
    ],
)
def test_trees_that_reach_a_node_twice_or_one_that_is_not_there(ranking, yes, no, reason):
    ranking.put_set("s", price())
    reply = ranking.create_model("s", "m", "model/xgboost+json+raw", saved(yes, no))
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")
    assert reason in reply.body["error"]["reason"]


@pytest.mark.parametrize(("depth", "status"), [(480, 201), (481, 400), (100_000, 400)])
def test_deep_saved_trees(ranking, depth, status):
    ranking.put_set("s", price())
    yes = [node + 1 if node < depth else -1 for node in range(2 * depth + 1)]
    no = [depth + 1 + node if node < depth else -1 for node in range(2 * depth + 1)]
    reply = ranking.create_model("s", "m", "model/xgboost+json+raw", saved(yes, no))
    assert reply.status == status, reply.text[:300]
    if status == 201:
        assert ranking.scores(model="m") == dict.fromkeys("1234", 1)


@pytest.mark.parametrize(("depth", "status"), [(480, 201), (481, 400), (100_000, 400)])
def test_deep_ranklib_trees(ranking, depth, status):
    ranking.put_set("s", price())
    leaf = "<split><output>1</output></split>"
    inside = "<feature>1</feature><threshold>1</threshold>"
    tree = f"<split>{inside}{leaf}" * depth + leaf + "</split>" * depth
    reply = ranking.create_model(
        "s", "m", "model/ranklib", f'## MART\n<ensemble><tree weight="1">{tree}</tree></ensemble>'
    )
    assert reply.status == status, reply.text[:300]


@pytest.mark.parametrize(
    "text", ["## Coordinate Ascent\n" + "1:1 " * 300_000, "\n" * 2_000_000, "## MART\n" + "<" * 2_000_000]
)
def test_long_ranklib_texts(ranking, text):
    ranking.put_set("s", price())
    reply = ranking.create_model("s", "m", "model/ranklib", text)
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")


def test_more_features_than_a_set_may_have(node, store):
    many = ",".join(f'{{"name":"f{i}","template":""}}' for i in range(100_001))
    for method, path, key in (("PUT", "s", "featureset"), ("POST", "s/_addfeatures", None)):
        features = f'{{"features":[{many}]}}'
        body = f'{{"{key}":{features}}}' if key else features
        reply = node(method, f"{store}/_featureset/{path}", body)
        assert reply.status == 400
        assert "more than 100000 features" in reply.text


def test_features_that_would_fill_the_memory_when_compiled(node, store):
    features = [{"name": f"f{i}", "template": "{{a}}" * 200_000} for i in range(12)]
    reply = node("PUT", f"{store}/_featureset/s", {"featureset": {"features": features}})
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")
    assert "bytes" in reply.body["error"]["reason"]


@pytest.mark.parametrize(
    "normalizer", [{"mean": 0, "standard_deviation": 1e39}, {"mean": "NaN", "standard_deviation": 1}]
)
def test_normalizers_beyond_float32(ranking, normalizer):
    ranking.put_set("s", price())
    reply = ranking.create_model("s", "m", "model/linear", {}, feature_normalizers={"price": {"standard": normalizer}})
    assert reply.status == 400

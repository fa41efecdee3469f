import json
from itertools import pairwise

import pytest
import yaml

from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.cluster.managed.mapping import index_body
from ltr_plugin.engines import OPENSEARCH
from ltr_plugin.errors import InputError
from ltr_plugin.features.clauses import clause_count
from ltr_plugin.features.compatibility import check_fields
from ltr_plugin.features.expressions import term_count, variables
from ltr_plugin.features.feature_set import FeatureSet, shipped_feature_sets

FEATURES = [
    {"name": "title", "kind": "match", "modality": "text", "field": "title"},
    {
        "name": "photo",
        "kind": "similarity",
        "modality": "image",
        "query_vector": "image_vector",
        "field": "image_vector",
    },
    {"name": "both", "kind": "derived", "modality": "query", "expression": "title * max(photo, 0.5)"},
]
IMAGE = VectorField("image_vector", "image", "open_clip:x", Fingerprint("open_clip", "x", "", 8, "", "w"))
TEXT = VectorField("text_vector", "text", "st:y", Fingerprint("st", "y", "", 4, "", "w"))


def written(tmp_path, features, **header):
    path = tmp_path / "set.yaml"
    path.write_text(yaml.safe_dump({"name": "shop", "version": 1, **header, "features": features}))
    return path


def problems_of(path):
    with pytest.raises(InputError) as raised:
        FeatureSet.load(path)
    return {problem.location: problem.message for problem in raised.value.problems}


def test_every_problem_of_a_file_is_listed(tmp_path):
    path = written(
        tmp_path,
        [
            {"name": "a", "kind": "mach", "modality": "text"},
            {"name": "b", "kind": "match", "modality": "imgae", "field": "title", "wieght": 2},
            {"name": "Bad Name", "kind": "query_flag", "modality": "query", "parameter": "text"},
        ],
        version=0,
    )
    found = problems_of(path)
    assert set(found) == {
        "$.version", "$.features[0].kind", "$.features[1].modality", "$.features[1].wieght", "$.features[2].name",
    }  # fmt: skip
    assert found["$.features[0].kind"].startswith("unknown kind 'mach' (expected one of: 'match', 'multi_match'")


def test_a_name_taken_twice_is_refused(tmp_path):
    found = problems_of(written(tmp_path, [FEATURES[0], FEATURES[0]]))
    assert "name 'title' is taken" in found["$.features[1].name"]


def test_an_expression_reads_earlier_features_only(tmp_path):
    found = problems_of(written(tmp_path, [FEATURES[0], FEATURES[2], FEATURES[1]]))
    assert "['photo']" in found["$.features[1].expression"]


def test_mistakes_between_features_are_listed_with_those_of_each_feature(tmp_path):
    derived = {"kind": "derived", "modality": "text"}
    features = [
        {**FEATURES[0], "boots": 2},
        {**derived, "name": "root", "expression": "sqrt(titel)"},
        {**derived, "name": "title", "expression": "title + root + own"},
    ]
    found = problems_of(written(tmp_path, features))
    assert set(found) == {
        "$.features[0].boots", "$.features[1].expression", "$.features[2].name", "$.features[2].expression",
    }  # fmt: skip
    assert "reads ['titel']" in found["$.features[1].expression"]
    assert "reads ['own']" in found["$.features[2].expression"]
    del features[0]["boots"]
    assert found.keys() - problems_of(written(tmp_path, features)).keys() == {"$.features[0].boots"}


@pytest.mark.parametrize("features", [None, "title", [], ["title"], [3, {"name": ["a"], "expression": 3}]])
def test_what_is_no_list_of_features_is_refused(tmp_path, features):
    assert all(location.startswith("$.features") for location in problems_of(written(tmp_path, features)))


def test_broken_yaml_names_its_line(tmp_path):
    path = tmp_path / "set.yaml"
    path.write_text("name: shop\nfeatures: [\n")
    assert "line 3" in problems_of(path)


def test_a_zero_filled_feature_matches_everything_and_a_logged_one_does_not(tmp_path):
    features = FeatureSet.load(written(tmp_path, FEATURES))
    match = {"match": {"title": {"query": "{{text}}", "operator": "or"}}}
    zero_filled = features.rendered()[0]["template"]
    assert json.loads(zero_filled) == {"bool": {"must": [{"match_all": {"boost": 0}}], "should": [match]}}
    assert json.loads(features.rendered(zero_filled=False)[0]["template"]) == match


def test_a_vector_feature_branches_on_its_flag_and_writes_the_vector_as_json(tmp_path):
    template = FeatureSet.load(written(tmp_path, FEATURES)).rendered(zero_filled=False)[1]["template"]
    assert template.startswith("{{#has_image_vector}}")
    assert '"query_value":{{#toJson}}image_vector{{/toJson}}' in template
    assert template.endswith('{{/has_image_vector}}{{^has_image_vector}}{"match_none":{}}{{/has_image_vector}}')


def test_the_digest_changes_with_a_value_but_not_with_a_name_of_the_file(tmp_path):
    one = FeatureSet.load(written(tmp_path, FEATURES))
    other = FeatureSet.load(written(tmp_path, [{**FEATURES[0], "operator": "and"}, *FEATURES[1:]]))
    assert one.id == other.id == "shop-v1"
    assert one.digest != other.digest


@pytest.mark.parametrize("name", shipped_feature_sets())
def test_a_shipped_set_is_loaded_by_its_name(name):
    assert FeatureSet.load(name).name == name


def test_a_file_is_preferred_to_a_shipped_set_but_a_folder_is_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    assert len(FeatureSet.load("shop").features) > 3
    written(tmp_path, FEATURES).rename(tmp_path / "media")
    assert len(FeatureSet.load("media").features) == 3


@pytest.mark.parametrize("name", ["shp", "folder/shop.yaml"])
def test_what_is_neither_a_file_nor_a_shipped_set_lists_the_shipped_ones(name):
    with pytest.raises(InputError, match=f"{name}: no such file.*shipped are media, shop, words"):
        FeatureSet.load(name)


@pytest.mark.parametrize(
    ("feature", "key", "new_name"),
    [
        ({"kind": "multi_match", "across": ["title"]}, "across", "fields"),
        ({"kind": "query_flag", "has": "text"}, "has", "parameter"),
        ({"kind": "match", "field": "title", "direction": "increasing"}, "direction", "monotonicity"),
        ({"kind": "similarity", "field": "v", "query_vector": "v", "best": True}, "best", "score_mode: max"),
    ],
)
def test_a_key_of_an_earlier_version_is_refused_with_its_new_name(tmp_path, feature, key, new_name):
    found = problems_of(written(tmp_path, [{"name": "a", "modality": "text", **feature}]))
    assert found[f"$.features[0].{key}"] == f"unknown key; it is called `{new_name}` now"


def test_a_set_is_checked_against_the_index(tmp_path):
    features = FeatureSet.load(
        written(
            tmp_path,
            [
                {"name": "a", "kind": "match", "modality": "text", "field": "titel"},
                {"name": "b", "kind": "field_value", "modality": "behaviour", "field": "title"},
                {
                    "name": "c",
                    "kind": "similarity",
                    "modality": "image",
                    "query_vector": "photo",
                    "field": "image_vector",
                },
                {
                    "name": "d",
                    "kind": "similarity",
                    "modality": "image",
                    "query_vector": "text_vector",
                    "field": "image_vector",
                },
                {"name": "e", "kind": "field_value", "modality": "behaviour", "field": "stats.rating"},
                {"name": "f", "kind": "match", "modality": "text", "field": "title.stem"},
            ],
        )
    )
    mapping = index_body(OPENSEARCH, [IMAGE, TEXT], tmp_path)["mappings"]
    with pytest.raises(InputError) as raised:
        check_fields(features, mapping, [IMAGE, TEXT])
    found = {problem.location: problem.message for problem in raised.value.problems}
    assert set(found) == {
        "$.features[0].field",
        "$.features[1].field",
        "$.features[2].query_vector",
        "$.features[3].field",
    }
    assert "no field 'titel' in the index" in found["$.features[0].field"]
    assert "vectors of two spaces cannot be compared" in found["$.features[3].field"]


def test_variables_of_an_expression_are_its_names_without_functions_and_numbers():
    assert variables("max(a_1, 2e-3) + ln(b.c) * 1.5E+4 - x2 ? 0x1F : .5") == {"a_1", "b.c", "x2"}
    assert term_count("a + 2 * max(b, 1e-3)") == 4


def test_monotone_constraints_are_in_the_order_of_the_features(tmp_path):
    features = FeatureSet.load(
        written(
            tmp_path,
            [{**FEATURES[0], "monotonicity": "increasing"}, {**FEATURES[1], "monotonicity": "decreasing"}, FEATURES[2]],
        )
    )
    assert features.monotone_constraints == (1, -1, 0)
    assert features.digest == FeatureSet.load(written(tmp_path, FEATURES)).digest  # values are what they were


@pytest.mark.parametrize("origin", ["now", "now-7d/d", "2024-02-29", "2024-02-29T18:00:00Z", "2024-02-29||+1M/d"])
def test_an_origin_is_a_date_with_date_math(tmp_path, origin):
    feature = {"name": "new", "kind": "recency", "modality": "behaviour", "field": "released", "origin": origin}
    assert origin in FeatureSet.load(written(tmp_path, [feature])).rendered()[0]["template"]


@pytest.mark.parametrize(
    "origin", ["", "yesterday", "NOW", "now-", "now-1x", "2024-02-30", "2024/02/01", "2024-01-01-1d"]
)
def test_an_origin_that_is_no_date_is_refused(tmp_path, origin):
    feature = {"name": "new", "kind": "recency", "modality": "behaviour", "field": "released", "origin": origin}
    assert "is no date; write such as now" in problems_of(written(tmp_path, [feature]))["$.features[0].origin"]


@pytest.mark.parametrize("factor", [0, -1, 1e-300, 1e300])
def test_a_factor_that_makes_no_number_is_refused(tmp_path, factor):
    feature = {"name": "price", "kind": "field_value", "modality": "behaviour", "field": "price", "factor": factor}
    assert (
        "greater than or equal to" in (found := problems_of(written(tmp_path, [feature]))["$.features[0].factor"])
        or "less than or equal to" in found
    )


def test_a_date_in_nanoseconds_is_refused(tmp_path):
    """Its decay is computed in milliseconds, so that it would be 0 for all products."""
    feature = {"name": "new", "kind": "recency", "modality": "behaviour", "field": "released"}
    mapping = {"properties": {"released": {"type": "date_nanos"}}}
    with pytest.raises(InputError, match="'released' is of type date_nanos, but 'new' needs a date field"):
        check_fields(FeatureSet.load(written(tmp_path, [feature])), mapping, [])


def test_a_word_is_a_clause_in_each_field_and_a_fuzzy_one_as_many_as_its_terms(tmp_path):
    def per_word(**feature):
        features = FeatureSet.load(written(tmp_path, [{"name": "a", "modality": "text", **feature}]))
        return clause_count(features, 11) - clause_count(features, 10)

    def template(query):
        return {"kind": "template", "template": {"bool": {"should": [query, {"term": {"brand": "x"}}]}}}

    assert per_word(kind="match", field="title") == 1
    assert per_word(kind="match", field="title", fuzziness="AUTO") == 8
    assert per_word(kind="phrase", field="title") == 0
    assert per_word(kind="multi_match", fields=["title", "brand"], type="cross_fields") == 2
    assert per_word(kind="multi_match", fields=["title", "brand"], type="phrase") == 0
    assert per_word(kind="field_value", field="price") == 0
    assert per_word(**template({"match": {"title": "{{text}}"}})) == 1
    assert per_word(**template({"match": {"title": {"query": "{{text}}", "fuzziness": 1}}})) == 50
    assert per_word(**template({"multi_match": {"query": "{{text}}", "fields": ["title", "brand"]}})) == 2
    assert per_word(**template({"match": {"title": "of the shop"}})) == 0


@pytest.mark.parametrize("minimum", ["abc", "3<", "99999999999", "2 3", ""])
def test_a_minimum_that_fails_some_texts_is_refused(tmp_path, minimum):
    feature = {**FEATURES[0], "minimum_should_match": minimum}
    assert set(problems_of(written(tmp_path, [feature]))) == {"$.features[0].minimum_should_match"}


def test_a_fuzzy_match_of_a_field_that_is_one_word_is_refused(tmp_path):
    mapping = {"properties": {"brand": {"type": "keyword"}}}
    feature = {"name": "brand", "kind": "match", "modality": "text", "field": "brand"}
    check_fields(FeatureSet.load(written(tmp_path, [feature])), mapping, [])
    with pytest.raises(InputError, match="'brand' is of type keyword, but 'brand' needs a tokenized text field"):
        check_fields(FeatureSet.load(written(tmp_path, [{**feature, "fuzziness": "AUTO"}])), mapping, [])


MANY = "a: &a [1, 1, 1, 1, 1, 1, 1, 1], " + ", ".join(
    f"{name}: &{name} [{', '.join(8 * [f'*{inner}'])}]" for inner, name in pairwise("abcdefgh")
)
"""Eight lists, each of which has the one before eight times."""


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        ("{name: new, kind: recency, modality: text, field: released, origin: 2026-13-45}", "YAML cannot read: month"),
        ("{name: new, kind: template, modality: text, template: {range: {a: {gte: 2026-01-01}}}}", "dates into quotes"),
        ("{name: new, kind: template, modality: text, template: {boost: .nan}}", "cannot be written as JSON"),
        ("{name: new, kind: template, modality: text, template: title}", "is no query in JSON"),
        ("{name: new, kind: template, modality: text, template: '{1}'}", "is no query in JSON"),
        ("{name: new, kind: template, modality: text, template: &own {bool: *own}}", "more than 100,000 values"),
        (f"{{name: new, kind: template, modality: text, template: {{{MANY}}}}}", "more than 100,000 values"),
        ("[" * 5000, "YAML cannot read"),
    ],
)
def test_a_value_that_only_yaml_has_is_a_problem_of_the_file(tmp_path, feature, message):
    path = tmp_path / "set.yaml"
    path.write_text(f"name: shop\nversion: 1\nfeatures:\n- {feature}\n")
    assert any(message in problem for problem in problems_of(path).values())

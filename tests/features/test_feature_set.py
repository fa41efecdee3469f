import json

import pytest
import yaml

from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.cluster.mapping import index_body
from ltr_plugin.errors import InputError
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
    assert "name 'title' is taken" in problems_of(written(tmp_path, [FEATURES[0], FEATURES[0]]))["$"]


def test_an_expression_reads_earlier_features_only(tmp_path):
    assert "['photo']" in problems_of(written(tmp_path, [FEATURES[0], FEATURES[2], FEATURES[1]]))["$"]


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
    mapping = index_body([IMAGE, TEXT], tmp_path)["mappings"]
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

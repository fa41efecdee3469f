"""Features of a store as features of a file: what is read, renamed, left out and named."""

import pytest

from ltr_plugin.features.clauses import clause_count
from ltr_plugin.features.compatibility import unbounded_templates
from ltr_plugin.features.feature_file import feature_file
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.modality_mask import ModalityMask
from ltr_plugin.features.stored_set import read_stored


def one(name, template, language="mustache", params=()):
    return {"name": name, "template": template, "template_language": language, "params": list(params)}


def test_templates_and_expressions_are_read_and_others_left_out_with_the_reason():
    read = read_stored(
        [
            one("Title!", {"match": {"title": "{{text}}"}}),
            one("title", '{"match": {"title": {"query": "{{text}}"}}}'),
            one("A.b", "Title! + 1", "derived_expression"),
            one("sum", "title * 2 + max(title, 1)", "derived_expression"),
            one("script", {"lang": "painless", "source": "1"}, "script_feature"),
            one("list", "[1]"),
            one("word", "title"),
            one("cut", '{"match'),
            one("of_script", "script + 1", "derived_expression"),
        ]
    )
    assert [feature["name"] for feature in read.features] == ["title", "title_2", "sum"]
    assert read.features[2]["expression"] == "title_2 * 2 + max(title_2, 1)"
    assert read.renamed == {"Title!": "title", "title": "title_2"}
    assert read.left_out.keys() == {"A.b", "script", "list", "word", "cut", "of_script"}
    assert "language script_feature" in read.left_out["script"]
    assert "reads script, which is no earlier feature" in read.left_out["of_script"]
    assert read.parameters == {}
    FeatureSet.model_validate({"name": "s", "version": 1, "features": read.features})


@pytest.mark.parametrize(
    "template",
    [
        "{{words}}",
        "{{{words}}}",
        "{{ words }} {{text}}",
        "{{#words}}x{{/words}}",
        "{{^words}}x{{/words}}",
        "{{#toJson}}words{{/toJson}}",
        "{{#join delimiter='|'}}words{{/join delimiter='|'}}",
    ],
)
def test_a_parameter_that_searches_do_not_have_is_named_and_may_be_the_text(template):
    stored = [one("a", {"match": {"title": template}})]
    assert read_stored(stored).parameters == {"words": ["a"]}
    assert read_stored(stored, ["words"]).parameters == {}
    renamed = read_stored(stored, text_parameter="words")
    assert renamed.parameters == {}
    (feature,) = renamed.features
    assert "text" in feature["template"]["match"]["title"]
    assert "words" not in feature["template"]["match"]["title"]


def test_a_declared_parameter_counts_and_one_of_vectors_is_known():
    read = read_stored(
        [one("a", {"match_all": {}}, params=["boost"]), one("b", {"term": {"x": "{{has_v}} {{v}}"}})], ["v"]
    )
    assert read.parameters == {"boost": ["a"]}
    assert [feature["modality"] for feature in read.features] == ["text", "text"]
    assert read_stored([one("a", {"match_all": {}})]).features[0]["modality"] == "behaviour"


def test_a_list_is_no_text():
    read = read_stored([one("a", {"match": {"title": "{{words.0}}"}})], text_parameter="words")
    assert read.parameters == {"words": ["a"]}


@pytest.mark.parametrize(
    ("template", "parameters"),
    [
        ('{{#text}}{"match": {"title": "{{text}}"}}{{/text}}{{^text}}{"match_none": {}}{{/text}}', []),
        ('{"match_all": {"boost": {{boost}}}}', ["boost"]),
        ('\n{"terms":\n  {"colour": {{#toJson}}colours{{/toJson}}}\n}\n', ["colours"]),
        ('{"terms":\t\n{"a": "\\u00fc: # {{#join}}colours{{/join}}", "b": [{{#x}}1{{/x}}]}}', ["colours", "x"]),
        ('{{#text}}{"match": {"a": "' + "x y " * 60 + '{{text}}"}}{{/text}}', []),
    ],
    ids=["sections", "number", "lines", "odd", "long"],
)
def test_a_template_that_is_no_json_until_it_is_rendered_is_kept_as_it_is(template, parameters, tmp_path):
    read = read_stored([one("a", template)])
    assert read.left_out == {}
    assert list(read.parameters) == parameters
    path = tmp_path / "set.yaml"
    path.write_text(feature_file("s", 1, read.groups(), comment="a set"))
    features = FeatureSet.load(path)
    assert features.rendered(zero_filled=False)[0]["template"] == template.strip()


def test_what_a_template_text_reads_counts_as_in_json():
    words = '{{#text}}{"multi_match": {"query": "{{text}}", "fields": ["a", "b"]}}{{/text}}'
    features = FeatureSet.model_validate(
        {
            "name": "s",
            "version": 1,
            "features": [
                {"name": "a", "kind": "template", "modality": "text", "template": words},
                {"name": "b", "kind": "template", "modality": "text", "template": '{"script_score": {"x": {{y}}}}'},
            ],
        }
    )
    assert [problem.location for problem in unbounded_templates(features)] == ["$.features[1].template"]
    assert ModalityMask(features).query["text"].tolist() == [True, False]
    assert clause_count(features, 10) >= 20
    assert clause_count(features, 10) - clause_count(features, 0) <= 30

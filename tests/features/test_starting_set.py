"""Feature sets made of an index's profile: the shipped ones for indexes of ours, and others for a shop's own.

`pytest tests/features/test_starting_set.py --rewrite-golden` writes the shipped files anew.
"""

from dataclasses import replace
from pathlib import Path

import german_shop
import pytest
import yaml

from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.cluster.managed.analysis import MAX_QUERY_WORDS
from ltr_plugin.cluster.managed.mapping import index_body
from ltr_plugin.cluster.managed.profile import PROFILE
from ltr_plugin.engines import OPENSEARCH
from ltr_plugin.errors import InputError
from ltr_plugin.features.clauses import clause_count
from ltr_plugin.features.compatibility import check_fields
from ltr_plugin.features.feature_file import feature_file
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.starting.groups import starting_groups
from ltr_plugin.features.starting.text import MAX_FIELD_USES
from ltr_plugin.profile.first_pass import FirstPass
from ltr_plugin.profile.index_profile import IndexProfile, ProductFields
from ltr_plugin.resources import resource_dir


def space(model):
    return Fingerprint("library", model, "", 384, "", model)


TEXT = VectorField("text_vector", "text", "library:words", space("words"))
IMAGES = tuple(
    VectorField(name, source, "library:photos", space("photos"))
    for name, source in (("image_vector", "image"), ("image_text_vector", "text"), ("video_vector", "video"))
)
SOUNDS = tuple(
    VectorField(name, source, "library:sounds", space("sounds"))
    for name, source in (("audio_vector", "audio"), ("audio_text_vector", "text"), ("soundtrack_vector", "video"))
)
SHIPPED = {
    "media": (
        (TEXT, *IMAGES, *SOUNDS),
        "Text, images, audio, video and behaviour: for queries by text, image, audio, video, or a mix of them.",
    ),
    "shop": ((TEXT, *IMAGES[:2]), "Text, images and behaviour: for queries by text, by image, or by both."),
    "words": ((TEXT,), "Text and behaviour: for catalogs without images and for queries by text."),
}
STATS = ("rating", "rating_count", "sales_30d")


def ours(vectors):
    """Profile and mapping of an index of ours whose products have statistics."""
    made = index_body(OPENSEARCH, vectors, Path("/srv/shop"))["mappings"]
    made["properties"]["stats"]["properties"] = {name: {"type": "float"} for name in STATS}
    return PROFILE.model_copy(update={"vectors": tuple(vectors)}), made


def loaded(text, path):
    path.write_text(text)
    return FeatureSet.load(path)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_set_is_that_of_an_index_of_ours(name, request):
    vectors, comment = SHIPPED[name]
    text = feature_file(name, 3, starting_groups(*ours(vectors)), comment=comment)
    path = resource_dir("feature_sets") / f"{name}.yaml"
    if request.config.getoption("--rewrite-golden"):
        path.write_text(text)
    assert path.read_text() == text
    features = FeatureSet.load(name)
    check_fields(features, ours(vectors)[1], vectors)
    assert clause_count(features, MAX_QUERY_WORDS) <= 1024
    assert max(map(len, text.splitlines())) <= 120


def test_reviews_get_features_where_there_are_any(tmp_path):
    profile, made = ours((TEXT, replace(TEXT, name="review_text_vector", part="reviews")))
    features = loaded(
        feature_file("s", 1, starting_groups(profile, made, reviewed=True), comment=""), tmp_path / "a.yaml"
    )
    by_name = {one.name: one for one in features.features}
    without = [one for group in starting_groups(profile, made) for one in group.features]
    assert clause_count(features, MAX_QUERY_WORDS) == 32 * MAX_FIELD_USES + 4 * len(features.features)
    assert len(without) == len(by_name) - 2  # three features of reviews, and one of text less
    assert by_name["reviews_bm25"].field == "review_text.stem"
    assert by_name["reviews_similarity"].query_vector == "text_vector"
    assert by_name["best_review_similarity"].score_mode == "max"
    assert {"review_count", "review_rating"} <= by_name.keys()
    check_fields(features, made, profile.vectors)
    assert clause_count(features, MAX_QUERY_WORDS) <= 1024
    of_before = {name: one for name, one in made["properties"].items() if "review" not in name}
    profile = PROFILE.model_copy(update={"vectors": (TEXT,)})
    groups = starting_groups(profile, {**made, "properties": of_before}, reviewed=True)
    assert not [one["name"] for group in groups for one in group.features if "review" in one["name"]]


def test_a_vector_of_reviews_is_none_of_queries_that_share_its_space():
    vectors = (TEXT, replace(TEXT, name="review_text_vector", part="reviews"))
    entry = {"name": "a", "kind": "similarity", "modality": "text", "field": "review_text_vector"}
    shared, own = (
        FeatureSet.model_validate({"name": "s", "version": 1, "features": [{**entry, "query_vector": query}]})
        for query in ("text_vector", "review_text_vector")
    )
    check_fields(shared, ours(vectors)[1], vectors)
    with pytest.raises(InputError, match="the encoders of this index make: text_vector"):
        check_fields(own, ours(vectors)[1], vectors)


GERMAN = IndexProfile(
    language="german",
    product=ProductFields(
        title="titel", description="beschreibung", brand="marke", category="warengruppe", price="preis.brutto",
        stock="bestand", released="angelegt",
    ),
    text_fields=("titel^2", "beschreibung", "marke.text", "farbe"),
    vectors=(VectorField("vektor", "text", "library:words", space("words")),),
)  # fmt: skip


def test_a_shops_own_index_gets_features_of_its_fields(tmp_path):
    text = feature_file("shop_de", 1, starting_groups(GERMAN, german_shop.BODY["mappings"]), comment="A shop.")
    features = loaded(text, tmp_path / "set.yaml")
    check_fields(features, german_shop.BODY["mappings"], GERMAN.vectors)
    by_name = {one.name: one for one in features.features}
    assert {"title_bm25", "title_phrase", "description_bm25", "brand_bm25", "farbe_bm25"} <= by_name.keys()
    assert (by_name["title_bm25"].field, by_name["brand_bm25"].field) == ("titel", "marke.text")
    assert by_name["cross_fields_bm25"].fields == ("titel", "beschreibung", "marke.text", "farbe")
    assert by_name["all_terms"].operator == "and"
    assert (by_name["text_similarity"].field, by_name["text_similarity"].query_vector) == ("vektor", "vektor")
    assert (by_name["price"].field, by_name["released"].field) == ("preis.brutto", "angelegt")
    assert by_name["stock"].kind == "field_value"
    assert "text_similarity" in by_name["bm25_plus_similarity"].expression
    assert "# - {name: verkauft, kind: field_value, modality: behaviour, field: verkauft}" in text
    assert "has_text" not in by_name


def test_popularity_is_a_feature_once(tmp_path):
    popular = GERMAN.model_copy(update={"first_pass": FirstPass(popularity="verkauft")})
    text = feature_file("s", 1, starting_groups(popular, german_shop.BODY["mappings"]), comment="")
    sold = next(one for one in loaded(text, tmp_path / "set.yaml").features if one.name == "verkauft")
    assert (sold.field, sold.modifier, sold.monotonicity) == ("verkauft", "log1p", "increasing")
    assert "# Other numbers" not in text
    profile, made = ours([TEXT])
    same = profile.model_copy(update={"first_pass": FirstPass(popularity="stats.sales_30d")})
    assert starting_groups(same, made) == starting_groups(profile, made)


def test_only_what_is_there_is_read(tmp_path):
    fields = {"name": {"type": "text"}, "lager": {"type": "boolean"}, "preis": {"type": "keyword"}}
    profile = IndexProfile(
        product=ProductFields(title="name", price="preis", stock="lager"),
        text_fields=("name", "größe", "preis2"),
    )
    text = feature_file("s", 1, starting_groups(profile, {"properties": fields}), comment="")
    features = loaded(text, tmp_path / "set.yaml")
    assert features.feature_names == (
        "title_bm25", "title_phrase", "best_fields_bm25", "cross_fields_bm25", "all_terms", "stock",
    )  # fmt: skip
    assert features.features[-1].template == {"constant_score": {"filter": {"term": {"lager": True}}}}
    assert "größe, preis2" in text


def test_a_video_encoder_and_two_text_encoders_have_features_of_their_own(tmp_path):
    other = VectorField("titles.vector", "text", "library:other", space("other"))
    motion = VectorField("motion_vector", "video", "library:motion", space("motion"))
    profile, made = ours((TEXT, motion, *IMAGES))
    made["properties"]["titles"] = {"properties": {"vector": {"type": "knn_vector", "dimension": 384}}}
    profile = profile.model_copy(update={"vectors": (*profile.vectors, other)})
    features = loaded(feature_file("s", 1, starting_groups(profile, made), comment=""), tmp_path / "set.yaml")
    by_name = {one.name: one for one in features.features}
    assert by_name["titles_vector_similarity"].query_vector == "titles_vector"
    assert by_name["text_to_video_similarity"].field == "video_vector"
    check_fields(features, made, profile.vectors)


@pytest.mark.parametrize("count", [1, 7, 13, 60])
def test_a_set_of_many_fields_is_within_the_limit_of_clauses(count, tmp_path):
    names = [f"text{number}" for number in range(count)]
    profile = IndexProfile(product=ProductFields(title="text0", brand="text1"), text_fields=tuple(names))
    text = feature_file(
        "s", 1, starting_groups(profile, {"properties": {key: {"type": "text"} for key in names}}), comment=""
    )
    features = loaded(text, tmp_path / "set.yaml")
    assert clause_count(features, MAX_QUERY_WORDS) <= 1024
    assert ("text59" in text) == (count > 59)
    assert yaml.safe_load(text)["features"][0]["field"] == "text0"

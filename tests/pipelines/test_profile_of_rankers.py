"""A ranker and a release belong to the profile that they were made by, as far as it ranks, on a shop's own index."""

import json
import uuid
from dataclasses import replace

import german_shop
import pytest

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.profiles import put_profile
from ltr_plugin.errors import InputError
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import push
from ltr_plugin.pipelines.releases import promote, rollback, templates_of_former_profile
from ltr_plugin.profile.filter_fields import FilterField
from ltr_plugin.profile.first_pass import FirstPass
from ltr_plugin.profile.index_profile import IndexProfile, ProductFields
from ltr_plugin.queries.templates import release_metadata
from ltr_plugin.rankers.linear import train_linear
from ltr_plugin.rankers.loading import load_ranker

pytestmark = pytest.mark.live

PROFILE = IndexProfile(text_fields=("titel^3", "beschreibung"), product=ProductFields(title="titel"))
WORDS = [
    {"name": "title", "kind": "match", "modality": "text", "field": "titel"},
    {"name": "sold", "kind": "field_value", "modality": "behaviour", "field": "verkauft"},
]


@pytest.fixture
def shop(node_url):
    """A cluster and the name of a small index of a shop's own, without vectors."""
    cluster, name = connect(node_url), f"laden-{uuid.uuid4().hex[:8]}"
    cluster.call("PUT", f"/{name}", german_shop.BODY)
    lines = [
        json.dumps(part)
        for id_, one in german_shop.documents(80).items()
        for part in ({"index": {"_index": name, "_id": id_}}, one)
    ]
    cluster.call("POST", "/_bulk", "\n".join(lines) + "\n", refresh=True)
    put_profile(cluster, name, PROFILE)
    yield cluster, name
    cluster.call("DELETE", f"/{name}")


@pytest.fixture
def ranker(shop, set_file, tmp_path):
    """A ranker that was trained by PROFILE."""
    cluster, name = shop
    queries, qrels = german_shop.queries_and_qrels(german_shop.documents(80))
    (tmp_path / "queries.jsonl").write_text(queries)
    (tmp_path / "qrels.txt").write_text(qrels)
    files = (tmp_path / "queries.jsonl", tmp_path / "qrels.txt", tmp_path / "table.parquet")
    log_features(cluster.index(name), set_file(WORDS), *files, negatives=2)
    trained = train_linear(FeatureTable.read(files[2]))
    trained.save(tmp_path / "ranker")
    assert f"profile: digest {PROFILE.digest}" in (tmp_path / "ranker" / "README.md").read_text()
    return load_ranker(tmp_path / "ranker")


def template_text(cluster, template):
    return cluster.call("GET", f"/_scripts/{template}")["script"]["source"]


def test_what_a_page_shows_may_change_and_what_ranks_may_not(shop, ranker):
    cluster, name = shop
    model = push(cluster.index(name), ranker).model
    assert promote(cluster.index(name), model).metadata["profile"] == PROFILE.digest
    shown = PROFILE.model_copy(update={"returned_fields": ("titel", "marke"), "language": "german"})
    put_profile(cluster, name, shown)
    assert promote(cluster.index(name), ranker).number == 2
    assert rollback(cluster, name).number == 1
    first = template_text(cluster, name)

    put_profile(
        cluster, name, PROFILE.model_copy(update={"text_fields": ("titel",), "first_pass": FirstPass(window=9)})
    )
    for one in (model, ranker):
        with pytest.raises(InputError) as raised:
            promote(cluster.index(name), one)
        (said,) = (problem.message for problem in raised.value.problems)
        assert f"it was trained by another profile than {name} has now: $.text_fields.titel was 3.0 and is 1.0" in said
        assert "; $.first_pass.window was not set and is 9. Log features and train again, or --force" in said
    assert template_text(cluster, name) == first
    assert promote(cluster.index(name), model, force=True).number == 3
    with pytest.raises(InputError, match=r"\$.text_fields.titel was 3.0 and is 1.0.* --force puts it back as it is"):
        rollback(cluster, name, 1)
    assert release_metadata(template_text(cluster, name))["release"] == 3
    assert rollback(cluster, name, 1, force=True).number == 1
    assert template_text(cluster, name) == first
    assert rollback(cluster, name, 3).number == 3


def test_a_release_with_other_filters_is_put_back_only_by_force_and_templates_of_former_profiles_are_named(shop):
    cluster, name = shop
    promote(cluster.index(name), "bm25")
    assert templates_of_former_profile(cluster, name) == []
    added = PROFILE.model_copy(update={"filters": (FilterField(name="price", field="preis.brutto", type="number"),)})
    put_profile(cluster, name, added)
    assert templates_of_former_profile(cluster, name) == [name]
    promote(cluster.index(name), "bm25")
    with pytest.raises(InputError, match=r"its filters are none, not price \(preis.brutto\)"):
        rollback(cluster, name)
    renamed = PROFILE.model_copy(update={"filters": (FilterField(name="preis", field="preis.brutto", type="number"),)})
    put_profile(cluster, name, renamed)
    promote(cluster.index(name), "bm25")
    with pytest.raises(InputError, match=r"its filters are price \(preis.brutto\), not preis \(preis.brutto\)"):
        rollback(cluster, name)
    assert rollback(cluster, name, 1, force=True).number == 1
    with pytest.raises(InputError, match="it serves the first of 3 releases"):
        rollback(cluster, name)


def test_a_ranker_and_a_release_that_say_no_profile_are_taken_as_they_are(shop, ranker):
    cluster, name = shop
    provenance = {key: value for key, value in ranker.card.provenance.items() if key != "profile"}
    older = replace(ranker, card=ranker.card.model_copy(update={"provenance": provenance}))
    push(cluster.index(name), older)
    put_profile(cluster, name, PROFILE.model_copy(update={"text_fields": ("titel",)}))
    assert promote(cluster.index(name), older).number == 1
    promote(cluster.index(name), "bm25")
    cluster.call(
        "POST",
        f"/ltr-releases/_update/{name}.v1",
        {"script": "ctx._source.remove('profile')"},
    )
    put_profile(cluster, name, PROFILE)
    assert rollback(cluster, name).number == 1


def test_a_profile_that_is_not_the_kept_one_is_not_promoted_by_unless_its_media_alone_are_elsewhere(shop):
    cluster, name = shop
    shown = PROFILE.model_copy(update={"returned_fields": ("titel",)})
    with pytest.raises(InputError, match="keep this one first with `ltr profile put`"):
        promote(cluster.index(name, profile=shown), "bm25")
    elsewhere = PROFILE.model_copy(update={"media_root": "/elsewhere"})
    assert promote(cluster.index(name, profile=elsewhere), "bm25").number == 1


def test_a_release_by_words_goes_back_over_a_change_of_vectors(shop, ranker):
    from ltr_plugin.catalog.vectors import Fingerprint, VectorField

    cluster, name = shop
    push(cluster.index(name), ranker)
    promote(cluster.index(name), "bm25")
    promote(cluster.index(name), ranker)
    field = VectorField("vektor", "text", "test:x", Fingerprint("test", "x", "", 384, "", "w"))
    put_profile(cluster, name, PROFILE.model_copy(update={"vectors": (field,)}))
    assert rollback(cluster, name).metadata["ranker"] == "bm25"
    with pytest.raises(InputError, match=r"\$\.vectors\.vektor\.encoder was not set and is "):
        rollback(cluster, name, 2)


def test_vectors_of_another_encoder_are_not_forced(shop, ranker):
    from ltr_plugin.catalog.vectors import Fingerprint, VectorField

    cluster, name = shop
    old, new = (
        VectorField("vektor", "text", "test:x", Fingerprint("test", "x", "", 384, "", weights)) for weights in "ab"
    )
    by_old = {**ranker.card.provenance, "profile": PROFILE.model_copy(update={"vectors": (old,)}).ranking()}
    push(cluster.index(name), replace(ranker, card=ranker.card.model_copy(update={"provenance": by_old})))
    put_profile(cluster, name, PROFILE.model_copy(update={"vectors": (new,)}))
    with pytest.raises(InputError, match=r"vektor\.encoder was .* Log features and train again$"):
        promote(cluster.index(name), ranker, force=True)

"""The first pass of a profile on the live cluster: scaled vector spaces, a query of the shop's own, and measuring."""

import json
import uuid
from itertools import product
from math import sqrt
from urllib.parse import quote

import german_shop
import numpy as np
import pytest
import yaml
from engine_forms import index_body_for
from ltr_command import ltr_here as ltr

from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.documents import EmbeddingResult
from ltr_plugin.cluster.managed.versions import open_or_create
from ltr_plugin.cluster.search import msearch_template, search
from ltr_plugin.encoders import load_encoder, vector_fields
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.pipelines.first_pass.measure import SAMPLE_WORDS, measure_scales
from ltr_plugin.pipelines.profile_file import read_profile
from ltr_plugin.pipelines.profiles import check_profile, keep_profile
from ltr_plugin.profile.filter_fields import Facet, FilterField
from ltr_plugin.profile.first_pass import FirstPass, VectorScale
from ltr_plugin.profile.index_profile import IndexProfile, ProductFields
from ltr_plugin.queries.masking import MASKED_IDS, MaskedRetrieval
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import BASELINES, search_template

pytestmark = pytest.mark.live

SPACES = {name: Fingerprint("test", name, "", 2, "", "w") for name in ("narrow", "wide")}
VECTORS = (
    VectorField("narrow", "text", "test:narrow", SPACES["narrow"]),
    VectorField("wide", "image", "test:wide", SPACES["wide"]),
)
# the similarities, (1 + cosine) / 2, of each product with [1, 0] in the narrow and in the wide space
SIMILARITIES = {"x": (0.90, 0.80), "y": (0.98, 0.65), "z": (0.92, 0.50)}
WORDS = {"x": "rote Tasse", "y": "blaue Kanne", "z": "Kanne"}
SCALES = (
    VectorScale(query="narrow", field="narrow", low=0.90, high=0.98),
    VectorScale(query="wide", field="wide", low=0.5, high=1.0),
)
BOTH = {"narrow": [1.0, 0.0], "wide": [1.0, 0.0]}
OWN = """{"bool": {"should": [
  {{#has_text}}{"match": {"titel": {"query": "{{text}}", "boost": 2}}}{{/has_text}}
  {{^has_text}}{"match_none": {}}{{/has_text}},
  {{#has_wide}}{"knn": {"wide": {"vector": {{#toJson}}wide{{/toJson}}, "k": 1, "filter": {{filter}}}}}{{/has_wide}}
  {{^has_wide}}{"match_none": {}}{{/has_wide}}
]}}"""


def vector(similarity):
    cosine = 2 * similarity - 1
    return [cosine, sqrt(1 - cosine**2)]


def profile_with(**first_pass):
    return IndexProfile(
        product=ProductFields(title="titel"),
        text_fields=("titel",),
        vectors=VECTORS,
        filters=(FilterField(name="kind", field="art", type="keyword", facet=Facet(terms=5)),),
        first_pass=FirstPass(window=10, popularity="verkauft", **first_pass),
    )


@pytest.fixture(scope="module")
def cluster(node_url):
    return connect(node_url, retry_timeout_s=0)


@pytest.fixture(scope="module")
def three(cluster):
    """Opens an index of three products with a profile."""
    name = f"drei-{uuid.uuid4().hex[:8]}"
    method = {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"}
    knn = {"type": "knn_vector", "dimension": 2, "method": method}
    plain = {"titel": {"type": "text"}, "art": {"type": "keyword"}, "verkauft": {"type": "integer"}}
    properties = {**plain, "narrow": knn, "wide": knn}
    body = {"settings": {"index": {"knn": True}}, "mappings": {"properties": properties}}
    cluster.call("PUT", f"/{name}", index_body_for(cluster, body))
    for sold, (id_, (narrow, wide)) in enumerate(SIMILARITIES.items()):
        kind = WORDS[id_].split()[-1]
        document = {"titel": WORDS[id_], "art": kind, "verkauft": sold, "narrow": vector(narrow), "wide": vector(wide)}
        cluster.call("PUT", f"/{name}/_doc/{id_}", document, refresh=True)
    yield lambda **first_pass: cluster.index(name, profile=profile_with(**first_pass))
    cluster.call("DELETE", f"/{name}")


def ranked(index, params, ranking="first-pass", retrieval=None):
    """The ids that a ranking gives, each with its score."""
    template = {"source": search_template(retrieval or index.retrieval(), BASELINES[ranking])}
    (hits,) = msearch_template(index, template, [("q", {"text": "", **params})])
    return {hit.id: hit.score for hit in hits}


def test_similarities_are_scaled_before_they_are_added(three):
    raw = ranked(three(), BOTH)
    assert list(raw) == ["x", "y", "z"]
    assert raw == pytest.approx({id_: sum(both) for id_, both in SIMILARITIES.items()}, abs=1e-5)
    # (s - 0.90) / 0.08 in the narrow space, 2 (s - 0.5) in the wide one
    scaled = ranked(three(scales=SCALES), BOTH)
    assert list(scaled) == ["y", "x", "z"]
    assert scaled == pytest.approx({"y": 1 + 0.3, "x": 0 + 0.6, "z": 0.25 + 0}, abs=3e-3)
    weighted = (SCALES[0].model_copy(update={"weight": 0.2}), SCALES[1])
    assert ranked(three(scales=weighted), BOTH) == pytest.approx({"x": 0.6, "y": 0.5, "z": 0.05}, abs=3e-3)
    assert list(ranked(three(scales=weighted), BOTH)) == ["x", "y", "z"]
    above_all = tuple(scale.model_copy(update={"low": 0.999, "high": 1.0}) for scale in SCALES)
    assert list(ranked(three(scales=above_all), BOTH)) == ["x", "y", "z"]  # in the order of the sum


def test_scales_of_another_encoder_do_not_count(three):
    spaces = ["other", SPACES["wide"].digest]
    scales = tuple(scale.model_copy(update={"space": space}) for scale, space in zip(SCALES, spaces, strict=True))
    assert ranked(three(scales=scales), BOTH) == ranked(three(), BOTH)
    of_these = tuple(scale.model_copy(update={"space": SPACES[scale.field].digest}) for scale in SCALES)
    assert ranked(three(scales=of_these), BOTH) == ranked(three(scales=SCALES), BOTH)


def test_a_query_of_the_shops_own_finds_the_candidates(three):
    index = three(query=OWN)
    words, photo, both = {"text": "kanne"}, {"wide": [1.0, 0.0]}, {"text": "kanne", "wide": [1.0, 0.0]}
    assert list(ranked(index, words)) == ["z", "y"]
    assert ranked(index, photo) == pytest.approx({"x": 0.80}, abs=1e-5)  # k is 1
    found = ranked(index, both)
    assert found == pytest.approx({**ranked(index, words), "x": 0.80}, abs=1e-5)
    assert list(ranked(index, {"narrow": [1.0, 0.0]})) == []  # it does not read it
    assert list(ranked(index, {})) == ["z", "y", "x"]  # by popularity


def test_filters_hold_in_a_query_of_the_shops_own(three):
    index = three(query=OWN)
    only = {"filters": [{"ids": {"values": ["y", "z"]}}]}
    assert list(ranked(index, {"wide": [1.0, 0.0], **only})) == ["y"]  # k-NN looks among these alone
    assert list(ranked(index, {"text": "tasse kanne", **only})) == ["z", "y"]
    assert list(ranked(index, only)) == ["z", "y"]
    assert list(ranked(index, {"wide": [1.0, 0.0], "filter_kind": ["Kanne"]})) == ["y"]


def test_facets_count_what_a_query_of_the_shops_own_finds(three):
    index = three(query=OWN)
    template = {"source": search_template(index.retrieval(), BASELINES["first-pass"])}
    for params, counted in (
        ({"wide": [1.0, 0.0]}, {"Tasse": 1}),  # k is 1
        ({"wide": [1.0, 0.0], "filter_kind": ["Kanne"]}, {"Kanne": 1, "Tasse": 1}),
        ({"text": "kanne"}, {"Kanne": 2}),
        ({}, {"Kanne": 2, "Tasse": 1}),
    ):
        found = search(index, template, {"text": "", "facets": True, **params}).facets["kind"]
        assert {bucket.value: bucket.count for bucket in found} == counted


def test_baselines_of_words_and_of_vectors_do_not_read_it(three):
    plain, own = three(), three(query=OWN)
    for ranking in ("bm25", "vectors"):
        asked = {"text": "kanne", **BOTH}
        assert ranked(own, asked, ranking) == ranked(plain, asked, ranking)
    assert ranked(own, {"text": "kanne", **BOTH}, "random").keys() == ranked(own, {"text": "kanne", **BOTH}).keys()
    masked = MaskedRetrieval.from_retrieval(Retrieval(own.profile), {"wide"}, match_text=False)
    asked = {"text": "kanne", "wide": [1.0, 0.0], MASKED_IDS: ["x", "y", "z"]}
    assert ranked(own, asked, retrieval=masked) == ranked(own, {"text": "kanne", "wide": [1.0, 0.0]})


@pytest.mark.parametrize("name", ["text", "wide"])
@pytest.mark.parametrize("value", ['"}}]}},"size":1,"x":"', {"size": 3}, {"size": {"wide": "]"}}, 5, None, "{{text}}"])
def test_a_wrong_parameter_changes_no_more_than_its_own_tag(three, name, value):
    index = three(query=OWN)
    only = {"filters": [{"ids": {"values": ["z"]}}], "text": "kanne", "wide": [1.0, 0.0]}
    try:
        found = set(ranked(index, {**only, name: value}))
    except ClusterError as error:
        refused, found = error.status == 400, set()
    else:
        refused = False
    assert refused or found <= {"z"}


def problems_of(cluster, index, profile):
    with pytest.raises(InputError) as raised:
        check_profile(cluster, index.alias, profile)
    return [(one.location, one.message) for one in raised.value.problems if not one.location.startswith("$.vectors")]


def checkable(three, query, **other):
    """A profile without vectors, whose encoders are not here, but for those that are tried."""
    profile = three(query=query, **other).profile
    return profile.model_copy(update={"vectors": ()})


def test_a_query_is_tried_on_the_cluster(cluster, three):
    index = three()
    check_profile(cluster, index.alias, checkable(three, '{"match": {"titel": "{{text}}"}}'))
    ((place, said),) = problems_of(cluster, index, checkable(three, '{"matsch": {"titel": "{{text}}"}}'))
    assert place == "$.first_pass.query"
    assert said.startswith("with all parameters, the cluster refuses it: ")
    assert "unknown query [matsch] did you mean [match]?" in said
    assert "has_text" not in said
    needs_text = '{"bool": {"must": [{"range": {"verkauft": {"gte": "{{text}}{{^has_text}}viele{{/has_text}}"}}}]}}'
    ((_, said),) = problems_of(cluster, index, checkable(three, needs_text))
    assert "the cluster refuses it" in said


def test_a_vector_that_is_always_wanted_is_said_with_its_section(cluster, tmp_path):
    name = "sentence-transformers:all-MiniLM-L6-v2"
    shop = f"laden-{uuid.uuid4().hex[:8]}"
    german_shop.fill(cluster, shop, 5)
    try:
        (tmp_path / "first_pass.json").write_text(
            '{"knn": {"vektor": {"vector": {{#toJson}}vektor{{/toJson}}, "k": 10, "filter": {{filter}}}}}'
        )
        stated = {"text_fields": ["titel"], "vectors": [{"name": "vektor", "source": "text", "encoder": name}]}
        path = tmp_path / "index.yaml"
        path.write_text(yaml.safe_dump({**stated, "first_pass": {"template": "first_pass.json"}}))
        ((place, said),) = problems_of(cluster, cluster.index(shop, profile=read_profile(path)), path)
        assert place == "$.first_pass.query"
        assert said.startswith("without any parameter, the cluster refuses it: ")
        assert "put what needs it between {{#has_vektor}} and {{/has_vektor}}" in said
        text = (tmp_path / "first_pass.json").read_text()
        guarded = (
            f'{{{{#has_vektor}}}}{text}{{{{/has_vektor}}}}{{{{^has_vektor}}}}{{"match_none": {{}}}}{{{{/has_vektor}}}}'
        )
        (tmp_path / "first_pass.json").write_text(guarded)
        assert keep_profile(cluster, shop, path)[0].profile.first_pass.query == guarded
        assert len(ranked(cluster.index(shop), {"vektor": [1.0] + [0.0] * 383})) == 5
        (tmp_path / "first_pass.json").write_text(guarded.replace(', "filter": {{filter}}', ""))
        assert "has k-NN without {{filter}}" in "".join(check_profile(cluster, shop, path).warnings)
    finally:
        cluster.call("DELETE", f"/{shop}")


@pytest.mark.parametrize(
    ("first_pass", "place", "said"),
    [
        ({"template": "nothing.json"}, "$.first_pass.template", "cannot be read: No such file"),
        ({"template": "latin.json"}, "$.first_pass.template", "cannot be read: is not UTF-8"),
        ({"template": "latin.json", "query": "{}"}, "$.first_pass.template", "stands beside query"),
        ({"template": 3}, "$.first_pass.template", "unknown key"),
        ({"query": "{{#has_text}}"}, "$.first_pass.query, line 1", "is not closed"),
        ({"query": '{"a": "{{colour}}"}'}, "$.first_pass.query, line 1", "{{colour}} is unknown"),
        (
            {"scales": [{"query": "vektor", "field": "titel"}]},
            "$.first_pass.scales[0]",
            "no query vector 'vektor' is compared with a field 'titel', but none",
        ),
    ],
)
def test_mistakes_in_the_file_are_said_with_their_places(cluster, three, tmp_path, first_pass, place, said):
    (tmp_path / "latin.json").write_bytes('{"match": {"titel": "schön"}}'.encode("latin-1"))
    path = tmp_path / "index.yaml"
    path.write_text(yaml.safe_dump({"text_fields": ["titel"], "first_pass": first_pass}))
    ((where, message),) = problems_of(cluster, three(), path)
    assert where == place
    assert said in message


def test_scales_of_a_shops_index_are_measured_by_searches_alone(cluster, tmp_path):
    name = f"laden-{uuid.uuid4().hex[:8]}"
    made = german_shop.fill(cluster, name, 60)
    for id_, one in made.items():  # so that the words of a title that are searched for are known
        one["titel"] = " ".join(one["titel"].split()[:SAMPLE_WORDS])
        cluster.call("POST", f"/{name}/_update/{quote(id_, safe='')}", {"doc": {"titel": one["titel"]}})
    cluster.call("POST", f"/{name}/_refresh")
    stated = {
        "product": {"title": "titel"},
        "text_fields": ["titel", "beschreibung"],
        "vectors": [{"name": "vektor", "source": "text", "encoder": "sentence-transformers:all-MiniLM-L6-v2"}],
    }
    (tmp_path / "index.yaml").write_text(yaml.safe_dump(stated))

    def run(*arguments, code=0):
        got, out, err = ltr("profile", *arguments, "--index", name, cwd=tmp_path, OPENSEARCH_URL=cluster.url)
        assert got == code, err
        return out if "--json" in arguments else out + err

    try:
        before = cluster.call("GET", f"/{name}/_stats/docs", level="shards")
        assert "neither written nor kept" in run("measure", "--profile", "index.yaml")
        run("measure", "--profile", "index.yaml", "--out", "scaled.yaml")
        assert "exists already" in run("measure", "--profile", "index.yaml", "--out", "scaled.yaml", code=2)
        (scale,) = read_profile(tmp_path / "scaled.yaml").first_pass.scales
        assert (scale.query, scale.field) == ("vektor", "vektor")
        assert (scale.low, scale.high) == pytest.approx(expected_range(cluster, name, made), abs=2e-3)
        run("put", "scaled.yaml")
        assert cluster.index(name).profile.first_pass.scales == (scale,)
        (tmp_path / "queries.jsonl").write_text("".join(
            json.dumps({"id": f"q{n}", "text": f"{kind} rot"}) + "\n" for n, kind in enumerate(german_shop.KINDS)
        ))  # fmt: skip
        measured = json.loads(run("measure", "--queries", "queries.jsonl", "--put", "--json"))
        assert (measured["revision"], measured["searches"]) == (2, [8])
        assert cluster.index(name).profile.first_pass.scales[0] == VectorScale(**measured["scales"][0])
        after = cluster.call("GET", f"/{name}/_stats/docs", level="shards")
        assert after["indices"][name]["shards"]["0"][0]["seq_no"] == before["indices"][name]["shards"]["0"][0]["seq_no"]
    finally:
        cluster.call("DELETE", f"/{name}")


def expected_range(cluster, name, made):
    """The medians of the 5th and 95th percentile of each title's similarities with all other products."""
    encoder = load_encoder("sentence-transformers:all-MiniLM-L6-v2")
    titles = encoder.encode("text", [encoder.prepare_query("text", one["titel"]) for one in made.values()])
    hits = cluster.call("POST", f"/{name}/_search", {"size": 100, "query": {"match_all": {}}})["hits"]["hits"]
    stored = {hit["_id"]: hit["_source"]["vektor"] for hit in hits}
    similarities = (1 + titles @ np.array([stored[id_] for id_ in made]).T) / 2
    others = [np.delete(row, position) for position, row in enumerate(similarities)]
    return tuple(np.median([np.percentile(row, (5, 95)) for row in others], axis=0))


def test_scales_of_an_index_of_ours_are_measured_with_its_stored_photos(cluster, encoder_folder, tmp_path):
    fields = vector_fields(image=f"open_clip:{encoder_folder}")
    index = open_or_create(cluster, f"scales-{uuid.uuid4().hex[:8]}", fields, tmp_path)
    try:
        rng = np.random.default_rng(4)
        products = [Product(id=f"p{n}", title=f"mug {n}", images=("a.jpg",)) for n in range(40)]
        assert not [error for _, error in index.put(products) if error]
        vectors = rng.normal(size=(2, 40, fields[0].fingerprint.dimension))
        vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
        hashes = {one.product.id: one.content_hash for one in index.fetch([one.id for one in products])}
        results = [
            EmbeddingResult(f"p{n}", field, hashes[f"p{n}"][field.source], vectors[position][n].tolist())
            for position, field in enumerate(fields)
            for n in range(40)
        ]
        assert not [error for _, error in index.write_vectors(results) if error]
        index.refresh()
        measured = measure_scales(index, sample=40)
        by_pair = {(scale.query, scale.field): scale for scale in measured.scales}
        assert by_pair.keys() == set(product(("image_vector", "image_text_vector"), repeat=2))
        photos = {field.name: vectors[position] for position, field in enumerate(fields)}["image_vector"]
        similarities = (1 + photos @ photos.T) / 2
        rows = [np.percentile(np.delete(row, n), (5, 95)) for n, row in enumerate(similarities)]
        found = by_pair["image_vector", "image_vector"]
        assert (found.low, found.high) == pytest.approx(tuple(np.median(rows, axis=0)), abs=1e-3)
        # the words of "mug 7" find all others: a photo's two spaces share that weight, as do a text's
        assert all(scale.weight == pytest.approx(measured.weight / 2, abs=1e-3) for scale in measured.scales)
        kept = measured.applied_to(index.profile.model_copy(update={"vectors": (), "media_root": None}))
        assert keep_profile(cluster, index.alias, kept)[0].number == 1
        assert cluster.index(index.alias).profile.first_pass.scales == measured.scales
    finally:
        cluster.call("DELETE", f"/{index.name}")


def test_an_index_that_nothing_can_be_measured_on_is_said(three):
    index = three()
    with pytest.raises(InputError, match="have it and find products, fewer than 5"):
        measure_scales(
            type(index).open(
                index.cluster, index.alias, profile=profile_with().model_copy(update={"vectors": VECTORS[1:]})
            )
        )
    with pytest.raises(InputError, match="no vectors"):
        measure_scales(
            type(index).open(index.cluster, index.alias, profile=profile_with().model_copy(update={"vectors": ()}))
        )

"""`ltr index embed --field` on a shop's own index, through a proxy that sees what it writes."""

import json

import pytest
import shop_vectors
import yaml
from busy_proxy import busy_proxy
from engine_forms import index_body_for
from german_shop import documents
from ltr_command import ltr_here as ltr

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.engines import OPENSEARCH

pytestmark = pytest.mark.live

BYTES = {
    "knn_vector": {"dimension": shop_vectors.DIMENSION, "data_type": "byte", "method": shop_vectors.METHOD},
    "dense_vector": {"dims": shop_vectors.DIMENSION, "element_type": "byte"},
}
STREAM_TEMPLATE = {"data_stream": {}, "template": {"settings": {"number_of_shards": 1}}}


@pytest.fixture
def cluster(node_url):
    return connect(node_url)


@pytest.fixture
def shop(cluster):
    """The name of an index whose mapping has no vector field `neu`, with 20 documents, ten of them with `vektor`."""
    name, made = shop_vectors.make_index(cluster), documents(20)
    for number, one in enumerate(made.values()):
        if number < 10:
            one["vektor"] = [1.0] + 7 * [0.0]
    shop_vectors.put_all(cluster, name, made)
    yield name
    cluster.call("DELETE", f"/{name}", ignore_unavailable=True)


@pytest.fixture
def run(node_url, tmp_path):
    """Runs the command on `profile.yaml`, which states these vector fields; its `proxy` sees what it does."""
    words = shop_vectors.words_file(tmp_path / "words.txt")
    vectors = [{"name": name, "source": "text", "encoder": words} for name in ("vektor", "neu", "titel", "neu.tief")]

    with busy_proxy(node_url) as proxy:

        def command(name, *options, code=0, fields=vectors):
            product = {"title": "titel", "description": "beschreibung", "images": "bild"}
            stated = {"product": product, "text_fields": ["titel"], "vectors": fields}
            (tmp_path / "profile.yaml").write_text(yaml.safe_dump(stated))
            words = ("index", "embed", name, "--profile", "profile.yaml", *options)
            got, out, err = ltr(*words, cwd=tmp_path, OPENSEARCH_URL=proxy.url, LTR_RUNS=str(tmp_path / "runs"))
            assert got == code, err
            return json.loads(out) if "--json" in options and not code else out + err

        command.proxy = proxy
        yield command


def test_it_writes_updates_of_the_field_alone(cluster, shop, run):
    before, mapping = shop_vectors.stored(cluster, shop), cluster.call("GET", f"/{shop}")
    said = run(shop, "--field", "vektor")
    assert "10 to embed" in said
    assert "10 keep a vector" in said
    assert not run.proxy.bulks
    done = run(shop, "--field", "vektor", "--yes", "--json")
    assert (done["embedded"], done["kept"], done["failed"], done["written"]) == (10, 10, [], True)
    written = []
    for body in run.proxy.bulks:
        lines = [json.loads(line) for line in body.splitlines()]
        for header, document in zip(lines[::2], lines[1::2], strict=True):
            ((verb, target),) = header.items()
            if target["_index"] == shop:
                assert verb == "update"
                assert list(document) == ["doc"]
                assert list(document["doc"]) == ["vektor"]
                assert {"if_seq_no", "if_primary_term"} < target.keys()
                written.append(target["_id"])
            else:
                assert target["_index"] == "ltr-embedding-writes"
    assert sorted(written) == sorted(list(before)[10:])
    on_it = {(method, path.removeprefix(f"/{shop}")) for method, path in run.proxy.seen if path.startswith(f"/{shop}")}
    reads = {("POST", path) for path in ("/_search", "/_refresh", "/_mget")}
    assert not {one for one in on_it if one[0] != "GET"} - reads
    assert cluster.call("GET", f"/{shop}") == mapping
    after = shop_vectors.stored(cluster, shop)
    assert all(
        shop_vectors.without(after[id_]["_source"]) == shop_vectors.without(one["_source"])
        for id_, one in before.items()
    )

    assert run(shop, "--field", "vektor", "--yes", "--json")["unchanged"] == 10
    assert shop_vectors.stored(cluster, shop) == after


def test_a_field_that_is_not_there_is_added_on_request_alone(cluster, shop, run):
    said = run(shop, "--field", "neu", "--yes", code=2)
    body = json.loads(said.partition(f"PUT /{shop}/_mapping\n")[2].splitlines()[0])
    assert "neu" not in cluster.call("GET", f"/{shop}")[shop]["mappings"]["properties"]
    assert "adds the field to the mapping and embeds" in run(shop, "--field", "neu", "--add-field")
    assert "neu" not in cluster.call("GET", f"/{shop}")[shop]["mappings"]["properties"]
    assert run(shop, "--field", "neu", "--add-field", "--yes", "--json")["embedded"] == 20
    added = cluster.call("GET", f"/{shop}")[shop]["mappings"]["properties"]["neu"]
    assert added["type"] == cluster.engine.vector_type
    assert cluster.engine.vector_dimension(added) == shop_vectors.DIMENSION
    cluster.call("PUT", f"/{shop}/_mapping", body)  # what is printed is the same field
    said = run(shop, "--field", "neu.tief", "--add-field", "--yes", code=2)
    assert f"'neu.tief' cannot be inside of 'neu', which is of type {cluster.engine.vector_type}" in said


def test_an_index_without_nearest_neighbours_gets_a_field_without_a_graph(cluster, run):
    name = f"laden-ohne-{shop_vectors.uuid.uuid4().hex[:6]}"
    properties = {"titel": {"type": "text"}, "beschreibung": {"type": "text"}, "bild": {"type": "keyword"}}
    cluster.call("PUT", f"/{name}", {"mappings": {"properties": properties}})
    shop_vectors.put(cluster, name, "a", {"titel": "Teekanne rot"})
    said = run(name, "--field", "neu", "--yes", code=2)
    added = cluster.engine.added_vector_mapping(shop_vectors.DIMENSION, {})
    assert ("method" in added, "similarity" in added) == (False, cluster.engine is not OPENSEARCH)
    assert json.dumps({"neu": added}) in said
    assert run(name, "--field", "neu", "--add-field", "--yes", "--json")["embedded"] == 1
    cluster.call("DELETE", f"/{name}")


def test_what_cannot_be_filled_is_said_before_anything_is_read(cluster, shop, run, tmp_path):
    for options, said in (
        (("--field", "none"), "has no vector field 'none' (it has: vektor, neu, titel, neu.tief)"),
        (("--field", "titel"), "'titel' is of type text, not a vector"),
        (("--field", "vektor", "--no-wait"), "--no-wait"),
        (("--field", "vektor", "--text-encoder", "none"), "its profile states it"),
        (("--overwrite",), "--profile: needs --field"),
    ):
        assert said in run(shop, *options, "--yes", code=2)
    wrong = [{"name": "vektor", "source": "text", "encoder": f"word-vectors:{tmp_path / 'small.txt'}"}]
    (tmp_path / "small.txt").write_text("tee 1 2\nkanne 2 1\n")
    assert "makes 2 dimensions, but 'vektor' has 8" in run(shop, "--field", "vektor", "--yes", code=2, fields=wrong)

    bytes_ = {"type": cluster.engine.vector_type, **BYTES[cluster.engine.vector_type]}
    cluster.call("PUT", f"/{shop}/_mapping", {"properties": {"neu": bytes_}})
    assert "'neu' holds vectors of byte" in run(shop, "--field", "neu", "--yes", code=2)

    cluster.call("PUT", f"/{shop}/_settings", {"index.blocks.write": True})
    assert "it takes no writes: index.blocks.write" in run(shop, "--field", "vektor", "--yes", code=2)
    assert not run.proxy.bulks


def test_an_alias_stands_for_one_index(cluster, shop, run):
    alias = f"{shop}-alias"
    cluster.call("PUT", f"/{shop}/_alias/{alias}")
    assert run(alias, "--field", "vektor", "--yes", "--json")["embedded"] == 10
    second = shop_vectors.make_index(cluster)
    cluster.call("PUT", f"/{second}/_alias/{alias}")
    assert "this alias stands for" in run(alias, "--field", "vektor", "--yes", code=2)
    cluster.call("DELETE", f"/{second}")


def test_a_data_stream_is_refused(cluster, run):
    if cluster.engine is not OPENSEARCH:
        pytest.skip("the test node's small distribution of Elasticsearch has no data streams")
    stream = f"laden-strom-{shop_vectors.uuid.uuid4().hex[:6]}"
    cluster.call("PUT", f"/_index_template/{stream}", {"index_patterns": [stream], **STREAM_TEMPLATE})
    cluster.call("PUT", f"/_data_stream/{stream}")
    assert f"belongs to the data stream {stream}" in run(stream, "--field", "vektor", "--yes", code=2)
    cluster.call("DELETE", f"/_data_stream/{stream}")
    cluster.call("DELETE", f"/_index_template/{stream}")


def test_an_index_that_keeps_a_part_of_its_source_is_refused(cluster, run):
    name = f"laden-teil-{shop_vectors.uuid.uuid4().hex[:6]}"
    vector = {"type": "knn_vector", "dimension": 8, "method": shop_vectors.METHOD}
    text = {"type": "text"}
    mapping = {"_source": {"excludes": ["lang"]}, "properties": {"vektor": vector, "titel": text, "beschreibung": text}}
    cluster.call("PUT", f"/{name}", index_body_for(cluster, {"settings": {"index.knn": True}, "mappings": mapping}))
    shop_vectors.put(cluster, name, "a", {"titel": "Tee", "lang": "x", "bild": "a.jpg", "beschreibung": "rot"})
    assert "an update of one field would lose others" in run(name, "--field", "vektor", "--yes", code=2)
    cluster.call("DELETE", f"/{name}")


def test_an_index_of_ours_has_all_its_fields_filled(words_index, run):
    assert "is for an index of your own" in run(words_index.name, "--field", "text_vector", "--yes", code=2, fields=[])

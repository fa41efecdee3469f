"""What the users of our roles can do on a secured cluster, by the commands that they run, and what is refused."""

import pytest
from ltr_command import PRODUCTS
from secured_node import refused
from secured_shop import JUDGED, ON, OTHER, SHOP, TEMPLATE

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.elasticsearch import ElasticsearchCluster
from ltr_plugin.errors import ClusterError
from ltr_plugin.settings import Settings

pytestmark = [pytest.mark.live, pytest.mark.slow]

RED = {"id": TEMPLATE, "params": {"text": "red shoe"}}
SET = {"featureset": {"name": "mine", "features": []}}


def test_the_search_team_does_its_work(run, promoted, tmp_path):
    for command in (
        ("profile", "init", *ON, "--out", tmp_path / "guessed.yaml"),
        ("profile", "show", *ON),
        ("ranker", "list"),
        ("search", "red", *ON, "--ranker", promoted),
        ("explain", "red", "p1", "--ranker", promoted, *ON),
        ("evaluate", *JUDGED, "--ranker", "bm25", "--ranker", promoted, *ON),
        ("ranker", "promote", promoted, *ON),
        ("ranker", "rollback", "--template", SHOP),
        ("index", "status", SHOP),
    ):
        run("search_team", *command)


def test_the_search_team_writes_no_products_and_sees_no_other_index(node):
    cluster = node.cluster("search_team")
    assert refused(cluster, "PUT", f"/{SHOP}/_doc/p1", {"title": "mine"})
    assert refused(cluster, "PUT", f"/{SHOP}/_mapping", {"properties": {"more": {"type": "keyword"}}})
    assert refused(cluster, "DELETE", f"/{SHOP}")
    assert refused(cluster, "POST", f"/{OTHER}/_search")
    assert refused(cluster, "POST", "/.ltrstore/_search")


@pytest.mark.usefixtures("promoted")
def test_a_merchandiser_changes_rules_and_no_ranker(run, node):
    for command in (
        ("rules", "check", "rules.yaml", *ON),
        ("rules", "put", "rules.yaml", *ON),
        ("rules", "apply", *ON),
        ("rules", "show", *ON, "--all"),
        ("rules", "undo", *ON),
        ("search", "red", *ON),
    ):
        run("merchandiser", *command)
    cluster = node.cluster("merchandiser")
    assert refused(cluster, "PUT", "/_ltr/_featureset/mine", SET)
    assert refused(cluster, "PUT", "/ltr-profiles/_doc/mine", {})
    assert refused(cluster, "PUT", f"/{SHOP}/_doc/p1", {"title": "mine"})


def test_a_catalog_worker_writes_products_and_makes_no_versions(run, node):
    node.put_roles("ware")
    try:
        run("catalog_manager", "index", "create", "ware", "--text-encoder", "word-vectors:words.txt")
        for command in (
            ("catalog", "put", "catalog.jsonl", "--index", "ware"),
            ("catalog", "delete", "sold-out.txt", "--index", "ware"),
            ("index", "embed", "ware"),
        ):
            run("catalog_worker", *command)
        assert f"{len(PRODUCTS) - 1}" in run("catalog_worker", "index", "status", "ware")
        run("catalog_worker", "index", "create", "ware", "--from", "catalog.jsonl", code=1)
        cluster = node.cluster("catalog_worker")
        assert refused(cluster, "DELETE", "/ware-v1")
        assert refused(cluster, "PUT", "/_scripts/ware", {"script": {"lang": "mustache", "source": "{}"}})
        assert refused(cluster, "PUT", "/_ltr/_featureset/mine", SET)
        assert refused(cluster, "POST", f"/{SHOP}/_search")
        for command in (
            ("index", "embed", "ware", "--text-encoder", "none"),
            ("index", "rollback", "ware"),
            ("index", "drop", "ware", "--yes"),
        ):
            run("catalog_manager", *command)
        assert refused(node.cluster("catalog_manager"), "DELETE", f"/{SHOP}")
    finally:
        node.put_roles(SHOP)


def test_a_storefront_calls_its_templates(node):
    storefront = node.cluster("storefront")
    for path in (f"/{SHOP}/_search/template", f"/{SHOP}/_search"):
        assert storefront.call("POST", path, RED if path.endswith("template") else {})["hits"]["hits"]
    lines = f'{{}}\n{{"id": "{TEMPLATE}", "params": {{"text": "red shoe"}}}}\n'
    (answer,) = storefront.call("POST", f"/{SHOP}/_msearch/template", lines)["responses"]
    assert answer["hits"]["hits"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"/{OTHER}/_search/template", RED),
        ("POST", f"/{OTHER}/_search", {}),
        ("POST", "/ltr-rules/_search", {}),
        ("POST", "/ltr-profiles/_search", {}),
        ("POST", "/ltr-releases/_search", {}),
        ("POST", "/.ltrstore/_search", {}),
        ("GET", "/_ltr", None),
        ("GET", "/_ltr/_model", None),
        ("GET", "/_ltr/_cachestats", None),
        ("POST", "/_ltr/_clearcache", None),
        ("PUT", "/_ltr/_featureset/mine", SET),
        ("DELETE", "/_ltr/_featureset/words-v1", None),
        ("DELETE", "/_ltr", None),
        ("GET", f"/_scripts/{TEMPLATE}", None),
        ("PUT", f"/_scripts/{TEMPLATE}", {"script": {"lang": "mustache", "source": "{}"}}),
        ("GET", f"/{SHOP}/_mapping", None),
        ("PUT", f"/{SHOP}/_doc/p1", {"title": "mine"}),
        ("GET", "/_cluster/state", None),
    ],
)
def test_a_storefront_does_nothing_else(node, method, path, body):
    assert refused(node.cluster("storefront"), method, path, body)


def test_a_user_without_roles_and_a_wrong_password_are_told_apart(node):
    stated = {name.lower(): value for name, value in node.environment("nobody").items()}
    with pytest.raises(ClusterError, match=r"\(403\).*give the user of OPENSEARCH_USER the right for it"):
        connect(settings=Settings.model_validate(stated)).call("GET", f"/{SHOP}")
    stated["opensearch_password"] += "x"
    with pytest.raises(ClusterError, match=r"\(401\).*correct OPENSEARCH_USER and OPENSEARCH_PASSWORD"):
        connect(settings=Settings.model_validate(stated))


def test_an_api_key_of_a_storefront_calls_its_templates_alone(node):
    if node.engine == "opensearch":
        pytest.skip("OpenSearch's security plugin 3.4 has no API keys")
    role = node.cluster().call("GET", "/_security/role/storefront")["storefront"]
    body = {"name": "storefront", "role_descriptors": {"storefront": {"indices": role["indices"]}}}
    key = node.cluster().call("POST", "/_security/api_key", body)["encoded"]
    settings = Settings(opensearch_url=node.url, opensearch_api_key=key, opensearch_ca=node.ca)
    storefront = ElasticsearchCluster(node.url, settings=settings)
    assert storefront.call("POST", f"/{SHOP}/_search/template", RED)["hits"]["hits"]
    assert refused(storefront, "POST", f"/{OTHER}/_search", {})
    assert refused(storefront, "GET", "/_ltr")

"""What search engines say of themselves."""

from ltr_plugin.engines import ELASTICSEARCH, OPENSEARCH


def node(heap_mib, threads):
    return {
        "jvm": {"mem": {"heap_max_in_bytes": heap_mib << 20}},
        "thread_pool": {"search": {"type": "fixed", "size": threads}},
    }


def test_elasticsearch_accepts_as_many_clauses_as_its_smallest_node():
    nodes = {"a": node(1024, 4), "b": node(4096, 25), "c": node(512, 4)}
    assert ELASTICSEARCH.clause_limit({"nodes": nodes}) == 8192
    assert ELASTICSEARCH.clause_limit({"nodes": {**nodes, "d": node(512, 97)}}) == 1024
    assert ELASTICSEARCH.clause_limit({}) is None


def test_opensearch_accepts_the_clauses_of_its_setting():
    def stated(count):
        return {"indices": {"query": {"bool": {"max_clause_count": count}}}}

    assert OPENSEARCH.clause_limit({"defaults": stated("1024")}) == 1024
    assert OPENSEARCH.clause_limit({"persistent": stated("2048"), "transient": stated("4096")}) == 4096
    assert OPENSEARCH.clause_limit({}) is None

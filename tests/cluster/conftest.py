"""Empty indices of two versions on the live cluster, of vectors that tests write themselves."""

import uuid

import pytest

from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.cluster.connecting import connect


@pytest.fixture
def cluster(node_url):
    return connect(node_url)


@pytest.fixture
def alias(cluster):
    """The name of an index of this test alone; its versions are deleted afterwards."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    yield name
    cluster.call("DELETE", f"/{name}-v*")


@pytest.fixture
def vector():
    """Makes a field of three numbers."""

    def make(name="text_vector", source="text", weights="w1"):
        return VectorField(name, source, "test:x", Fingerprint("test", "x", "", 3, "", weights))

    return make

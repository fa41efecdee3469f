"""The engine's plugin, installed into real distributions as an image's build does."""

import os
import shutil
import subprocess

import pytest
from built_node import built_node

from ltr_plugin.devnode.account import Account
from ltr_plugin.devnode.distribution import ELASTICSEARCH, OPENSEARCH
from ltr_plugin.devnode.toolchain import find_jdk


@pytest.mark.slow
@pytest.mark.parametrize("distribution", [OPENSEARCH, ELASTICSEARCH], ids=lambda distribution: distribution.engine)
def test_the_engine_takes_the_place_of_another_plugin_for_ltr(distribution, docker, tmp_path):
    built = built_node(distribution)
    home = tmp_path / "home"
    shutil.copytree(built.home(distribution), home, symlinks=True)
    others = {path.name for path in (home / "plugins").iterdir()} - {"ltr-engine"}
    stock = (home / "plugins/ltr-engine").rename(home / "plugins/opensearch-ltr") / "plugin-descriptor.properties"
    stock.write_text(stock.read_text().replace("name=ltr-engine", "name=opensearch-ltr"))
    java = str(find_jdk(usable=Account.of(None).can_enter).home)

    def install(folder):
        return subprocess.run(
            [docker / "install-engine.sh", folder, built.dist(distribution) / "ltr-engine.zip"],
            env={**os.environ, "JAVA_HOME": java, "OPENSEARCH_JAVA_HOME": java, "ES_JAVA_HOME": java},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    done = install(home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in (home / "plugins").iterdir()} == {"ltr-engine", *others}
    assert install(home).returncode == 0, "an image that is built from this one installs it again"
    refused = install(tmp_path)
    assert refused.returncode == 1
    assert "no folder of OpenSearch or Elasticsearch" in refused.stderr

"""OpenSearch's security plugin from Maven, where the newest one is of OpenSearch 3.4.0.

It runs on later versions too, once its descriptor names that version and the libraries that the version brings itself
are left out.
"""

import re
from pathlib import Path
from zipfile import ZipFile

from ltr_plugin.devnode import ClusterFolder
from ltr_plugin.devnode.build import run_logged
from ltr_plugin.devnode.toolchain import Jdk, find_maven

ARTIFACT = "org.opensearch.plugin:opensearch-security:3.4.0.0:zip"


def install_security(home: Path, cluster: ClusterFolder, jdk: Jdk) -> None:
    """Fetches the plugin and installs it in this home. NodeError where Maven cannot fetch it."""
    fetched = cluster.root / "maven"
    copy = [f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={fetched}", "-Dmdep.overWriteReleases=false"]
    maven = [str(find_maven()), "--batch-mode", "--no-transfer-progress", "dependency:copy", *copy]
    run_logged(maven, cluster.build_log, jdk, f"Maven cannot fetch {ARTIFACT}")
    (plugin,) = fetched.glob("*.zip")
    adapted = cluster.root / "opensearch-security.zip"
    _adapt(plugin, home / "lib", adapted)
    install = [str(home / "bin" / "opensearch-plugin"), "install", "--batch", adapted.as_uri()]
    run_logged(install, cluster.tools_log, jdk, "the security plugin cannot be installed")


def _adapt(plugin: Path, lib: Path, target: Path) -> None:
    (core,) = lib.glob("opensearch-core-*.jar")
    version = core.stem.removeprefix("opensearch-core-")
    provided = {_library(jar.name) for jar in lib.glob("*.jar")}
    with ZipFile(plugin) as original, ZipFile(target, "w") as adapted:
        for entry in original.infolist():
            content = original.read(entry)
            if entry.filename == "plugin-descriptor.properties":
                content = re.sub(rb"(?m)^(opensearch\.version)=.*", rb"\1=" + version.encode(), content)
            if _library(entry.filename) not in provided:
                adapted.writestr(entry, content)


def _library(file: str) -> str:
    """The name of a library, without the version of its file."""
    return re.sub(r"-\d.*", "", file)

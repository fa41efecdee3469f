"""One build of a distribution for all clusters of a test run: Maven and the plugin installer take half a minute."""

import shutil
from pathlib import Path

from ltr_plugin.devnode import ClusterFolder, node_state
from ltr_plugin.devnode.account import Account
from ltr_plugin.devnode.distribution import OPENSEARCH, Distribution
from ltr_plugin.devnode.layout import laid_out
from ltr_plugin.devnode.lifecycle import install
from ltr_plugin.devnode.toolchain import find_jdk
from ltr_plugin.settings import Settings

RUNS = Path(__file__).parents[2] / "runs"


def built_node(distribution: Distribution = OPENSEARCH) -> ClusterFolder:
    """A cluster that is never started: the first process that asks builds it from the sources of now, others wait."""
    account = Account.of(None)
    folder = ClusterFolder(account.place(RUNS / "test-built" / "node"))
    with folder.locked():
        install(folder, distribution, find_jdk(usable=account.can_enter))
    return folder


def copy_of_built_node(name: str, distribution: Distribution = OPENSEARCH) -> Settings:
    """Settings whose run folder, of this name in `runs`, has a copy of it; one that runs already stays as it is."""
    settings, original = Settings(runs=RUNS / name), built_node(distribution).home(distribution)
    home = ClusterFolder(Account.of(None).place(settings.runs / "node")).home(distribution)
    if not node_state(settings) and laid_out(home) != laid_out(original):
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(original, home, symlinks=True)
    return settings

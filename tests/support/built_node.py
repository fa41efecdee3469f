"""One build of the development node for all nodes of a test run: Maven and the plugin installer take half a minute."""

import shutil
from pathlib import Path

from ltr_plugin.devnode import NodeFolder, node_state
from ltr_plugin.devnode.account import Account
from ltr_plugin.devnode.build import build, sources_digest
from ltr_plugin.devnode.layout import laid_out, lay_out
from ltr_plugin.devnode.toolchain import find_jdk
from ltr_plugin.resources import resource_dir
from ltr_plugin.settings import Settings

RUNS = Path(__file__).parents[2] / "runs"


def built_node() -> NodeFolder:
    """A node that is never started: the first process that asks builds it from the sources of now, others wait."""
    account, engine = Account.of(None), resource_dir("engine")
    folder = NodeFolder(account.place(RUNS / "test-built" / "node"))
    with folder.locked():
        jdk, sources = find_jdk(usable=account.can_enter), sources_digest(engine)
        if laid_out(folder).get("sources") != sources:
            lay_out(folder, build(engine, folder, jdk), sources, jdk)
    return folder


def copy_of_built_node(name: str) -> Settings:
    """Settings whose run folder, of this name in `runs`, has a copy of it; one that runs already stays as it is."""
    settings, original = Settings(runs=RUNS / name), built_node()
    folder = NodeFolder(Account.of(None).place(settings.runs / "node"))
    if not node_state(settings) and laid_out(folder) != laid_out(original):
        shutil.rmtree(folder.home, ignore_errors=True)
        shutil.copytree(original.home, folder.home, symlinks=True)
    return settings

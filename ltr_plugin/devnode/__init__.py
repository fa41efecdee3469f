"""The development node: a real OpenSearch on this machine for development, tests and the demo. Linux and macOS.

`toolchain` finds Maven and a JDK, `build` runs Maven, `layout` installs the node from Maven's files, `folder` has the
paths of its parts, `account` is the user it runs as, `process` and `state` tell whether it runs, and `lifecycle` starts
and stops it.
"""

from ltr_plugin.devnode.folder import NodeFolder
from ltr_plugin.devnode.lifecycle import STEPS, start_node, stop_node, temporary_node
from ltr_plugin.devnode.state import Health, NodeState, node_health, node_state

__all__ = [
    "STEPS",
    "Health",
    "NodeFolder",
    "NodeState",
    "node_health",
    "node_state",
    "start_node",
    "stop_node",
    "temporary_node",
]

"""A real OpenSearch on this machine, for development, tests and the demo: built, started and stopped from here.

`toolchain` finds Maven and a JDK, `build` runs Maven, `layout` makes a node of what Maven made (`folder` names its
parts), `process` and `state` know whether that node runs, `account` is who it runs as, and `lifecycle` starts and stops
it. Linux and macOS.
"""

from ltr_plugin.devnode.folder import NodeFolder
from ltr_plugin.devnode.lifecycle import STEPS, start_node, stop_node
from ltr_plugin.devnode.state import Health, NodeState, node_health, node_state

__all__ = ["STEPS", "Health", "NodeFolder", "NodeState", "node_health", "node_state", "start_node", "stop_node"]

"""The development cluster: a real OpenSearch or Elasticsearch, of one node or several, on this machine.

For development, tests and the demo, on Linux and macOS. `distribution` has what differs between the two, `toolchain`
finds Maven and a JDK, `build` runs Maven, and `layout` installs what it wrote. `folder` has the paths of a cluster and
of its nodes, `configuration` writes the nodes' settings, `account` is the user they run as, `process` and `state` tell
whether they run, `starting` starts nodes that find each other, and `lifecycle` starts and stops the cluster.
"""

from ltr_plugin.devnode.folder import ClusterFolder
from ltr_plugin.devnode.lifecycle import STEPS, kill_node, start_node, stop_node, temporary_node
from ltr_plugin.devnode.state import Health, NodeProcess, NodeState, node_health, node_state

__all__ = [
    "STEPS",
    "ClusterFolder",
    "Health",
    "NodeProcess",
    "NodeState",
    "kill_node",
    "node_health",
    "node_state",
    "start_node",
    "stop_node",
    "temporary_node",
]

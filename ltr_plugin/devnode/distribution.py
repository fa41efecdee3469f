"""What differs between the two distributions that a development cluster can run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ltr_plugin.engines import EngineName, engine_named
from ltr_plugin.errors import InputError


@dataclass(frozen=True)
class Distribution:
    """One distribution. Its programs, configuration file and zip have names that begin with `engine`."""

    engine: EngineName
    variables: str
    """What the names of its environment variables begin with."""
    modules: tuple[str, ...]
    """Maven modules that build its plugin and what its node needs."""
    plugins: tuple[str, ...]
    """Zip files that its plugin installer installs, in this order."""
    first_managers: str
    """Setting with the names of the nodes that elect the first manager of a new cluster."""
    starts_in_home: bool
    """Java starts in the home, and its launch script splits options at spaces; else it starts in the folder of logs."""
    guards_control_groups: bool
    """Whether it denies Java the files of some control groups, so that Java may not ask for its memory limit."""
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The engine's name as people write it."""
        return engine_named(self.engine).title

    @property
    def zip(self) -> str:
        """The distribution itself, among what Maven writes."""
        return f"{self.engine}.zip"


OPENSEARCH = Distribution(
    engine="opensearch",
    variables="OPENSEARCH",
    modules=("opensearch",),
    plugins=("opensearch-knn.zip", "ltr-engine.zip"),
    first_managers="cluster.initial_cluster_manager_nodes",
    starts_in_home=True,
    guards_control_groups=True,
    # Maven's k-NN plugin has no native library, and the node would end at the first graph of Faiss.
    settings={"ltr.knn.exact": True},
)

ELASTICSEARCH = Distribution(
    engine="elasticsearch",
    variables="ES",
    modules=("elasticsearch", "elasticsearch-test-node"),
    plugins=("ltr-engine.zip",),
    first_managers="cluster.initial_master_nodes",
    starts_in_home=False,
    guards_control_groups=False,
    settings={
        "xpack.security.enabled": False,
        # As OpenSearch by default: tests delete the indices that they made by a pattern.
        "action.destructive_requires_name": False,
    },
)

DISTRIBUTIONS: Mapping[str, Distribution] = {one.engine: one for one in (OPENSEARCH, ELASTICSEARCH)}


def distribution_of(engine: str) -> Distribution:
    """The distribution of this engine; InputError when there is none."""
    if found := DISTRIBUTIONS.get(engine):
        return found
    raise InputError("--engine", f"{engine!r} is not one of {', '.join(DISTRIBUTIONS)}")

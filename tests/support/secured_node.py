"""Search nodes with TLS, users and roles: those of the development clusters with their security modules switched on."""

import json
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from built_node import RUNS, built_node
from opensearch_security import install_security

from ltr_plugin.cluster.elasticsearch import ElasticsearchCluster
from ltr_plugin.cluster.opensearch import OpenSearchCluster
from ltr_plugin.cluster.transport.rest import RestCluster
from ltr_plugin.devnode import ClusterFolder
from ltr_plugin.devnode.account import Account
from ltr_plugin.devnode.configuration import configure
from ltr_plugin.devnode.distribution import DISTRIBUTIONS, Distribution
from ltr_plugin.devnode.folder import NodeFolder, tail
from ltr_plugin.devnode.layout import MANIFEST, laid_out
from ltr_plugin.devnode.process import end, is_running, spawn
from ltr_plugin.devnode.toolchain import Jdk, find_jdk
from ltr_plugin.errors import ClusterError, NodeError
from ltr_plugin.settings import Settings

ROLES = Path(__file__).parents[2] / "docs" / "roles"
CLUSTERS = {"opensearch": OpenSearchCluster, "elasticsearch": ElasticsearchCluster}
LAYERS = ("http", "transport")
ADMIN, ADMIN_HASH = "admin", "$2a$12$VcCDgh2NDk07JGN0rjGbM.Ad41qVR/YFJcgHp0UGns5JDymv..TOG"
"""Password of the user `admin`, and its hash in the form that both engines take."""

START_TIMEOUT_S = 300


def _opensearch_settings() -> dict[str, object]:
    files = {"pemcert": "node.pem", "pemkey": "node.key", "pemtrustedcas": "ca.pem"}
    return {
        "ltr.http.loopback_only": False,  # a node has one guard: security's
        **{f"plugins.security.ssl.{layer}.{name}_filepath": files[name] for layer in LAYERS for name in files},
        "plugins.security.ssl.http.enabled": True,
        "plugins.security.ssl.transport.enforce_hostname_verification": False,
        "plugins.security.nodes_dn": ["CN=node"],
        "plugins.security.allow_default_init_securityindex": True,
        "plugins.security.system_indices.enabled": True,
        "plugins.security.restapi.roles_enabled": ["all_access"],
        "plugins.security.audit.type": "noop",
    }


def _elasticsearch_settings() -> dict[str, object]:
    files = {"certificate": "node.pem", "key": "node.key", "certificate_authorities": "ca.pem"}
    return {
        "ltr.http.loopback_only": False,
        **{f"xpack.security.{layer}.ssl.{name}": files[name] for layer in LAYERS for name in files},
        **{f"xpack.security.{layer}.ssl.enabled": True for layer in LAYERS},
        "xpack.security.transport.ssl.verification_mode": "certificate",
        "xpack.security.enabled": True,
    }


@dataclass(frozen=True)
class SecuredNode:
    """A running node; `ca` is the file of the authority that signed its certificate."""

    engine: str
    url: str
    ca: Path
    passwords: dict[str, str] = field(default_factory=lambda: {"admin": ADMIN}, repr=False)

    def environment(self, user: str) -> dict[str, str]:
        """The variables with which a command works as this user."""
        stated = {"URL": self.url, "USER": user, "PASSWORD": self.passwords[user], "CA": str(self.ca)}
        return {f"OPENSEARCH_{name}": value for name, value in stated.items()}

    def settings(self, user: str) -> Settings:
        """The settings with which this user connects."""
        return Settings.model_validate({name.lower(): value for name, value in self.environment(user).items()})

    def cluster(self, user: str = "admin") -> RestCluster:
        """The cluster as this user sees it."""
        return CLUSTERS[self.engine](self.url, settings=self.settings(user))

    def put_roles(self, index: str) -> None:
        """Loads our roles as docs/security.md says, for this index in place of `shop`."""
        body = json.loads((ROLES / f"{self.engine}.json").read_text().replace('"shop', f'"{index}'))
        if self.engine == "opensearch":
            self.cluster().call("PATCH", "/_plugins/_security/api/roles", body)
        else:
            self.cluster().call("POST", "/_security/role", body)

    def add_users(self, roles: Mapping[str, Sequence[str]]) -> None:
        """Makes users with these roles."""
        made = {name: secrets.token_urlsafe(24) for name in roles}
        self.passwords.update(made)
        if self.engine == "opensearch":  # loads its users again after each request
            users = {name: {"password": made[name], "opendistro_security_roles": roles[name]} for name in roles}
            body = [{"op": "add", "path": f"/{name}", "value": user} for name, user in users.items()]
            self.cluster().call("PATCH", "/_plugins/_security/api/internalusers", body)
        else:
            for name in roles:
                body = {"password": made[name], "roles": roles[name]}
                self.cluster().call("PUT", f"/_security/user/{name}", body)


@contextmanager
def secured_node(engine: str) -> Iterator[SecuredNode]:
    """A node of this engine with TLS and no users but `admin`, for the length of the block.

    NodeError where Maven cannot fetch OpenSearch's security plugin.
    """
    account = Account.of(None)
    cluster = ClusterFolder(account.place(RUNS / f"test-secured-{engine}" / "node"))
    own = _opensearch_settings() if engine == "opensearch" else _elasticsearch_settings()
    original = DISTRIBUTIONS[engine]
    with cluster.locked():
        jdk = find_jdk(usable=account.can_enter)
        _lay_out(cluster, original, jdk)
        (node,) = cluster.nodes(replace(original, settings={**original.settings, **own}), 1)
        shutil.rmtree(node.root, ignore_errors=True)
        configure(node, [node], account, http_port="9350-9399", heap="512m")
        ca = make_certificates(node.config)
        _add_admin(node)
        account.share(node.root)
        pid = spawn(node, jdk, account)
        try:
            yield _when_ready(engine, ca, node, pid)
        finally:
            end({pid: node}, grace_s=20)


def refused(cluster: RestCluster, method: str, path: str, body: object = None) -> bool:
    """Whether the cluster refuses a call for want of a right."""
    with pytest.raises(ClusterError) as refusal:
        cluster.call(method, path, body)
    return refusal.value.status == 403


def make_certificates(folder: Path) -> Path:
    """Writes an authority, and a certificate for loopback with its key, as PEM files; returns that of the authority."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj"]
    usage = ["-addext", "keyUsage=critical,keyCertSign"]
    openssl("req", "-x509", *new, "/CN=ca", "-days", "2", *usage, "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", *new, "/CN=node", "-keyout", "node.key", "-out", "node.csr")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", "-extfile", "names", "-out", "node.pem"]
    openssl("x509", "-req", "-in", "node.csr", *signed)
    return folder / "ca.pem"


def _lay_out(cluster: ClusterFolder, distribution: Distribution, jdk: Jdk) -> None:
    """A copy of the built home, for OpenSearch with its security plugin."""
    original, home = built_node(distribution).home(distribution), cluster.home(distribution)
    if laid_out(home) == laid_out(original):
        return
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(original, home, symlinks=True, ignore=shutil.ignore_patterns(MANIFEST))
    if distribution.engine == "opensearch":
        install_security(home, cluster, jdk)
    shutil.copy(original / MANIFEST, home)  # last: now it is complete


def _add_admin(node: NodeFolder) -> None:
    """The user with all rights, in the file from which the node takes its first users."""
    if node.distribution.engine == "opensearch":
        first = {
            "internal_users": ("internalusers", {"admin": {"hash": ADMIN_HASH, "reserved": True}}),
            # The demo configuration gives each user a role with rights that ours would then seem not to need.
            "roles_mapping": ("rolesmapping", {"all_access": {"users": ["admin"]}}),
        }
        for file, (kind, content) in first.items():
            meta = {"_meta": {"type": kind, "config_version": 2}}
            (node.config / "opensearch-security" / f"{file}.yml").write_text(json.dumps(meta | content))
    else:
        (node.config / "users").write_text(f"admin:{ADMIN_HASH}\n")
        (node.config / "users_roles").write_text("superuser:admin\n")


def _when_ready(engine: str, ca: Path, node: NodeFolder, pid: int) -> SecuredNode:
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until and is_running(pid, node):
        if node.ports.exists() and (ports := node.ports.read_text().split()):
            running = SecuredNode(engine, f"https://127.0.0.1:{ports[0].rpartition(':')[2]}", ca)
            cluster = running.cluster()
            cluster.retry_timeout_s = 0.0
            with suppress(ClusterError):  # until its users are there
                cluster.call("GET", "/_ltr")
                return running
        time.sleep(0.2)
    raise NodeError(f"the secured node did not start:\n{tail(node.console)}\n{tail(node.log)}")

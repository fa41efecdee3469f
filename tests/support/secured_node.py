"""A search node with TLS, users and roles: a copy of the built development node with its security module switched on.

OpenSearch's comes from Maven, where the newest one is of OpenSearch 3.4.0. It runs on 3.6 too, once its descriptor names
that version and the libraries that 3.6 brings itself are left out.
"""

import json
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from built_node import RUNS, built_node

from ltr_plugin.cluster.opensearch import OpenSearchCluster
from ltr_plugin.devnode.account import Account
from ltr_plugin.devnode.build import run_logged
from ltr_plugin.devnode.folder import NodeFolder, tail
from ltr_plugin.devnode.layout import configure
from ltr_plugin.devnode.process import end, is_running, spawn
from ltr_plugin.devnode.toolchain import find_jdk, find_maven
from ltr_plugin.errors import ClusterError, NodeError
from ltr_plugin.settings import Settings

OPENSEARCH_SECURITY = "org.opensearch.plugin:opensearch-security:3.4.0.0:zip"
ADMIN_HASH = "$2a$12$VcCDgh2NDk07JGN0rjGbM.Ad41qVR/YFJcgHp0UGns5JDymv..TOG"
"""Of the password `admin`, which OpenSearch's demo configuration has."""

START_TIMEOUT_S = 300
ROLES = Path(__file__).parents[2] / "docs" / "roles"


@dataclass(frozen=True)
class SecuredNode:
    """A running node; `ca` is the file of the authority that signed its certificate."""

    engine: str
    url: str
    ca: Path
    passwords: dict[str, str] = field(repr=False)

    def environment(self, user: str) -> dict[str, str]:
        """The variables with which a command works as this user."""
        variables = {"URL": self.url, "USER": user, "PASSWORD": self.passwords[user], "CA": str(self.ca)}
        return {f"OPENSEARCH_{name}": value for name, value in variables.items()}

    def cluster(self, user: str = "admin") -> OpenSearchCluster:
        """The cluster as this user sees it."""
        stated = {name.lower(): value for name, value in self.environment(user).items()}
        return OpenSearchCluster(self.url, settings=Settings(**stated))

    def add_user(self, name: str, *roles: str) -> None:
        """Makes a user of the roles."""
        self.passwords[name] = secrets.token_urlsafe(24)
        body = {"password": self.passwords[name], "opendistro_security_roles": roles}
        self.cluster().call("PUT", f"/_plugins/_security/api/internalusers/{name}", body)

    def put_roles(self, index: str) -> None:
        """Loads our roles, for this index."""
        text = (ROLES / f"{self.engine}.json").read_text().replace('"shop', f'"{index}')
        self.cluster().call("PATCH", "/_plugins/_security/api/roles", json.loads(text))


def make_certificates(folder: Path) -> Path:
    """Writes an authority, and a certificate for loopback with its key, as PEM files; returns that of the authority."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes".split()
    usage = "keyUsage=critical,keyCertSign"
    openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=ca", "-addext", usage, "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", "-new", *key, "-subj", "/CN=node", "-keyout", "node.key", "-out", "node.csr")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", "-extfile", "names", "-out", "node.pem"]
    openssl("x509", "-req", "-in", "node.csr", *signed)
    return folder / "ca.pem"


@contextmanager
def secured_opensearch() -> Iterator[SecuredNode]:
    """An OpenSearch node in `runs/test-secured` for the length of the block. NodeError where Maven has no security."""
    account = Account.of(None)
    original = built_node()
    folder = NodeFolder(account.place(RUNS / "test-secured" / "node"))
    with folder.locked():
        jdk = find_jdk(usable=account.can_enter)
        plugin = folder.root / "opensearch-security.zip"
        if not plugin.exists():
            copied = [f"-Dartifact={OPENSEARCH_SECURITY}", f"-DoutputDirectory={folder.root / 'maven'}"]
            maven = [str(find_maven()), "--batch-mode", "dependency:copy", *copied]
            run_logged(maven, folder.build_log, jdk, f"Maven cannot fetch {OPENSEARCH_SECURITY}")
            (fetched,) = (folder.root / "maven").glob("*.zip")
            _adapt(fetched, original.home, plugin)
        shutil.rmtree(folder.home, ignore_errors=True)
        shutil.rmtree(folder.data, ignore_errors=True)
        shutil.copytree(original.home, folder.home, symlinks=True)
        install = [str(folder.home / "bin" / "opensearch-plugin"), "install", "--batch", plugin.as_uri()]
        run_logged(install, folder.root / "tools.log", jdk, "the security plugin cannot be installed")
        config = folder.home / "config"
        ca = make_certificates(config)
        _configure(folder, account)
        pid = spawn(folder, jdk, account)
        try:
            node = SecuredNode("opensearch", _url(folder, pid), ca, {"admin": "admin"})
            _wait(node, folder, pid)
            yield node
        finally:
            end(pid, folder, grace_s=10)


def _adapt(plugin: Path, home: Path, target: Path) -> None:
    """The plugin for the version that is in `home`."""
    own = {_library(jar.name) for jar in (home / "lib").glob("*.jar")}
    version = next(_version(jar.name) for jar in (home / "lib").glob("opensearch-core-*.jar"))
    with ZipFile(plugin) as original, ZipFile(target, "w") as adapted:
        for entry in original.infolist():
            content = original.read(entry)
            if entry.filename == "plugin-descriptor.properties":
                content = re.sub(rb"(?m)^opensearch\.version=.*", b"opensearch.version=" + version.encode(), content)
            if not entry.filename.endswith(".jar") or _library(entry.filename) not in own:
                adapted.writestr(entry, content)


def _library(jar: str) -> str:
    return re.sub(r"-\d.*", "", jar)


def _version(jar: str) -> str:
    return re.sub(r".*?-(\d.*)\.jar", r"\1", jar)


def _configure(folder: NodeFolder, account: Account) -> None:
    configure(folder, account, http_port="9350-9369", heap="512m")
    files = {"pemcert": "node.pem", "pemkey": "node.key", "pemtrustedcas": "ca.pem"}
    settings: Mapping[str, Any] = {
        **{f"plugins.security.ssl.{layer}.{name}_filepath": file for layer in ("http", "transport")
           for name, file in files.items()},
        "plugins.security.ssl.http.enabled": True,
        "plugins.security.ssl.transport.enforce_hostname_verification": False,
        "plugins.security.nodes_dn": ["CN=node"],
        "plugins.security.allow_default_init_securityindex": True,
        "plugins.security.system_indices.enabled": True,
        "plugins.security.restapi.roles_enabled": ["all_access"],
        "plugins.security.audit.type": "noop",
    }  # fmt: skip
    config = folder.home / "config"
    lines = (config / "opensearch.yml").read_text().splitlines()
    kept = [line for line in lines if not line.startswith("ltr.http.loopback_only")]  # a node has one guard: security's
    text = "\n".join([*kept, *(f"{key}: {json.dumps(value)}" for key, value in settings.items())])
    (config / "opensearch.yml").write_text(text + "\n")
    users = {
        "_meta": {"type": "internalusers", "config_version": 2},
        "admin": {"hash": ADMIN_HASH, "reserved": True, "backend_roles": ["admin"]},
    }
    (config / "opensearch-security" / "internal_users.yml").write_text(json.dumps(users))
    account.share(folder.home)


def _url(folder: NodeFolder, pid: int) -> str:
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until and is_running(pid, folder):
        if folder.ports.exists():
            return f"https://127.0.0.1:{folder.ports.read_text().split()[0].rpartition(':')[2]}"
        time.sleep(0.2)
    raise NodeError(f"the secured node did not start:\n{tail(folder.console)}\n{tail(folder.log)}")


def _wait(node: SecuredNode, folder: NodeFolder, pid: int) -> None:
    until = time.monotonic() + START_TIMEOUT_S
    while is_running(pid, folder):
        try:
            node.cluster().call("GET", "/_ltr")
            return
        except ClusterError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
    raise NodeError(f"the secured node ended:\n{tail(folder.console)}\n{tail(folder.log)}")

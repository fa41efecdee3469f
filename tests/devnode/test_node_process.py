import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ltr_plugin.devnode import (
    ClusterFolder,
    NodeProcess,
    NodeState,
    account,
    lifecycle,
    node_state,
    start_node,
    stop_node,
    temporary_node,
)
from ltr_plugin.devnode.account import Account
from ltr_plugin.devnode.build import sources_digest
from ltr_plugin.devnode.configuration import configure, may_read_limits
from ltr_plugin.devnode.distribution import DISTRIBUTIONS, ELASTICSEARCH, OPENSEARCH, Distribution
from ltr_plugin.devnode.folder import NodeFolder, tail
from ltr_plugin.devnode.layout import MANIFEST, laid_out
from ltr_plugin.devnode.process import _command_line, end, is_running, spawn
from ltr_plugin.devnode.starting import _written_port
from ltr_plugin.devnode.toolchain import Jdk
from ltr_plugin.errors import InputError, NodeError
from ltr_plugin.settings import Settings

OBEDIENT = "#!/bin/sh\ntrap 'exit 0' TERM\nwhile :; do sleep 0.1; done\n"
STUBBORN = "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.1; done\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(runs=tmp_path)


def node_folder(settings: Settings, distribution: Distribution = OPENSEARCH, count: int = 1) -> NodeFolder:
    """The first node of a cluster whose distribution is not installed."""
    node = ClusterFolder.of(settings).nodes(distribution, count)[0]
    for made in (node.home / "bin", node.home / "config" / "jvm.options.d", node.logs):
        made.mkdir(parents=True)
    (node.home / "config" / "jvm.options").write_text("-XX:ErrorFile=logs/hs_err_pid%p.log\n")
    return node


@pytest.fixture
def node(settings: Settings) -> NodeFolder:
    return node_folder(settings)


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def spawned(node: NodeFolder, script: str) -> int:
    program = node.home / "bin" / node.distribution.engine
    program.write_text(script)
    program.chmod(0o755)
    pid = spawn(node, Jdk(Path("/nowhere"), 21), Account("me"))
    time.sleep(0.3)  # until the script has set its trap
    return pid


def say_running(node: NodeFolder, *pids: int) -> None:
    facts = {"engine": node.distribution.engine, "version": "3", "started": "2026-01-01T00:00:00+00:00", "heap": "1g"}
    nodes = [{"url": f"http://127.0.0.1:{9200 + number}", "pid": pid} for number, pid in enumerate(pids)]
    (node.root.parent / "node.json").write_text(json.dumps(facts | {"nodes": nodes}))
    node.pid.write_text(str(pids[0]))


def test_a_node_is_known_by_its_command_line_and_ends_when_asked(settings: Settings, node: NodeFolder):
    pid = spawned(node, OBEDIENT)
    say_running(node, pid)
    state = node_state(settings)
    assert state is not None
    assert state.pid == pid
    assert stop_node(settings)
    assert not is_running(pid, node)
    assert node_state(settings) is None
    assert not stop_node(settings)


def test_a_node_that_ignores_the_request_is_killed(node: NodeFolder):
    pid = spawned(node, STUBBORN)
    end({pid: node}, grace_s=0.3)
    assert not is_running(pid, node)


def test_a_node_of_another_run_folder_or_cluster_is_not_this_one(node: NodeFolder, tmp_path: Path):
    pid = spawned(node, OBEDIENT)
    of_others = [node_folder(Settings(runs=tmp_path / "other")), node_folder(Settings(runs=tmp_path), ELASTICSEARCH)]
    for other in (*of_others, *ClusterFolder.of(Settings(runs=tmp_path)).nodes(OPENSEARCH, 3)):
        other.logs.mkdir(parents=True, exist_ok=True)
        assert not is_running(pid, other)
    end({pid: node})


def test_a_process_that_got_the_number_of_a_dead_node_is_left_alone(
    settings: Settings, node: NodeFolder, stranger: subprocess.Popen[bytes]
):
    say_running(node, stranger.pid)
    assert node_state(settings) is None
    assert not stop_node(settings)
    assert stranger.poll() is None
    assert not node.pid.exists()


@pytest.mark.parametrize("prefix", ["", "/elsewhere", "--file="])
def test_a_process_that_only_mentions_the_node_is_left_alone(settings: Settings, node: NodeFolder, prefix: str):
    """A forged or reused process id: an editor with the node's log, a command with its options as one."""
    argument = f"{prefix}-Epath.logs={node.logs}{'' if prefix else '/ltr-dev.log'}"
    with subprocess.Popen(["sh", "-c", "sleep 60; :", argument]) as process:
        try:
            say_running(node, process.pid)
            assert not stop_node(settings)
            assert process.poll() is None
        finally:
            process.kill()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the node as somebody else")
def test_root_does_not_end_a_process_of_another_user_than_the_nodes(settings: Settings, node: NodeFolder):
    os.chown(node.logs, *Account.of(None).other)
    pid = spawned(node, OBEDIENT)  # of root
    say_running(node, pid)
    assert node_state(settings) is None
    assert not stop_node(settings)
    os.chown(node.logs, 0, 0)
    end({pid: node})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_root_trusts_no_folder_of_another_user(settings: Settings, node: NodeFolder):
    say_running(node, os.getpid())
    os.chown(node.root.parent, *Account.of(None).other)
    assert node_state(settings) is None
    for action in (start_node, stop_node):
        with pytest.raises(NodeError, match="belongs to user 'nobody', but must belong to 'root'"):
            action(settings)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the node as somebody else")
def test_the_nodes_user_owns_its_data_and_nothing_that_is_executed(node: NodeFolder):
    nobody = Account.of(None)
    node.logs.rmdir()
    script = node.home / "bin" / "opensearch-plugin"
    script.touch(mode=0o700)
    configure(node, [node], nobody, http_port="9200", heap="512m")
    for private in (node.data, node.logs, node.temporary):
        assert (private.stat().st_uid, private.stat().st_mode & 0o777) == (nobody.identity["user"], 0o700)
    for path in (*node.home.rglob("*"), node.config, *node.config.rglob("*")):
        assert (path.stat().st_uid, path.stat().st_mode & 0o027) == (0, 0), path
    assert script.stat().st_mode & 0o777 == 0o750
    assert laid_out(node.home) == {}
    os.chown(node.data, 0, 0)
    with pytest.raises(NodeError, match="belongs to user 'root', but must belong to 'nobody'"):
        configure(node, [node], nobody, http_port="9200", heap="512m")


def test_a_node_writes_no_heap_dump_and_listens_on_loopback_alone(node: NodeFolder):
    node.logs.rmdir()
    configure(node, [node], Account.of(None), http_port="9200", heap="512m")
    options = (node.config / "jvm.options.d" / "ltr.options").read_text().splitlines()
    assert "-XX:-HeapDumpOnOutOfMemoryError" in options
    assert not [option for option in options if "HeapDumpPath" in option]
    assert 'network.host: "127.0.0.1"' in (node.config / "opensearch.yml").read_text()


@pytest.mark.parametrize("distribution", DISTRIBUTIONS.values(), ids=list(DISTRIBUTIONS))
def test_nodes_of_a_cluster_have_names_and_folders_of_their_own(settings: Settings, distribution: Distribution):
    first = node_folder(settings, distribution, 3)
    nodes = ClusterFolder.of(settings).nodes(distribution, 3)
    written = []
    for node in nodes:
        if node != first:
            node.root.mkdir()
        else:
            node.logs.rmdir()
        configure(node, nodes, Account.of(None), http_port="9200", heap="512m")
        written.append((node.config / f"{distribution.engine}.yml").read_text())
        assert f'node.name: "ltr-dev-{node.number}"' in written[-1]
        assert f'{distribution.first_managers}: ["ltr-dev-1", "ltr-dev-2", "ltr-dev-3"]' in written[-1]
        assert "single-node" not in written[-1]
        assert "=logs/" not in (node.config / "jvm.options").read_text().replace(node.logs.as_posix(), "")
    assert len({node.mark for node in nodes} | {first.mark}) == len(set(written)) == 3
    assert not {node.root for node in nodes} & {node.root for node in ClusterFolder.of(settings).nodes(distribution, 2)}


def test_a_home_with_a_link_to_nowhere_is_shared(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "logs").symlink_to(tmp_path / "gone")
    Account.of(None).share(tmp_path)
    assert (tmp_path / "logs").is_symlink()


def test_a_cluster_runs_while_one_of_its_nodes_does(settings: Settings):
    folder = ClusterFolder.of(settings)
    node_folder(settings, count=2)
    first, second = folder.nodes(OPENSEARCH, 2)
    second.logs.mkdir(parents=True)
    pids = spawned(first, OBEDIENT), spawned(second, OBEDIENT)
    say_running(first, *pids)
    second.pid.write_text(str(pids[1]))
    end({pids[0]: first})
    state = node_state(settings)
    assert state
    assert [node.running for node in state.nodes] == [False, True]
    assert (state.url, state.pid) == ("http://127.0.0.1:9201", pids[1])
    assert state.urls == ("http://127.0.0.1:9200", "http://127.0.0.1:9201")
    with pytest.raises(NodeError, match=r"OpenSearch of 2 nodes runs in this run folder.*not Elasticsearch of 2 nodes"):
        start_node(settings, engine="elasticsearch")
    with pytest.raises(NodeError, match="not OpenSearch of 3 nodes"):
        start_node(settings, nodes=3)
    with pytest.raises(NodeError, match=r"runs at http://127\.0\.0\.1:9200; stop it .* at port 9201"):
        start_node(settings, port=9201)
    assert stop_node(settings)
    assert not is_running(pids[1], second)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the node as somebody else")
def test_a_node_that_its_user_could_have_changed_is_installed_again(node: NodeFolder):
    (node.home / MANIFEST).write_text('{"sources": "1"}')
    assert laid_out(node.home) == {"sources": "1"}
    os.chown(node.home, *Account.of(None).other)
    assert laid_out(node.home) == {}


def test_a_log_is_read_from_a_file_only(node: NodeFolder, tmp_path: Path):
    (tmp_path / "secret").write_text("secret")
    node.log.symlink_to(tmp_path / "secret")
    assert tail(node.log) == ""
    node.log.unlink()
    os.mkfifo(node.log)
    assert tail(node.log) == ""


def test_of_the_written_addresses_only_the_port_counts(node: NodeFolder):
    node.ports.write_text("203.0.113.7:9207\n127.0.0.1:9208\n")
    assert _written_port(node.ports) == 9207


def test_a_temporary_node_is_stopped_by_who_started_it(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    stopped: list[Settings] = []
    state = NodeState("opensearch", "3", datetime.now(UTC), "1g", (NodeProcess("http://127.0.0.1:9200", 1),))
    monkeypatch.setattr(lifecycle, "stop_node", stopped.append)
    for started, keep in ((False, False), (True, True), (True, False)):
        monkeypatch.setattr(lifecycle, "_ensure_running", lambda *_, started=started, **__: (state, started))
        with temporary_node(settings, keep=keep) as node:
            assert node == state
        assert len(stopped) == (started and not keep)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_a_damaged_state_file_counts_as_not_running(settings: Settings, node: NodeFolder, text: str):
    (node.root.parent / "node.json").write_text(text)
    assert node_state(settings) is None


def test_nothing_was_ever_started(tmp_path: Path):
    settings = Settings(runs=tmp_path / "runs")
    assert node_state(settings) is None
    assert not stop_node(settings)
    assert not settings.runs.exists()


def test_wrong_arguments_are_named(tmp_path: Path):
    settings = Settings(runs=tmp_path)
    with pytest.raises(InputError, match="'lots'"):
        start_node(settings, heap="lots")
    with pytest.raises(InputError, match="70000"):
        start_node(settings, port=70000)
    with pytest.raises(InputError, match="'solr' is not one of opensearch, elasticsearch"):
        start_node(settings, engine="solr")
    with pytest.raises(InputError, match="6 is not a number of nodes"):
        start_node(settings, nodes=6)
    with pytest.raises(InputError, match="no user 'no-such-user'"):
        start_node(settings, user="no-such-user")
    with pytest.raises(InputError, match="refuses to run as 'root'"):
        start_node(settings, user="root")


def test_a_port_in_use_is_named(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(NodeError, match=f"port {port} .*in use"):
            start_node(Settings(runs=tmp_path), port=port)


def test_a_run_folder_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(NodeError, match="LTR_RUNS") as failed:
        start_node(Settings(runs=tmp_path / "file" / "runs"))
    assert str(tmp_path / "file" / "runs") in str(failed.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the node as somebody else")
def test_root_keeps_the_node_where_its_user_can_enter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    nobody = Account.of(None)
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        monkeypatch.setattr(account, "REACHABLE", Path(parent) / "ltr-node")
        real = nobody.place(closed / "node")
        assert real.parent == Path(parent) / "ltr-node"
        assert ClusterFolder.of(Settings(runs=closed)).root == real
        assert nobody.place(closed / "node") == real


def test_the_digest_follows_the_sources_but_not_their_tests_nor_the_other_engine(tmp_path: Path):
    with pytest.raises(NodeError, match="incomplete"):
        sources_digest(tmp_path, OPENSEARCH)
    (tmp_path / "pom.xml").write_text("<project/>")
    modules = ("core", "opensearch", "elasticsearch")
    for module in modules:
        for name in ("main", "test"):
            (tmp_path / module / "src" / name).mkdir(parents=True)
            (tmp_path / module / "src" / name / "A.java").write_text("class A {}")

    def digests() -> list[str]:
        return [sources_digest(tmp_path, one) for one in (OPENSEARCH, ELASTICSEARCH)]

    before = digests()
    for module in modules:
        (tmp_path / module / "src" / "test" / "A.java").write_text("class A { }")
    assert digests() == before
    for module, changed in zip(modules, ([True, True], [True, False], [False, True]), strict=True):
        (tmp_path / module / "src" / "main" / "A.java").rename(tmp_path / module / "src" / "main" / "B.java")
        after = digests()
        assert [new != old for new, old in zip(after, before, strict=True)] == changed
        before = after


def test_a_process_that_becomes_another_program_is_never_taken_for_ended(tmp_path):
    script = tmp_path / "again"
    script.write_text('#!/bin/sh\n[ "$1" -gt 0 ] && exec "$0" $(($1 - 1))\nsleep 60\n')
    script.chmod(0o755)
    process = subprocess.Popen([str(script), "400"])
    try:
        while (line := _command_line(process.pid)[1]) and not line.endswith("\x000\x00"):
            pass
        assert line
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("told", "may"),
    [
        ("0::/\n", True),
        ("0::/user.slice/user-1000.slice/session-2.scope\n", True),
        ("0::/system.slice/docker-3f.scope\n", True),
        ("0::/kubepods.slice/pod-3f.slice/cri-3f.scope\n", False),
        ("4:memory:/docker/3f\n0::/docker/3f\n", True),
        ("4:memory:/docker/3f\n3:cpu:/docker/3f\n", True),
        ("", True),
    ],
)
def test_java_leaves_the_limits_of_groups_alone_that_opensearch_keeps_from_it(tmp_path, told, may):
    (tmp_path / "cgroup").write_text(told)
    assert may_read_limits(tmp_path / "cgroup") is may
    assert may_read_limits(tmp_path / "absent")

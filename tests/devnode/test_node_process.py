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
    NodeFolder,
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
from ltr_plugin.devnode.folder import tail
from ltr_plugin.devnode.layout import MANIFEST, configure, laid_out, may_read_limits
from ltr_plugin.devnode.lifecycle import _listening_port
from ltr_plugin.devnode.process import _command_line, end, is_running, spawn
from ltr_plugin.devnode.toolchain import Jdk
from ltr_plugin.errors import InputError, NodeError
from ltr_plugin.settings import Settings

OBEDIENT = "#!/bin/sh\ntrap 'exit 0' TERM\nwhile :; do sleep 0.1; done\n"
STUBBORN = "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.1; done\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(runs=tmp_path)


@pytest.fixture
def folder(settings: Settings) -> NodeFolder:
    folder = NodeFolder.of(settings)
    for made in (folder.home / "bin", folder.logs):
        made.mkdir(parents=True)
    return folder


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def spawned(folder: NodeFolder, script: str) -> int:
    program = folder.home / "bin" / "opensearch"
    program.write_text(script)
    program.chmod(0o755)
    pid = spawn(folder, Jdk(Path("/nowhere"), 21), Account("me"))
    time.sleep(0.3)  # until the script has set its trap
    return pid


def say_running(folder: NodeFolder, pid: int) -> None:
    folder.state.write_text(
        json.dumps({"url": "http://127.0.0.1:9200", "pid": pid, "version": "3", "started": "2026-01-01T00:00:00+00:00"})
    )
    folder.pid.write_text(str(pid))


def test_a_node_is_known_by_its_command_line_and_ends_when_asked(settings: Settings, folder: NodeFolder):
    pid = spawned(folder, OBEDIENT)
    say_running(folder, pid)
    state = node_state(settings)
    assert state is not None
    assert state.pid == pid
    assert stop_node(settings)
    assert not is_running(pid, folder)
    assert node_state(settings) is None
    assert not stop_node(settings)


def test_a_node_that_ignores_the_request_is_killed(folder: NodeFolder):
    pid = spawned(folder, STUBBORN)
    end(pid, folder, grace_s=0.3)
    assert not is_running(pid, folder)


def test_a_node_of_another_run_folder_is_not_this_one(folder: NodeFolder, tmp_path: Path):
    pid = spawned(folder, OBEDIENT)
    assert not is_running(pid, NodeFolder(tmp_path / "other"))
    end(pid, folder)


def test_a_process_that_got_the_number_of_a_dead_node_is_left_alone(
    settings: Settings, folder: NodeFolder, stranger: subprocess.Popen[bytes]
):
    say_running(folder, stranger.pid)
    assert node_state(settings) is None
    assert not stop_node(settings)
    assert stranger.poll() is None
    assert not folder.pid.exists()


@pytest.mark.parametrize("prefix", ["", "/elsewhere", "--file="])
def test_a_process_that_only_mentions_the_node_is_left_alone(settings: Settings, folder: NodeFolder, prefix: str):
    """A forged or reused process id: an editor with the node's script, a node in a folder whose path ends alike."""
    argument = f"{prefix}{folder.home}/bin/opensearch{'' if prefix else '.log'}"
    with subprocess.Popen(["sh", "-c", "sleep 60; :", argument]) as process:
        try:
            say_running(folder, process.pid)
            assert not stop_node(settings)
            assert process.poll() is None
        finally:
            process.kill()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the node as somebody else")
def test_root_does_not_end_a_process_of_another_user_than_the_nodes(settings: Settings, folder: NodeFolder):
    os.chown(folder.logs, *Account.of(None).other)
    pid = spawned(folder, OBEDIENT)  # of root
    say_running(folder, pid)
    assert node_state(settings) is None
    assert not stop_node(settings)
    os.chown(folder.logs, 0, 0)
    end(pid, folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_root_trusts_no_folder_of_another_user(settings: Settings, folder: NodeFolder):
    say_running(folder, os.getpid())
    os.chown(folder.root, *Account.of(None).other)
    assert node_state(settings) is None
    for action in (start_node, stop_node):
        with pytest.raises(NodeError, match="belongs to user 'nobody', but must belong to 'root'"):
            action(settings)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the node as somebody else")
def test_the_nodes_user_owns_its_data_and_nothing_that_is_executed(folder: NodeFolder):
    nobody = Account.of(None)
    (folder.home / "config" / "jvm.options.d").mkdir(parents=True)
    folder.logs.rmdir()
    script = folder.home / "bin" / "opensearch-plugin"
    script.touch(mode=0o700)
    configure(folder, nobody, http_port="9200", heap="512m")
    for private in (folder.data, folder.logs, folder.temporary):
        assert (private.stat().st_uid, private.stat().st_mode & 0o777) == (nobody.identity["user"], 0o700)
    for parent, _, files in os.walk(folder.home):
        for path in (Path(parent), *(Path(parent, name) for name in files)):
            if path != folder.temporary:
                assert (path.stat().st_uid, path.stat().st_mode & 0o027) == (0, 0), path
    assert script.stat().st_mode & 0o777 == 0o750
    assert laid_out(folder) == {}
    os.chown(folder.data, 0, 0)
    with pytest.raises(NodeError, match="belongs to user 'root', but must belong to 'nobody'"):
        configure(folder, nobody, http_port="9200", heap="512m")


def test_a_node_writes_no_heap_dump_and_listens_on_loopback_alone(folder: NodeFolder):
    (folder.home / "config" / "jvm.options.d").mkdir(parents=True)
    folder.logs.rmdir()
    configure(folder, Account.of(None), http_port="9200", heap="512m")
    options = (folder.home / "config" / "jvm.options.d" / "ltr.options").read_text().splitlines()
    assert "-XX:-HeapDumpOnOutOfMemoryError" in options
    assert not [option for option in options if "HeapDumpPath" in option]
    assert 'network.host: "127.0.0.1"' in (folder.home / "config" / "opensearch.yml").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the node as somebody else")
def test_a_node_that_its_user_could_have_changed_is_installed_again(folder: NodeFolder):
    (folder.home / MANIFEST).write_text('{"sources": "1"}')
    assert laid_out(folder) == {"sources": "1"}
    os.chown(folder.home, *Account.of(None).other)
    assert laid_out(folder) == {}


def test_a_log_is_read_from_a_file_only(folder: NodeFolder, tmp_path: Path):
    (tmp_path / "secret").write_text("secret")
    folder.log.symlink_to(tmp_path / "secret")
    assert tail(folder.log) == ""
    folder.log.unlink()
    os.mkfifo(folder.log)
    assert tail(folder.log) == ""


def test_of_the_written_addresses_only_the_port_counts(folder: NodeFolder):
    folder.ports.write_text("203.0.113.7:9207\n127.0.0.1:9208\n")
    assert _listening_port(folder) == 9207


def test_a_temporary_node_is_stopped_by_who_started_it(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    stopped: list[Settings] = []
    state = NodeState("http://127.0.0.1:9200", 1, "3", datetime.now(UTC))
    monkeypatch.setattr(lifecycle, "stop_node", stopped.append)
    for started, keep in ((False, False), (True, True), (True, False)):
        monkeypatch.setattr(lifecycle, "_ensure_running", lambda *_, started=started, **__: (state, started))
        with temporary_node(settings, keep=keep) as node:
            assert node == state
        assert len(stopped) == (started and not keep)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_a_damaged_state_file_counts_as_not_running(settings: Settings, folder: NodeFolder, text: str):
    folder.state.write_text(text)
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
        assert NodeFolder.of(Settings(runs=closed)).root == real
        assert nobody.place(closed / "node") == real


def test_the_digest_follows_the_sources_but_not_their_tests(tmp_path: Path):
    with pytest.raises(NodeError, match="incomplete"):
        sources_digest(tmp_path)
    (tmp_path / "pom.xml").write_text("<project/>")
    for name in ("main", "test"):
        (tmp_path / "src" / name).mkdir(parents=True)
        (tmp_path / "src" / name / "A.java").write_text("class A {}")
    first = sources_digest(tmp_path)
    (tmp_path / "src" / "test" / "A.java").write_text("class A { }")
    assert sources_digest(tmp_path) == first
    (tmp_path / "src" / "main" / "A.java").rename(tmp_path / "src" / "main" / "B.java")
    assert sources_digest(tmp_path) != first


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

"""Brokers as child processes on loopback and free ports, which can be killed and restarted."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

START_S = 60.0


class Broker:
    """A broker's process; what it stores is in `folder` and outlives it."""

    binary: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        """For LTR_BROKER_URL."""
        raise NotImplementedError

    def start(self) -> None:
        """Starts it and returns when it takes connections."""
        with (self.folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), env=self._environment(), stdout=log, stderr=log, start_new_session=True
            )
        began = time.monotonic()
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() - began > START_S:
                raise RuntimeError(f"{self.binary} did not start, see {self.folder / 'broker.log'}")
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL to the broker and all that it started."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """Ends it and everything that belongs to it."""
        self.kill()

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _environment(self) -> dict[str, str]:
        return dict(os.environ)

    def _ready(self) -> bool:
        raise NotImplementedError


class Redis(Broker):
    """Redis with a password, and with its messages on disk (AOF) if `persistent`."""

    binary = shutil.which("redis-server") or ""
    persistent = True
    password = "a-secret-of-redis"  # noqa: S105 - of a process of this test

    @property
    def url(self) -> str:  # noqa: D102 - as in Broker
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def _command(self) -> list[str]:
        persistence = ["--appendonly", "yes", "--appendfsync", "always"] if self.persistent else ["--appendonly", "no"]
        address = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        return [self.binary, *address, "--save", "", "--requirepass", self.password, *persistence]

    def _ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                responses = connection.makefile("rb")
                return responses.readline() == b"+OK\r\n" and responses.readline() == b"+PONG\r\n"
        except OSError:
            return False


class ForgetfulRedis(Redis):
    """Redis that restarts empty, as in its default configuration between two snapshots."""

    persistent = False


class RabbitMQ(Broker):
    """RabbitMQ with durable queues and its own Erlang port mapper."""

    binary = shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin:/usr/local/sbin:/usr/sbin") or ""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._mapper_port, self._distribution_port = free_port(), free_port()
        mapper = [shutil.which("epmd") or "epmd", "-port", str(self._mapper_port), "-address", "127.0.0.1"]
        self._mapper = subprocess.Popen(mapper, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (folder / "plugins").write_text("[].\n")
        (folder / "rabbitmq.conf").write_text("log.file.level = info\nvm_memory_high_watermark.absolute = 512MB\n")

    @property
    def url(self) -> str:  # noqa: D102 - as in Broker
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def close(self) -> None:  # noqa: D102 - as in Broker
        super().close()
        self._mapper.kill()
        self._mapper.wait()

    def _command(self) -> list[str]:
        return [self.binary]

    def _environment(self) -> dict[str, str]:
        own = {
            "HOME": self.folder,
            "ERL_EPMD_PORT": self._mapper_port,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"ltr{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": self.port,
            "RABBITMQ_DIST_PORT": self._distribution_port,
            "RABBITMQ_CONFIG_FILE": self.folder / "rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": self.folder / "plugins",
            "RABBITMQ_MNESIA_BASE": self.folder / "mnesia",
            "RABBITMQ_LOG_BASE": self.folder / "log",
            "RABBITMQ_PID_FILE": self.folder / "pid",
        }
        return {**os.environ, **{name: str(value) for name, value in own.items()}}

    def _ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.settimeout(1)
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                return connection.recv(8)[:1] == b"\x01"  # a method frame, in which it introduces itself
        except OSError:
            return False


def free_port() -> int:
    """A free port on loopback, below the ephemeral range.

    A client that retries an ephemeral port on which nobody listens may be given that very port and connect to itself.
    """
    for port in random.sample(range(20000, 32000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")

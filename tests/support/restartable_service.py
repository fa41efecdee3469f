"""The service in a thread of the tests, on a port of its own, which can be stopped and started again."""

import socket
import threading
import time

import uvicorn

from ltr_plugin.service.app import app_of
from ltr_plugin.service.configuration import ServiceOptions
from ltr_plugin.settings import Settings


class RestartableService:
    """A service that listens on loopback while it runs."""

    def __init__(self, options: ServiceOptions, settings: Settings) -> None:
        self._options, self._settings = options, settings
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def app(self):
        """The application of the running service."""
        return self._server.config.app

    @property
    def state(self):
        """The `ServiceState` of the running service."""
        return self.app.state.service

    def start(self) -> None:
        app = app_of(self._options, self._settings)
        config = uvicorn.Config(
            app, host="127.0.0.1", port=self.port, log_level="error", ws="none", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        self._wait(lambda: self._server.started or not self._thread.is_alive())
        assert self._server.started, "the service did not start"

    def wait_until_ready(self) -> None:
        """Waits until the encoders are loaded."""
        self._wait(lambda: self.state.encoding.ready)

    def stop(self) -> None:
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join(20)
            assert not self._thread.is_alive(), "the service did not stop"
        self._server = self._thread = None

    @staticmethod
    def _wait(done, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, f"not done after {seconds} s"
            time.sleep(0.05)

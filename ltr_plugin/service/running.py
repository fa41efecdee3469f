"""Runs the service: one process or several, until it is stopped."""

import os
import tempfile

from ltr_plugin.service.configuration import Configuration, ServiceOptions, as_environment
from ltr_plugin.service.state import open_served
from ltr_plugin.settings import Settings

GRACE_S = 10
"""Seconds that running requests have when the service is stopped."""


def run_service(options: ServiceOptions, settings: Settings, *, host: str, port: int) -> None:
    """Serves until SIGINT or SIGTERM; running requests are answered first.

    ClusterError and InputError when there is nothing that can be served, and for keys that cannot be read.
    """
    import uvicorn

    from ltr_plugin.cluster.connecting import connect

    Configuration.of(options, settings)
    open_served(connect(settings=settings), options, settings)
    with tempfile.TemporaryDirectory() as counts:
        variables = dict(as_environment(options, settings))
        if options.processes > 1:
            variables["PROMETHEUS_MULTIPROC_DIR"] = counts
        os.environ.update(variables)
        uvicorn.run(
            "ltr_plugin.service.app:create_app",
            factory=True,
            host=host,
            port=port,
            workers=options.processes,
            log_level="warning",
            timeout_graceful_shutdown=GRACE_S,
            server_header=False,
        )

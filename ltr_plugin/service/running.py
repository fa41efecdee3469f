"""Runs the service: one process or several, until it is stopped."""

import os
import sys
import tempfile

from ltr_plugin.service.configuration import Configuration, ServiceOptions, as_environment
from ltr_plugin.service.state import open_served
from ltr_plugin.settings import Settings
from ltr_plugin.speech.models import model_folder

HOST, PORT = "127.0.0.1", 8080

GRACE_S = 10
"""Seconds that running requests have when the service is stopped."""


def run_service(options: ServiceOptions, settings: Settings, *, host: str = HOST, port: int = PORT) -> None:
    """Serves until SIGINT or SIGTERM; running requests are answered first. It prints its address when it is ready.

    ClusterError and InputError when there is nothing that can be served, and for keys that cannot be read or a speech
    model that is not there.
    """
    import uvicorn

    from ltr_plugin.cluster.connecting import connect

    Configuration.of(options, settings)
    if options.speech_model:
        model_folder(options.speech_model)
    served = open_served(connect(settings=settings), options, settings)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    ranker = served.ranker if served.release else f"{served.ranker}, no ranker is promoted"
    print(f"ltr: serving {options.index} ({ranker}) at {address}, its API at {address}/docs", file=sys.stderr)
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
            forwarded_allow_ips=[str(network) for network in settings.service_proxies] or None,
        )

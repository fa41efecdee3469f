"""Health of the worker in this container: exits with 0 while it takes tasks, else with 1 and the reason."""

import os
import sys
import urllib.error
import urllib.request

port = os.environ.get("LTR_METRICS_PORT", "9100")
try:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=8):
        pass
except urllib.error.HTTPError as error:  # the body has the worker's state
    sys.exit(error.read().decode())
except OSError as error:
    sys.exit(str(error))

"""Health of the worker or service in this container: exits with 0 when it answers with 200, else with 1 and the reason.

`ltr-health.py [PORT/PATH]`; without an argument it asks the worker, at its port LTR_METRICS_PORT.
"""

import os
import sys
import urllib.error
import urllib.request

of_worker = f"{os.environ.get('LTR_METRICS_PORT', '9100')}/healthz"
asked = next(iter(sys.argv[1:]), of_worker)
try:
    with urllib.request.urlopen(f"http://127.0.0.1:{asked}", timeout=8):
        pass
except urllib.error.HTTPError as error:  # the body says what is missing
    sys.exit(error.read().decode())
except OSError as error:
    sys.exit(str(error))

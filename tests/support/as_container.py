"""A command as a container of compose.yaml runs it: with its variables, where one folder alone can be written."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

HEALTH = Path(__file__).parents[2] / "docker/ltr-health.py"
_UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]
_READ_ONLY = 'mount --bind "$STATE" "$STATE"; mount -o remount,bind,ro /; exec "$@"'
"""Every folder but STATE is read-only for the command that follows."""


def confined(*command: str) -> list[str]:
    """The command, where the folder in the variable STATE alone can be written; skips a test on a machine that cannot
    do that."""
    if not shutil.which("unshare") or subprocess.run([*_UNSHARE, "true"], check=False).returncode:
        pytest.skip("this machine makes no read-only view of its files")
    return [*_UNSHARE, "sh", "-ec", _READ_ONLY, "sh", *command]


def confined_environment(state: Path, **stated: str) -> dict[str, str]:
    """The variables of such a command: all that it writes goes below `state`."""
    (state / "tmp").mkdir(parents=True)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("LTR_", "OPENSEARCH_"))},
        "STATE": str(state),
        "HOME": str(state),
        "TMPDIR": str(state / "tmp"),
        "LTR_RUNS": str(state / "runs"),
        "PYTHONDONTWRITEBYTECODE": "1",
        **stated,
    }


def container_environment(service: Mapping[str, Any], secrets: Path, **stated: str) -> dict[str, str]:
    """The variables of a service of compose.yaml, with the secrets of this folder.

    `stated` are variables that Compose puts into its file; others have their defaults there.
    """
    return {
        name: filled(value.replace("/run/secrets", str(secrets)), **stated)
        for name, value in service["environment"].items()
    }


def filled(text: str, **stated: str) -> str:
    """A text of compose.yaml with its variables, or their defaults, put in."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: stated.get(found[1], found[2]), text)


def health(environment: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """What the health check of our images says: its exit status, and the reason."""
    command = [sys.executable, str(HEALTH), *arguments]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
    return done.returncode, done.stderr

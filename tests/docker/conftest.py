"""Files of `docker/`, and the programs that check them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

DOCKER = Path(__file__).parents[2] / "docker"


@pytest.fixture(scope="session")
def docker() -> Path:
    return DOCKER


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())


@pytest.fixture(scope="session")
def secrets(tmp_path_factory) -> Path:
    """The folder that make-secrets.sh fills."""
    folder = tmp_path_factory.mktemp("docker") / "secrets"
    subprocess.run([DOCKER / "make-secrets.sh", folder], check=True)
    return folder


@pytest.fixture(scope="session")
def check():
    """Runs a program of the development environment, which must succeed."""

    def run(program: str, *arguments: object) -> str:
        found = shutil.which(program, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
        if not found:
            pytest.skip(f"{program} is not installed; there is no package of it for every platform")
        done = subprocess.run([found, *map(str, arguments)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run

"""Finds Maven and a JDK on this machine."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ltr_plugin.errors import NodeError

OLDEST = 21
"""OpenSearch 3 needs Java 21."""

FOLDERS = (
    "/usr/lib/jvm/*",
    "/usr/lib64/jvm/*",
    "/usr/java/*",
    "/usr/local/openjdk-*",
    "/opt/java/*",
    "/opt/jdk*",
    "/opt/homebrew/opt/openjdk*",
    "/usr/local/opt/openjdk*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "~/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "~/.sdkman/candidates/java/*",
    "~/.jdks/*",
    "~/.asdf/installs/java/*",
    "~/.local/share/mise/installs/java/*",
)


@dataclass(frozen=True)
class Jdk:
    """A Java development kit: its folder and feature version, such as 21."""

    home: Path
    version: int


def anyone(path: Path) -> bool:  # noqa: ARG001 - the shape of `usable`
    """Every path may be used."""
    return True


def find_jdk(
    environment: Mapping[str, str] = os.environ,
    folders: Sequence[str] = FOLDERS,
    usable: Callable[[Path], bool] = anyone,
) -> Jdk:
    """The JDK of JAVA_HOME, else of PATH, else the oldest of the usual folders that is new enough.

    The oldest, because OpenSearch may not run on a Java newer than itself. `usable` says whether the node's user may
    execute a path. NodeError with everything that was tried when there is no suitable JDK.
    """
    seen: dict[Path, str] = {}
    for origin, javas in _candidates(environment, folders):
        jdks: list[Jdk] = []
        for java in javas:
            if java.resolve() in seen:
                continue
            version, home = _inspect(java)
            if not version:
                problem = "does not run" if java.exists() else "does not exist"
            elif version < OLDEST:
                problem = f"Java {version}, too old"
            elif not (home / "bin" / "javac").is_file():
                problem = f"Java {version}, but without javac: a JRE, not a JDK"
            elif not usable(home / "bin" / "java"):
                problem = f"Java {version}, but the node's user may not run it"
            else:
                jdks.append(Jdk(home, version))
                continue
            seen[java.resolve()] = f"  {java} ({origin}): {problem}"
        if jdks:
            return min(jdks, key=lambda jdk: (jdk.version, str(jdk.home)))
    tried = "\n".join(seen.values()) or f"  JAVA_HOME, PATH, {', '.join(folders)}: no Java"
    raise NodeError(
        f"no JDK {OLDEST} or later; tried:\n{tried}\n"
        f"Install one (Debian, Ubuntu: openjdk-{OLDEST}-jdk; Fedora: java-{OLDEST}-openjdk-devel; "
        f"Homebrew: openjdk@{OLDEST}), or set JAVA_HOME to the folder of one."
    )


def find_maven(environment: Mapping[str, str] = os.environ) -> Path:
    """The `mvn` on PATH, else of MAVEN_HOME; NodeError when there is none."""
    path, home = environment.get("PATH", ""), environment.get("MAVEN_HOME")
    maven = shutil.which("mvn", path=path) or (home and shutil.which("mvn", path=f"{home}/bin"))
    if not maven:
        raise NodeError(
            f"no Maven: `mvn` is not on PATH ({path!r}) nor in MAVEN_HOME ({home!r}). "
            "Install it (Debian, Ubuntu, Fedora, Homebrew: package maven), or set MAVEN_HOME to its folder."
        )
    return Path(maven)


def _candidates(environment: Mapping[str, str], folders: Sequence[str]) -> Iterator[tuple[str, list[Path]]]:
    if home := environment.get("JAVA_HOME"):
        yield "JAVA_HOME", [Path(home) / "bin" / "java"]
    if java := shutil.which("java", path=environment.get("PATH", "")):
        yield "PATH", [Path(java)]
    expanded = (Path(folder).expanduser() for folder in folders)
    yield "found", [java for folder in expanded for java in sorted(_matches(folder / "bin" / "java"))]


def _matches(pattern: Path) -> Iterator[Path]:
    return Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))


def _inspect(java: Path) -> tuple[int, Path]:
    """The feature version (0: does not run) and the folder that Java states: a java on PATH may be a shim."""
    beside = java.resolve().parent.parent
    try:
        process = subprocess.run(
            [java, "-XshowSettings:properties", "-version"],
            capture_output=True, text=True, errors="replace", timeout=30, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return 0, beside
    output = process.stderr + process.stdout
    version = re.search(r'version "(?:1\.)?(\d+)', output)
    home = re.search(r"java\.home = (.+)", output)
    return int(version[1]) if version else 0, Path(home[1].strip()) if home else beside

"""Installs a distribution with its plugins from Maven's zip files."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from ltr_plugin.devnode.build import run_logged
from ltr_plugin.devnode.distribution import Distribution
from ltr_plugin.devnode.folder import ClusterFolder
from ltr_plugin.devnode.toolchain import Jdk
from ltr_plugin.errors import NodeError
from ltr_plugin.files import write_atomic

MANIFEST = "laid-out.json"


def laid_out(home: Path) -> dict[str, str]:
    """What the home was installed from: `sources` and the digest of each zip.

    Empty if there is no complete home of the current user, who runs its plugin installer.
    """
    try:
        if home.stat().st_uid != os.geteuid():
            return {}
        manifest: dict[str, str] = json.loads((home / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest


def lay_out(folder: ClusterFolder, distribution: Distribution, dist: Path, sources: str, jdk: Jdk) -> None:
    """Installs the zip files in `dist` as the cluster's home, or replaces the installed plugins that changed.

    The zip files in `dist/modules` become modules of the distribution.
    """
    modules = sorted((dist / "modules").glob("*.zip"))
    base = {path.name: _digest(path) for path in (dist / distribution.zip, *modules)}
    plugins = {name: _digest(dist / name) for name in distribution.plugins}
    home = final = folder.home(distribution)
    present = laid_out(home)
    if {name: digest for name, digest in present.items() if name not in ("sources", *plugins)} != base:
        present = {}
        home = final.with_name(f"{final.name}.new")
        shutil.rmtree(home, ignore_errors=True)
        _unpack(dist / distribution.zip, home)
        for module in modules:
            _unpack(module, home / "modules" / module.stem)
    for name, digest in plugins.items():
        if present.get(name) != digest:
            # After an interruption here, the home must not look complete.
            (home / MANIFEST).unlink(missing_ok=True)
            _install(dist / name, home, distribution, folder.tools_log, jdk)
    if not (home / "config" / f"{distribution.engine}.keystore").exists():
        # Otherwise the node creates it, and its user may not write to its configuration.
        tool = home / "bin" / f"{distribution.engine}-keystore"
        run_logged([str(tool), "create"], folder.tools_log, jdk, "no keystore can be created")
    if home != final:
        shutil.rmtree(final, ignore_errors=True)
        home.rename(final)
    write_atomic(final / MANIFEST, json.dumps({"sources": sources, **base, **plugins}))


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise NodeError(f"Maven succeeded, but did not write {str(path)!r}") from None


def _unpack(archive: Path, target: Path) -> None:
    """Unpacks the archive, or the single folder in it, as `target`, with file modes, which zipfile ignores."""
    try:
        with ZipFile(archive) as packed:
            for info in packed.infolist():
                path = Path(packed.extract(info, target))
                if mode := info.external_attr >> 16 & 0o777:
                    path.chmod(mode)
    except BadZipFile as error:
        raise NodeError(f"{str(archive)!r} is damaged ({error}); remove it and start again") from error
    inner, *others = target.iterdir()
    if not others and inner.is_dir():
        inner.rename(target.with_name(f"{target.name}.inner"))
        target.rmdir()
        target.with_name(f"{target.name}.inner").rename(target)


def _install(plugin: Path, home: Path, distribution: Distribution, log: Path, jdk: Jdk) -> None:
    with ZipFile(plugin) as packed:
        descriptor = packed.read("plugin-descriptor.properties").decode()
    name = next(line.partition("=")[2].strip() for line in descriptor.splitlines() if line.startswith("name="))
    for installed in (home / "plugins").iterdir():
        if installed.name == name or installed.name.startswith("."):  # hidden: of an interrupted installation
            shutil.rmtree(installed)
    tool = home / "bin" / f"{distribution.engine}-plugin"
    run_logged([str(tool), "install", "--batch", plugin.as_uri()], log, jdk, f"plugin {name!r} cannot be installed")

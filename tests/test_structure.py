"""Imports run one way, without circles, and heavy libraries wait until they are needed."""

import ast
import subprocess
import sys
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LAYERS = (
    {
        "batches",
        "credentials",
        "errors",
        "extras",
        "declaring",
        "engines",
        "environment",
        "files",
        "jsonlines",
        "prefetching",
        "progress",
        "resources",
        "setting_types",
        "settings",
        "unicode",
        "urls",
        "validation",
    },
    {"catalog", "feedback", "judgments"},
    {"profile"},
    {"features", "feeds", "media"},
    {"encoders", "evaluation"},
    {"queries", "speech"},
    {"encoders.export", "encoders.training", "rankers"},
    {"devnode"},
    {"broker", "cluster"},
    {"pipelines"},
    {"ltr_workers", "service"},
    {"demo"},
    {"cli"},
)
"""From data up to commands: a package imports from its own layer and from those above it in this list."""

MAX_MODULES = 20
"""Of a package, its `__init__` among them: more are no longer found at a glance."""

HEAVY = {
    "torch",
    "celery",
    "lightgbm",
    "opensearchpy",
    "elasticsearch",
    "open_clip",
    "sentence_transformers",
    "pyarrow",
    "numpy",
    "fastapi",
}
HEIGHT = {package: height for height, packages in enumerate(LAYERS) for package in packages}


def encoder_name(path):
    parts = path.relative_to(ROOT / "workers" if "workers" in path.parts else ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    encoder_name(path): path
    for top in ("ltr_plugin", "workers/ltr_workers")
    for path in sorted((ROOT / top).rglob("*.py"))
}


def package_of(module):
    """The entry of LAYERS that a module belongs to."""
    inner = module.removeprefix("ltr_plugin.")
    parts = inner.split(".")
    return next((name for length in (2, 1) if (name := ".".join(parts[:length])) in HEIGHT), None)


def imports(module):
    """The modules of ours that a module imports anywhere in its code."""
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            deeper = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else node.module for name in deeper]
        else:
            continue
        yield from (name for name in names if name in MODULES and name != module)


@pytest.mark.parametrize("module", [name for name in MODULES if name != "ltr_plugin"])
def test_a_module_imports_only_from_its_layer_and_below(module):
    height = HEIGHT[package_of(module)]
    wrong = {name for name in imports(module) if name != "ltr_plugin" and HEIGHT[package_of(name)] > height}
    assert not wrong


@pytest.mark.parametrize("height", range(len(LAYERS)))
def test_packages_of_a_layer_do_not_import_each_other(height):
    found = {
        (module, name)
        for module in MODULES
        if package_of(module) in LAYERS[height]
        for name in imports(module)
        if package_of(name) in LAYERS[height] - {package_of(module)}
    }
    assert height == 0 or not found


def test_modules_import_each_other_without_circles():
    graph = {module: set(imports(module)) for module in MODULES if module != "ltr_plugin"}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_packages_are_small():
    sizes = Counter(path.parent.relative_to(ROOT) for path in MODULES.values())
    assert not {str(package): size for package, size in sizes.items() if size > MAX_MODULES}


def test_the_library_does_not_import_the_celery_application():
    assert not [
        module for module in MODULES if module.startswith("ltr_plugin") for name in imports(module)
        if name.startswith("ltr_workers")
    ]  # fmt: skip


def test_help_loads_nothing_heavy():
    code = "import sys; from ltr_plugin.cli import app; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY.intersection(loaded)

"""Imports run one way, and heavy libraries wait until they are needed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LAYERS = (
    {"errors", "settings", "progress", "shipped", "batches", "decoding", "jsonlines"},
    {"catalog", "judgments", "features"},
    {"queries", "rankers", "evaluation"},
    {"cluster"},
    {"workers"},
    {"flows"},
    {"demo"},
    {"cli"},
)
"""From data up to commands: a room imports from its own layer's rooms and from those above it in this list."""

UPWARDS = {
    ("ltr_plugin/queries/encoding.py", "workers"): "queries are encoded by the very encoders of the workers",
}
HEAVY = {"torch", "celery", "lightgbm", "opensearchpy", "open_clip", "sentence_transformers", "pyarrow", "numpy"}


def modules():
    return [path for room in ("ltr_plugin", "workers") for path in sorted((ROOT / room).rglob("*.py"))]


def room_of(module):
    parts = module.split(".")
    return "workers" if parts[0] == "workers" else parts[1] if len(parts) > 1 else "errors"


def imports(path, *, top_only=False):
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_from_its_layer_and_below(path):
    relative = str(path.relative_to(ROOT))
    layer = {room: height for height, rooms in enumerate(LAYERS) for room in rooms}
    own = room_of(relative.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    wrong = {
        name
        for name in imports(path)
        if name.startswith(("ltr_plugin.", "workers"))
        and layer[room_of(name)] > layer[own]
        and (relative, room_of(name)) not in UPWARDS
    }
    assert not wrong


def test_help_loads_nothing_heavy():
    code = "import sys; from ltr_plugin.cli import app; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY.intersection(loaded)

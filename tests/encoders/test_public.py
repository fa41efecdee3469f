"""The public module `ltr_plugin.encoders`: its names, and how little it loads."""

import subprocess
import sys

import pytest

from ltr_plugin import encoders


def test_every_public_name_is_there_and_listed():
    assert encoders.__all__ == sorted(encoders.__all__)
    assert set(encoders.__all__) <= set(dir(encoders))
    assert all(getattr(encoders, name) is not None for name in encoders.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'load'"):
        encoders.load  # noqa: B018


def test_importing_it_loads_neither_numpy_nor_torch():
    code = "import sys, ltr_plugin.encoders; print([name for name in ('numpy', 'torch', 'PIL') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"

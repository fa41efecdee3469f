"""The public surface: sorted, importable, documented, and light to import."""

import subprocess
import sys

import pytest

import ltr_plugin

HEAVY = ("torch", "lightgbm", "celery", "opensearchpy", "elasticsearch")


def test_the_list_is_sorted_and_short():
    assert ltr_plugin.__all__ == sorted(ltr_plugin.__all__)
    assert len(ltr_plugin.__all__) <= 45
    assert set(ltr_plugin.__all__) == set(ltr_plugin._HOMES)


@pytest.mark.parametrize("name", ltr_plugin.__all__)
def test_a_public_name_is_importable_documented_and_shown_as_public(name):
    value = getattr(ltr_plugin, name)
    assert value.__doc__
    assert len(value.__doc__.strip()) > 20
    assert getattr(value, "__module__", "ltr_plugin") == "ltr_plugin"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        ltr_plugin.nothing  # noqa: B018


def test_importing_the_package_loads_nothing_heavy():
    code = f"import ltr_plugin, sys; print([name for name in {HEAVY} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"

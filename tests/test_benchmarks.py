"""Benchmarks are too long to be run by tests; what can be seen without running them is seen here."""

import re
from importlib import import_module
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(path.stem for path in (BENCHMARKS / "run").glob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
def test_help_is_printed(script, monkeypatch, capsys):
    module = import_module(f"benchmarks.run.{script}")
    monkeypatch.setattr("sys.argv", [module.__file__, "--help"])
    with pytest.raises(SystemExit, match="0"):
        module.main()
    assert f"python -m benchmarks.run.{script}" in capsys.readouterr().out


def test_the_readme_has_a_row_for_every_script_and_names_every_result():
    readme = (BENCHMARKS / "README.md").read_text("utf-8")
    assert sorted(re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE)) == SCRIPTS
    patterns = re.findall(r"`(?:results/)?([\w*]+\.(?:json|md))`", readme)
    named = {path.name for pattern in patterns for path in (BENCHMARKS / "results").glob(pattern)}
    assert named == {path.name for path in (BENCHMARKS / "results").iterdir()}

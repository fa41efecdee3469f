"""Progress on standard error, on a terminal and elsewhere."""

import io
import sys
import time

from ltr_plugin.cli.terminal import progress_bar as module
from ltr_plugin.cli.terminal.progress_bar import progress_bar
from ltr_plugin.progress import stage_progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_elsewhere_a_stage_is_a_line_and_long_work_a_line_now_and_then(capsys, monkeypatch):
    monkeypatch.setattr(module, "LINE_PERIOD_S", 0.05)
    with progress_bar("making vectors") as progress:
        progress(1200, 5000)
        time.sleep(0.2)
    first, second, *_ = capsys.readouterr().err.splitlines()
    assert first == "making vectors"
    assert second == "making vectors: 1,200 of 5,000, elapsed 0:00, left 0:00"


def test_how_long_work_took_and_takes_is_said():
    assert module._describe(1200, 4800, 90.0) == "1,200 of 4,800, elapsed 1:30, left 4:30"
    assert module._describe(0, None, 61.0) == "0, elapsed 1:01"


def test_a_terminal_shows_a_bar_whose_times_are_labelled(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar("making vectors") as progress:
        progress(3, 10)
        progress(10, 10)
    assert "elapsed" in terminal.getvalue()
    assert "left" in terminal.getvalue()


def test_stages_are_shown_each_with_its_count(capsys, monkeypatch):
    monkeypatch.setattr(module, "LINE_PERIOD_S", 0.05)
    with progress_bar("training") as progress:
        stage_progress(progress, "encoding captions")(3, 7)
        time.sleep(0.2)
        progress(1, 100)
    said = list(dict.fromkeys(capsys.readouterr().err.splitlines()))
    assert said[:2] == ["training", "encoding captions"]
    assert said[2].startswith("encoding captions: 3 of 7, elapsed")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar("training") as progress:
        stage_progress(progress, "encoding captions")(3, 7)
    assert "encoding captions" in terminal.getvalue()
    assert "3/7" in terminal.getvalue()

"""Progress on standard error: a bar for each stage on a terminal, elsewhere a line at each and every 30 seconds."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ltr_plugin.progress import Progress

LINE_PERIOD_S = 30.0


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """A listener that shows how far the block is while it runs."""
    with _bar(label) if sys.stderr.isatty() else _lines(label) as progress:
        yield progress


@contextmanager
def _bar(label: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(bar_width=12),
        MofNCompleteColumn(),
        TextColumn("elapsed"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks = {"": bars.add_task(label, total=None)}

        def listen(done: int, total: int | None = None, stage: str = "") -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=None)
            bars.update(tasks[stage], completed=done, total=total)

        yield listen


@contextmanager
def _lines(label: str) -> Iterator[Progress]:
    """Prints from a thread, so that a line comes even while the work does not report."""
    latest: tuple[str, int, int | None] = (label, 0, None)
    started, ended = time.monotonic(), threading.Event()

    def listen(done: int, total: int | None = None, stage: str = "") -> None:
        nonlocal latest, started
        if (name := stage or label) != latest[0]:
            _print(name)
            started = time.monotonic()
        latest = name, done, total

    def print_lines() -> None:
        while not ended.wait(LINE_PERIOD_S):
            name, done, total = latest
            _print(f"{name}: {_describe(done, total, time.monotonic() - started)}")

    _print(label)
    printer = threading.Thread(target=print_lines, daemon=True)
    printer.start()
    try:
        yield listen
    finally:
        ended.set()
        printer.join()


def _describe(done: int, total: int | None, elapsed_s: float) -> str:
    """How far the work is, such as `1,200 of 5,000, elapsed 1:30, left 4:45`."""
    text = f"{done:,} of {total:,}" if total else f"{done:,}"
    text += f", elapsed {_clock(elapsed_s)}"
    if total and 0 < done <= total:
        text += f", left {_clock(elapsed_s * (total - done) / done)}"
    return text


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)

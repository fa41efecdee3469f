"""The workers' application with a record, outside of the worker, of all that it encodes.

Run it as `celery -A benchmarks.lib.recorded worker`.

The record (LTR_RECORD) has a JSON line when a task has read its products, when it has made some of their vectors, and
when it has written those; a process that is killed cannot take these lines with it. LTR_RECORD_BATCH makes tasks
smaller.
"""

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from ltr_workers import tasks
from ltr_workers.celery import app
from ltr_workers.logs import log_context

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.index import EmbeddingResult, Index, StoredProduct
from ltr_plugin.pipelines.enqueue import PRODUCTS_PER_TASK

__all__ = ["Attempt", "app", "attempts"]


class RecordedIndex(Index):
    """An index that notes what is read from it in order to be embedded, and what is written to it; one a run of a task,
    which reads and writes in threads of its own."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        super().__init__(cluster, name)
        self._run = uuid4().hex

    def fetch(self, ids: Sequence[str]) -> list[StoredProduct]:
        """See ProductIndex."""
        stored = super().fetch(ids)
        vectors = [vector for vector in self.vectors if vector.source == log_context.get().get("source")]
        _note(
            "read",
            self._run,
            thread=threading.get_ident(),
            lacking=[[one.product.id, vector.name] for one in stored for vector in one.pending(vectors)],
        )
        return stored

    def write_vectors(self, made: Iterable[EmbeddingResult]) -> Iterator[tuple[str, str | None]]:
        """See ProductIndex."""
        made = list(made)
        _note("made", self._run, made=[[one.id, one.field.name] for one in made])
        yield from super().write_vectors(made)
        _note("written", self._run)


@dataclass
class Attempt:
    """One run of a task: what it found lacking, the vectors it made, as (product, field), and when each was written.

    `ended_at` is when its thread began the next, infinite where it was cut off before. Times are of the machine's
    monotonic clock.
    """

    pid: int
    began: float
    lacking: list[tuple[str, str]]
    made: list[tuple[str, str]] = field(default_factory=list)
    written_at: dict[tuple[str, str], float] = field(default_factory=dict)
    ended_at: float = float("inf")

    @property
    def is_making(self) -> bool:
        """False for a task that only passed its products on."""
        return bool(self.made) or self.ended_at == float("inf")

    def until(self, one: tuple[str, str]) -> float:
        """When this one was no longer in flight."""
        return self.written_at.get(one, self.ended_at)


def attempts(record: Path) -> list[Attempt]:
    """What the record says, in order of the beginnings."""
    found: list[Attempt] = []
    runs: dict[str, Attempt] = {}
    threads: dict[tuple[int, int], Attempt] = {}
    for note in _notes(record):
        if note["event"] == "read":
            thread = note["pid"], note["thread"]
            if thread in threads:
                threads[thread].ended_at = note["at"]
            runs[note["run"]] = threads[thread] = Attempt(
                note["pid"], note["at"], [tuple(one) for one in note["lacking"]]
            )
            found.append(threads[thread])
        elif note["event"] == "made":
            runs[note["run"]].made += [tuple(one) for one in note["made"]]
        else:  # a run writes one part after the other
            run = runs[note["run"]]
            run.written_at.update(dict.fromkeys(set(run.made) - run.written_at.keys(), note["at"]))
    return found


def _note(event: str, run: str, **facts: object) -> None:
    line = {"event": event, "at": time.monotonic(), "pid": os.getpid(), "run": run, **facts}
    record = os.open(os.environ["LTR_RECORD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    # one call: lines of several processes do not mix; and a line end before it, where a killed one broke off
    os.write(record, f"\n{json.dumps(line)}\n".encode())
    os.close(record)


def _notes(record: Path) -> Iterator[dict[str, Any]]:
    """All but what is being written now, and what a process was killed in the midst of: no part of a note is JSON."""
    for line in record.read_text("utf-8").splitlines() if record.exists() else ():
        with contextlib.suppress(json.JSONDecodeError):
            yield json.loads(line)


if "LTR_RECORD" in os.environ:
    tasks.Index = RecordedIndex  # type: ignore[misc]
if size := os.environ.get("LTR_RECORD_BATCH"):
    PRODUCTS_PER_TASK.update(dict.fromkeys(PRODUCTS_PER_TASK, int(size)))  # type: ignore[attr-defined]

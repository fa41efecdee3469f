"""The workers' application with a record of all that it encodes: `celery -A benchmarks.lib.recorded worker`.

The record is the file that LTR_RECORD names. It gets a JSON line when a task has read its products, when it has made
some of their vectors, and when it has written them; the lines survive a killed process. LTR_RECORD_BATCH is the number
of products of a task.
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

from ltr_plugin.cluster.managed.documents import EmbeddingResult, StoredProduct
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.responses import BulkError
from ltr_plugin.pipelines.indexing.enqueue import PRODUCTS_PER_TASK

__all__ = ["Attempt", "app", "read_attempts"]


@dataclass(frozen=True)
class RecordedIndex(ManagedIndex):
    """An index that records what is read to be embedded and what is written.

    Each run of a task has its own index; it reads and writes in different threads.
    """

    _run: str = field(default_factory=lambda: uuid4().hex, repr=False)

    def fetch(self, ids: Sequence[str]) -> list[StoredProduct]:
        """As in ManagedIndex, and records it."""
        stored = super().fetch(ids)
        vectors = [vector for vector in self.vectors if vector.source == log_context.get().get("source")]
        _note(
            "read",
            self._run,
            thread=threading.get_ident(),
            missing=[[one.product.id, vector.name] for one in stored for vector in one.pending(vectors)],
        )
        return stored

    def write_vectors(self, made: Iterable[EmbeddingResult]) -> Iterator[tuple[str, BulkError | None]]:
        """As in ManagedIndex, and records it."""
        made = list(made)
        _note("made", self._run, made=[[one.id, one.field.name] for one in made])
        yield from super().write_vectors(made)
        _note("written", self._run)


@dataclass
class Attempt:
    """One run of a task: the vectors that were missing, those it made, as (product, field), and when each was written.

    `ended_at` is when its thread began the next task; infinite if it was cut off. Times are of the monotonic clock.
    """

    pid: int
    began: float
    missing: list[tuple[str, str]]
    made: list[tuple[str, str]] = field(default_factory=list)
    written_at: dict[tuple[str, str], float] = field(default_factory=dict)
    ended_at: float = float("inf")

    @property
    def is_making(self) -> bool:
        """False for a task that only forwarded its products."""
        return bool(self.made) or self.ended_at == float("inf")

    def until(self, one: tuple[str, str]) -> float:
        """When this vector was no longer in flight."""
        return self.written_at.get(one, self.ended_at)


def read_attempts(record: Path) -> list[Attempt]:
    """All attempts of the record, in the order of their start."""
    attempts: list[Attempt] = []
    runs: dict[str, Attempt] = {}
    threads: dict[tuple[int, int], Attempt] = {}
    for note in _notes(record):
        if note["event"] == "read":
            thread = note["pid"], note["thread"]
            if thread in threads:
                threads[thread].ended_at = note["at"]
            runs[note["run"]] = threads[thread] = Attempt(
                note["pid"], note["at"], [tuple(one) for one in note["missing"]]
            )
            attempts.append(threads[thread])
        elif note["event"] == "made":
            runs[note["run"]].made += [tuple(one) for one in note["made"]]
        else:  # a run writes one part after the other
            run = runs[note["run"]]
            run.written_at.update(dict.fromkeys(set(run.made) - run.written_at.keys(), note["at"]))
    return attempts


def _note(event: str, run: str, **facts: object) -> None:
    line = {"event": event, "at": time.monotonic(), "pid": os.getpid(), "run": run, **facts}
    record = os.open(os.environ["LTR_RECORD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    # one call, so that processes do not mix lines; and a line end first, in case a killed process broke off
    os.write(record, f"\n{json.dumps(line)}\n".encode())
    os.close(record)


def _notes(record: Path) -> Iterator[dict[str, Any]]:
    """All complete notes: a part of a note, being written or cut off by a kill, is not JSON."""
    for line in record.read_text("utf-8").splitlines() if record.exists() else ():
        with contextlib.suppress(json.JSONDecodeError):
            yield json.loads(line)


if "LTR_RECORD" in os.environ:
    tasks.ManagedIndex = RecordedIndex  # type: ignore[misc]
if size := os.environ.get("LTR_RECORD_BATCH"):
    PRODUCTS_PER_TASK.update(dict.fromkeys(PRODUCTS_PER_TASK, int(size)))  # type: ignore[attr-defined]

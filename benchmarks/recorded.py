"""The workers' application with a record, outside of the worker, of all that it encodes: `celery -A recorded worker`.

The record (LTR_RECORD) has a JSON line when a task has read its products, when it has made some of their vectors, and
when it has written those; a process that is killed cannot take these lines with it. LTR_RECORD_BATCH makes tasks
smaller.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ltr_plugin.cluster.products import Embedded, ProductIndex, StoredProduct
from workers import tasks
from workers.app import app
from workers.logs import facts_here
from workers.sending import BATCH

__all__ = ["Attempt", "app", "attempts"]


class RecordedIndex(ProductIndex):
    """An index that notes what is read from it in order to be embedded, and what is written to it."""

    def fetch(self, ids: Sequence[str]) -> list[StoredProduct]:
        """See ProductIndex."""
        stored = super().fetch(ids)
        vectors = [vector for vector in self.vectors if vector.source == facts_here.get().get("source")]
        _note("read", lacking=[[one.product.id, vector.name] for one in stored for vector in one.pending(vectors)])
        return stored

    def write_vectors(self, made: Iterable[Embedded]) -> Iterator[tuple[str, str | None]]:
        """See ProductIndex."""
        made = list(made)
        _note("made", made=[[one.id, one.field.name] for one in made])
        yield from super().write_vectors(made)
        _note("written")


@dataclass
class Attempt:
    """One run of a task: what it found lacking, the vectors it made, as (product, field), and when each was written.

    What was lacking and is not in `written_at` was cut off, unless it failed: then `failed_at` is when it was tried
    again. Times are of the machine's monotonic clock.
    """

    pid: int
    began: float
    lacking: list[tuple[str, str]]
    made: list[tuple[str, str]] = field(default_factory=list)
    written_at: dict[tuple[str, str], float] = field(default_factory=dict)
    failed_at: float = float("inf")

    def until(self, one: tuple[str, str]) -> float:
        """When this one was no longer in flight."""
        return self.written_at.get(one, self.failed_at)


def attempts(record: Path) -> list[Attempt]:
    """What the record says, in order of the beginnings."""
    found: list[Attempt] = []
    running: dict[tuple[int, str], Attempt] = {}
    for line in record.read_text("utf-8").splitlines() if record.exists() else ():
        note = json.loads(line)
        task = note["pid"], note["task"]
        if note["event"] == "read":
            if task in running:
                running[task].failed_at = note["at"]
            running[task] = Attempt(note["pid"], note["at"], [tuple(one) for one in note["lacking"]])
            found.append(running[task])
        elif note["event"] == "made":
            running[task].made += [tuple(one) for one in note["made"]]
        else:  # a task writes one part after the other
            written = running[task].written_at
            written.update(dict.fromkeys(set(running[task].made) - written.keys(), note["at"]))
    return found


def _note(event: str, **facts: object) -> None:
    task = facts_here.get().get("task_id")
    line = {"event": event, "at": time.monotonic(), "pid": os.getpid(), "task": task, **facts}
    record = os.open(os.environ["LTR_RECORD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(record, (json.dumps(line) + "\n").encode())  # one call: lines of several processes do not mix
    os.close(record)


if "LTR_RECORD" in os.environ:
    tasks.ProductIndex = RecordedIndex  # type: ignore[misc]
if size := os.environ.get("LTR_RECORD_BATCH"):
    BATCH.update(dict.fromkeys(BATCH, int(size)))  # type: ignore[attr-defined]

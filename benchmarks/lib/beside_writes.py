"""Keeps the cluster as busy as a worker would, from another process, while an encoder runs alone.

On one machine a busy cluster slows an encoder down through shared caches, memory and clock, whatever the worker does.
In a shop the cluster runs on other machines.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from typing import IO, cast

import numpy as np

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.managed.documents import EmbeddingResult
from ltr_plugin.encoders.runtime.cores import cores


class Writes:
    """A process that reads products and writes random vectors for them: a worker without its encoding."""

    def __init__(self, index: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, index], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._orders = cast("IO[bytes]", self._process.stdin)
        assert cast("IO[bytes]", self._process.stdout).readline() == b"ready\n"

    def order(self, ids: Iterable[str]) -> None:
        """Writes vectors for the products of one task, in the background."""
        self._orders.write(json.dumps(list(ids)).encode() + b"\n")
        self._orders.flush()

    def __enter__(self) -> "Writes":
        return self

    def __exit__(self, *_: object) -> None:
        self._orders.close()
        assert self._process.wait() == 0


def main() -> None:
    """The other process: one line of product ids a task."""
    own = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, own[cores() :] or own)
    index = Index.open(connect(), sys.argv[1])
    (field,) = index.vectors
    rng = np.random.default_rng(5)
    print("ready", flush=True)
    for order in sys.stdin:
        stored = index.fetch(json.loads(order))
        vectors = rng.standard_normal((len(stored), field.fingerprint.dimension), np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        results = [
            EmbeddingResult(one.product.id, field, one.content_hash[field.source], vector)
            for one, vector in zip(stored, vectors, strict=True)
        ]
        assert not [error for _, error in index.write_vectors(results) if error]


if __name__ == "__main__":
    main()

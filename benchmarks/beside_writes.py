"""The encoder alone while the cluster works as it does for a worker: the writes come from a process of their own.

On one machine an encoder shares caches, memory and clock with whatever the other cores do, so a cluster at work there
slows it down by itself, which says nothing about the worker. In a shop the cluster is on other machines.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from typing import IO, cast

import numpy as np

from ltr_plugin.cluster.index import EmbeddingResult, Index
from ltr_plugin.cluster.opensearch import connect
from ltr_plugin.encoders.runtime.cores import cores


class Writes:
    """A process that reads products and writes vectors for them, as a worker does of which all else is left out."""

    def __init__(self, index: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, index], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._orders = cast("IO[bytes]", self._process.stdin)
        assert cast("IO[bytes]", self._process.stdout).readline() == b"ready\n"

    def order(self, ids: Iterable[str]) -> None:
        """Has vectors written for these products of one task, beside what goes on here."""
        self._orders.write(json.dumps(list(ids)).encode() + b"\n")
        self._orders.flush()

    def __enter__(self) -> "Writes":
        return self

    def __exit__(self, *_: object) -> None:
        self._orders.close()
        assert self._process.wait() == 0


def main() -> None:
    own = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, own[cores() :] or own)
    index = Index.open(connect(), sys.argv[1])
    (field,) = index.vectors
    chance = np.random.default_rng(5)
    print("ready", flush=True)
    for order in sys.stdin:
        stored = index.fetch(json.loads(order))
        vectors = chance.standard_normal((len(stored), field.fingerprint.dimension), np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        made = [
            EmbeddingResult(one.product.id, field, one.content_hash[field.source], vector)
            for one, vector in zip(stored, vectors, strict=True)
        ]
        assert not [error for _, error in index.write_vectors(made) if error]


if __name__ == "__main__":
    main()

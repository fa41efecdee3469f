"""Text as the weighted average of its words' vectors, from a file of Word2Vec, GloVe or fastText vectors.

Common words weigh less (Arora et al. 2017, https://openreview.net/forum?id=SyK00v5xx). The files have no frequencies,
but list the most common words first, so Zipf's law gives a word's frequency from its rank. Text becomes float32
(n, dimension).
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.protocol import Library, Vectors
from ltr_plugin.encoders.runtime.batched_encoder import BatchedEncoder
from ltr_plugin.errors import EncoderError, EncoderSpecError, InputError, Problem
from ltr_plugin.extras import require_module
from ltr_plugin.files import open_lines

MAX_WORDS = 400_000
"""Words read from a file, the most common ones: 240 MB at 300 dimensions."""

SIF_WEIGHT = 1e-3
"""The frequency at which a word has half the weight of a rare one."""

MAX_MISTAKES = 20
"""Maximum number of mistakes in one error."""

_WORD = re.compile(r"\w+(?:[-'.&]\w+)*")


class WordVectorEncoder(BatchedEncoder):
    """Encodes text by the words of a file.

    A word that is not in the file, such as a model number, has a random direction seeded by its letters: it is similar
    only to itself.
    """

    def __init__(self, words: Sequence[str], vectors: NDArray[np.float16], fingerprint: Fingerprint) -> None:
        """`vectors` (n, dimension) are those of `words`, most common first."""
        super().__init__(fingerprint, frozenset({"text"}), batch_size=1024)
        self._rows = {word: row for row, word in reversed(list(enumerate(words)))}
        self._vectors_of = vectors
        ranks = np.arange(1, len(words) + 1)
        frequencies = 1 / (ranks * (1 / ranks).sum())
        self._weights = (SIF_WEIGHT / (SIF_WEIGHT + frequencies)).astype(np.float32)
        lengths = np.linalg.norm(vectors[:10_000].astype(np.float32), axis=1)
        self._unknown = lru_cache(10_000)(lambda word: _direction(word, vectors.shape[1]) * lengths.mean())

    def _prepare(self, modality: Modality, item: str) -> NDArray[np.float32]:  # noqa: ARG002 - text is its only modality
        """float32 (dimension,): the weighted sum of the text's word vectors."""
        known, unknown = [], []
        for word in _WORD.findall(item) or [item]:
            rows = self._find(word)
            known += rows
            if not rows:
                unknown.append(self._unknown(word.lower()))
        total: NDArray[np.float32] = self._weights[known] @ self._vectors_of[known].astype(np.float32)
        return np.asarray(np.sum([total, *unknown], axis=0), np.float32)

    def _find(self, word: str) -> list[int]:
        """The word's row, as written or in lower case; the rows of its parts if only those are known."""
        for spelling in (word, word.lower()):
            if spelling in self._rows:
                return [self._rows[spelling]]
        parts = re.split(r"\W", word.lower())
        return [self._rows[part] for part in parts] if all(part in self._rows for part in parts) else []

    def _vectors(self, modality: Modality, batch: list[NDArray[np.float32]]) -> Vectors:  # noqa: ARG002
        sums = np.stack(batch)
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        vectors: Vectors = np.divide(sums, norms, out=sums, where=norms > 0)
        return vectors


def load(model: str) -> WordVectorEncoder:
    """The encoder of a file: text with a word and its numbers on each line, gzip allowed, or Word2Vec's binary `.bin`.

    EncoderError when there is no such file; InputError lists the lines that cannot be read.
    """
    path = Path(model)
    if not path.is_file():
        raise EncoderSpecError(f"no file of word vectors at {model!r}")
    words, vectors = _binary(path) if ".bin" in path.suffixes else _text(path)
    content = hashlib.blake2b("\n".join(words).encode(), digest_size=8)
    content.update(vectors.tobytes())
    fingerprint = Fingerprint(
        library=LIBRARY.name,
        model=path.resolve().name,
        revision="",
        dimension=vectors.shape[1],
        preprocessing=f"first {MAX_WORDS} words, weights {SIF_WEIGHT} / ({SIF_WEIGHT} + p), p by Zipf's law",
        weights=content.hexdigest(),
    )
    return WordVectorEncoder(words, vectors, fingerprint)


def _binary(path: Path) -> tuple[list[str], NDArray[np.float16]]:
    require_module("gensim", repr(str(path)), error=EncoderError)
    from gensim.models import KeyedVectors  # type: ignore[import-untyped]

    keyed = KeyedVectors.load_word2vec_format(
        str(path), binary=True, limit=MAX_WORDS, datatype=np.float16, unicode_errors="replace"
    )
    return list(keyed.index_to_key), keyed.vectors


def _text(path: Path) -> tuple[list[str], NDArray[np.float16]]:
    words: list[str] = []
    rows: list[NDArray[np.float16]] = []
    problems: list[Problem] = []
    dimension = 0
    for number, (word, numbers) in _lines(path):
        dimension = dimension or len(numbers)
        try:
            row = np.array(numbers[-dimension:], np.float16)
        except ValueError:
            row = np.full(dimension, np.nan, np.float16)
        if len(numbers) < dimension or not np.isfinite(row).all():
            problems.append(Problem(f"line {number}", f"{word!r} is not followed by {dimension} numbers"))
            if len(problems) == MAX_MISTAKES:
                break
            continue
        words.append(" ".join([word, *numbers[:-dimension]]))
        rows.append(row)
    if problems or not words:
        raise InputError(str(path), problems or "holds no word vectors")
    return words, np.stack(rows)


def _lines(path: Path) -> Iterator[tuple[int, tuple[str, list[str]]]]:
    """Numbered lines, each as its word and the rest, without Word2Vec's header line of counts."""
    with open_lines(path) as lines:
        for number, line in enumerate(islice(lines, MAX_WORDS), start=1):
            word, *numbers = line.decode("utf-8", "replace").rstrip().split(" ")
            if number == 1 and len(numbers) == 1 and word.isdecimal():
                continue
            if numbers:
                yield number, (word, numbers)


def _direction(word: str, dimension: int) -> NDArray[np.float32]:
    """A random unit vector, seeded by the word."""
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
    drawn = np.random.default_rng(seed).standard_normal(dimension, np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn), np.float32)


LIBRARY = Library(
    name="word-vectors",
    module="numpy",
    modalities=("text",),
    models="a file of Word2Vec, GloVe or fastText vectors: text, gzip allowed, or .bin",
    load=load,
    example="glove.6B.300d.txt",
)

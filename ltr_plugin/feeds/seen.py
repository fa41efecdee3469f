"""Which of millions of texts were there before, and with which number: 12 bytes a text and the free slots."""

from array import array
from hashlib import blake2b

_START_SLOTS = 1 << 12


def text_hash(text: str) -> int:
    """64 bits of a text, never 0. Of a million texts two are alike with a chance of 1 in 37 million."""
    return int.from_bytes(blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "little") or 1


class SeenTexts:
    """A hash table of the hashes of texts, each with a number below 2^32, such as a line."""

    def __init__(self) -> None:
        self._hashes = array("Q", bytes(8 * _START_SLOTS))
        self._numbers = array("I", bytes(4 * _START_SLOTS))
        self._length = 0

    def add(self, text: str, number: int) -> int | None:
        """None for a new text, which has this number from now on; else the number that it has."""
        key = text_hash(text)
        slot = self._slot(key)
        if self._hashes[slot]:
            return self._numbers[slot]
        self._hashes[slot], self._numbers[slot] = key, min(number, 2**32 - 1)
        self._length += 1
        if 2 * self._length > len(self._hashes):
            self._grow()
        return None

    def get(self, text: str) -> int | None:
        """The number of a text, None for a new one."""
        slot = self._slot(text_hash(text))
        return self._numbers[slot] if self._hashes[slot] else None

    def _slot(self, key: int) -> int:
        mask = len(self._hashes) - 1
        slot = key & mask
        while self._hashes[slot] not in (0, key):
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        hashes, numbers = self._hashes, self._numbers
        self._hashes, self._numbers = array("Q", bytes(16 * len(hashes))), array("I", bytes(8 * len(hashes)))
        for key, number in zip(hashes, numbers, strict=True):
            if key:
                slot = self._slot(key)
                self._hashes[slot], self._numbers[slot] = key, number

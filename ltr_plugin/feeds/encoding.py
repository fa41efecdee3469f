"""The encoding of a feed by its bytes: a mark at its start, UTF-8 if every byte fits, else Windows-1252."""

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ltr_plugin.errors import InputError, Problem
from ltr_plugin.files import open_blocks

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before that of UTF-16, which it begins with
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TEXT = (
    (b"PK\x03\x04", "is an Excel workbook or a ZIP archive; save the sheet as CSV (UTF-8), or unpack the archive"),
    (b"\xd0\xcf\x11\xe0", "is a workbook of old Excel; save the sheet as CSV (UTF-8)"),
    (b"%PDF", "is a PDF; export the products as CSV"),
)
_START_BYTES = 4096

WESTERN = "windows-1252"
"""What is taken for text that is not UTF-8; it has all letters of Latin-1."""


@dataclass(frozen=True)
class Encoding:
    """An encoding as Python names it, and a sentence on why it is taken; empty where there is nothing to say."""

    name: str
    note: str = ""


def read_start(path: Path) -> bytes:
    """The first bytes of a file, unpacked; InputError when it cannot be read or is no text."""
    start = b""
    with open_blocks(path) as blocks:
        for block in blocks:
            start += block
            if len(start) >= _START_BYTES:
                break
    for magic, message in _NOT_TEXT:
        if start.startswith(magic):
            raise InputError(str(path), message)
    return start


def detect_encoding(path: Path) -> Encoding:
    """The encoding of a text file, which is read to its end.

    InputError when it is UTF-8 but for some bytes: read in another encoding, all its letters would be wrong.
    """
    start = read_start(path)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return Encoding(name, "" if name == "utf-8-sig" else f"read as {name.upper()}")
    if b"\0" in start[:4]:
        name = "utf-16-be" if start[:1] == b"\0" else "utf-16-le"
        return Encoding(name, f"read as {name.upper()}")
    return _utf8_or_western(path)


def _utf8_or_western(path: Path) -> Encoding:
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, multibyte, pending = 1, False, b""
    with open_blocks(path) as blocks:
        for block in blocks:
            data = pending + block
            try:
                decoder.reset()
                _text, used = codecs.utf_8_decode(data, "strict", False)
            except UnicodeDecodeError as error:
                good = data[: error.start]
                line += good.count(b"\n")
                if multibyte or not good.isascii():
                    column = error.start - (good.rfind(b"\n") + 1) + 1
                    byte = f"byte 0x{data[error.start]:02X}, byte {column} of the line"
                    message = f"{byte}, is not UTF-8 as the text before it; mend it, or state `encoding` in the mapping"
                    raise InputError(str(path), [Problem(f"line {line}", message)]) from None
                return Encoding(WESTERN, f"read as Windows-1252: line {line} is not UTF-8")
            multibyte = multibyte or not data[:used].isascii()
            line += data[:used].count(b"\n")
            pending = data[used:]
    if pending:  # the file ends within a character
        return Encoding(WESTERN, f"read as Windows-1252: line {line} is not UTF-8")
    return Encoding("utf-8")


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[TextIO]:
    """The text of a file, unpacked, with its line ends as they are: `\\n`, `\\r\\n` or `\\r`."""
    with open_blocks(path) as blocks:
        raw = io.BufferedReader(_Blocks(blocks), 1 << 18)
        yield io.TextIOWrapper(raw, encoding=encoding, errors="strict", newline="")


class _Blocks(io.RawIOBase):
    """Blocks of bytes as a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._left = blocks, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._left:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._left = memoryview(block)
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

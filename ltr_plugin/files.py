"""Writing files that readers only see complete, and reading the lines of text files, which may be gzip-compressed."""

import errno
import fcntl
import os
import shutil
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from itertools import chain
from pathlib import Path
from uuid import uuid4

from ltr_plugin.errors import InputError

MAX_LINE_BYTES = 4 << 20
"""Bytes of a line, without its end. A longer line is an error of its own, and the lines after it are read."""

MAX_GZIP_RATIO, MIN_RATIO_BYTES = 200, 16 << 20
"""A gzip file that unpacks to more than so many times its size is refused, from so many unpacked bytes on."""

_BLOCK_BYTES = 256 << 10
_GZIP_MAGIC = b"\x1f\x8b"
_UTF8_MARK, _UTF16_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


def write_atomic(path: Path, data: bytes | str, *, mode: int = 0o666) -> None:
    """Writes `data` (text as UTF-8) beside `path`, then renames it: a reader sees the old file or the new one.

    That holds after a power failure too. `mode` are the permissions of a new file, less those of the umask.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid4().hex[:8]}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        move_into_place(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def replace_folder(folder: Path) -> Iterator[Path]:
    """A new folder to fill. It replaces `folder` when the block ends, and is deleted when the block raises.

    A reader sees the old folder or the new one, whole, but for the moment between two renames: a process that is killed
    there leaves the old one as `.NAME.before`, and the next call puts it back. Of several calls at once, the last one
    to end counts.
    """
    before = folder.with_name(f".{folder.name}.before")
    new = folder.with_name(f".{folder.name}.{os.getpid()}-{uuid4().hex[:8]}")
    new.mkdir(parents=True)
    with _locked(folder.parent):
        if before.exists() and not folder.exists():
            before.rename(folder)
    try:
        yield new
        for path in (*new.rglob("*"), new):
            _sync(path)
        with _locked(folder.parent):
            shutil.rmtree(before, ignore_errors=True)
            if folder.exists():
                folder.rename(before)
            new.rename(folder)
            _sync(folder.parent)
            shutil.rmtree(before, ignore_errors=True)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def move_into_place(written: Path, path: Path) -> None:
    """Renames a file that is written; after a power failure, too, `path` is the old file or this one, whole."""
    _sync(written)
    written.replace(path)
    _sync(path.parent)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lets one process or thread at a time into the block, of those that name the same existing folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def open_lines(
    source: Path | BufferedReader, *, regular_only: bool = False, name: str = "standard input"
) -> Iterator[Iterator[bytes]]:
    """The lines of a file, or of a reader that messages call `name`, without their ends, as they arrive.

    `decode_line` gives their text.
    Content that begins like gzip is decompressed, whatever its name; a byte-order mark of UTF-8 is dropped. Of a line
    over MAX_LINE_BYTES one byte more than that is kept. With `regular_only`, a symbolic link, a pipe and a device are
    refused. InputError when the file cannot be opened or, after its good lines, turns out to be damaged.
    """
    if not isinstance(source, Path):
        yield _lines(source, name)
        return
    try:
        file = open(source, "rb", opener=open_regular if regular_only else None)  # noqa: SIM115 - closed below
    except OSError as error:
        raise _unreadable(str(source), error) from None
    with file:
        yield _lines(file, str(source))


@contextmanager
def open_blocks(path: Path) -> Iterator[Iterator[bytes]]:
    """The content of a file in blocks as it is, in any encoding; decompressed as by `open_lines`.

    InputError when the file cannot be opened or, after its good blocks, turns out to be damaged.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise _unreadable(str(path), error) from None
    with file:
        yield _checked_blocks(file, str(path))


def read_text(path: Path) -> bytes:
    """The whole text of a file, however long its lines, without a byte-order mark; decompressed as by `open_lines`.

    InputError when it cannot be read.
    """
    name = str(path)
    try:
        with path.open("rb") as file:
            return b"".join(_text_blocks(file, name))
    except (EOFError, zlib.error) as error:
        raise InputError(name, f"damaged gzip file: {error}") from None
    except OSError as error:
        raise _unreadable(name, error) from None


def decode_line(line: bytes) -> str:
    """The text of a line. ValueError, which says what to do, when it is too long or not UTF-8."""
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"the line is longer than {MAX_LINE_BYTES >> 20} MB; shorten it")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        found = f"byte 0x{line[error.start]:02X} in column {error.start + 1}"
        raise ValueError(f"{found} is not UTF-8; is the file Latin-1 or Windows-1252? save it as UTF-8") from None


def open_regular(path: str, flags: int) -> int:
    """An `opener` for `open` that raises OSError for a symbolic link, a folder, a pipe or a device."""
    # non-blocking, because opening a pipe would wait for a writer
    try:
        descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno == errno.ELOOP:  # "too many levels of symbolic links"
            raise OSError(errno.ELOOP, "it is a link; put the file itself there") from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file")
    return descriptor


def _unreadable(name: str, error: OSError) -> InputError:
    return InputError(name, f"cannot be read: {error.strerror or error}")


def _lines(file: BufferedReader, name: str) -> Iterator[bytes]:
    number = 0
    try:
        for line in _split(_text_blocks(file, name)):
            number += 1
            yield line
    except (EOFError, zlib.error) as error:
        raise InputError(name, f"damaged gzip file, after line {number}: {error}") from None
    except OSError as error:
        raise _unreadable(name, error) from None


def _checked_blocks(file: BufferedReader, name: str) -> Iterator[bytes]:
    try:
        yield from _unpacked(file, name)
    except (EOFError, zlib.error) as error:
        raise InputError(name, f"damaged gzip file: {error}") from None
    except OSError as error:
        raise _unreadable(name, error) from None


def _unpacked(file: BufferedReader, name: str) -> Iterator[bytes]:
    blocks = iter(lambda: file.read1(_BLOCK_BYTES), b"")
    start, blocks = _peek(blocks, len(_GZIP_MAGIC))
    return _gunzip(blocks, name) if start == _GZIP_MAGIC else blocks


def _text_blocks(file: BufferedReader, name: str) -> Iterator[bytes]:
    start, blocks = _peek(_unpacked(file, name), len(_UTF8_MARK))
    if start[:2] in _UTF16_MARKS or b"\0" in start[:2]:
        raise InputError(name, "is UTF-16 text from line 1 on; save it as UTF-8")
    if start == _UTF8_MARK:
        first = next(blocks)
        blocks = chain((first[len(_UTF8_MARK) :],), blocks)
    return blocks


def _peek(blocks: Iterator[bytes], length: int) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, and the blocks with them, of which the first has at least these."""
    first = b""
    while len(first) < length and (block := next(blocks, b"")):
        first += block
    return first[:length], chain((first,) if first else (), blocks)


def _gunzip(blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
    packed = unpacked = 0
    member = zlib.decompressobj(wbits=31)
    for block in blocks:
        packed += len(block)
        while block:
            if member.eof:
                block = block.lstrip(b"\0")  # noqa: PLW2901 - a file may be padded with zeros
                if not block:
                    break
                member = zlib.decompressobj(wbits=31)
            text = member.decompress(block, _BLOCK_BYTES)
            unpacked += len(text)
            if unpacked > max(MIN_RATIO_BYTES, MAX_GZIP_RATIO * (packed - len(member.unconsumed_tail))):
                raise InputError(name, f"unpacks to more than {MAX_GZIP_RATIO} times its size; is it text? unpack it")
            if text:
                yield text
            block = member.unconsumed_tail or member.unused_data  # noqa: PLW2901
    if not member.eof:
        raise EOFError("it ends too early; is it complete?")


def _split(blocks: Iterator[bytes]) -> Iterator[bytes]:
    pending = bytearray()
    for block in blocks:
        first, *others = block.split(b"\n")
        pending += first[: MAX_LINE_BYTES + 1 - len(pending)]
        for part in others:
            yield bytes(pending.removesuffix(b"\r"))
            pending = bytearray(part[: MAX_LINE_BYTES + 1])
    if pending:
        yield bytes(pending)

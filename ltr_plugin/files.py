"""Writing files that readers only see complete, and reading files that may be gzip-compressed."""

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from uuid import uuid4

from ltr_plugin.errors import InputError

_GZIP_MAGIC = b"\x1f\x8b"


def write_atomic(path: Path, data: bytes | str) -> None:
    """Writes `data` (text as UTF-8) beside `path`, then renames it: a reader sees the old file or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid4().hex[:8]}")
    try:
        temporary.write_bytes(data.encode() if isinstance(data, str) else data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def open_lines(path: Path) -> Iterator[BufferedReader | gzip.GzipFile]:
    """The lines of a file, decompressed when its first bytes are those of gzip, whatever its name.

    InputError when the file cannot be opened or, while its lines are read, turns out to be cut or damaged.
    """
    try:
        with path.open("rb") as file:
            if file.peek(len(_GZIP_MAGIC))[: len(_GZIP_MAGIC)] != _GZIP_MAGIC:
                yield file
                return
            with gzip.open(file) as lines:
                yield lines
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(str(path), f"damaged gzip file: {error}") from None
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror or error}") from None

"""Files that readers see whole, and text that may be gzipped."""

import gzip
import os
from pathlib import Path
from typing import IO
from uuid import uuid4

GZIP_MAGIC = b"\x1f\x8b"


def write_atomic(path: Path, data: bytes | str) -> None:
    """Writes `data` (text as UTF-8) beside `path`, then renames: a reader sees the old file or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid4().hex[:8]}")
    try:
        temporary.write_bytes(data.encode() if isinstance(data, str) else data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def open_maybe_gzip(path: Path) -> IO[bytes]:
    """The file opened for reading bytes, unpacked if its first bytes are gzip's, whatever its name.

    Reading a damaged gzip file raises EOFError, zlib.error or gzip.BadGzipFile, which is an OSError.
    """
    file = path.open("rb")
    try:
        packed = file.peek(len(GZIP_MAGIC))[: len(GZIP_MAGIC)] == GZIP_MAGIC
    except BaseException:
        file.close()
        raise
    if not packed:
        return file
    file.close()
    return gzip.open(path)  # type: ignore[return-value]

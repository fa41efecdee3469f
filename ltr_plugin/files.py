"""Reads and writes files: lines that may be gzipped, JSON, and files that are never half written."""

import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from ltr_plugin.errors import InputError

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


@contextmanager
def open_lines(path: Path) -> Iterator[Iterable[bytes]]:
    """The lines of a file, unpacked if its content is gzip; InputError when it cannot be read to its end."""
    try:
        with path.open("rb") as file:
            packed = file.peek(2).startswith(GZIP_MAGIC)
            with gzip.open(file) if packed else file as lines:
                yield lines
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(str(path), f"cannot be read: it is a damaged gzip file ({error})") from None
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror or error}") from None


def read_json(path: Path) -> Any:  # noqa: ANN401 - JSON may hold anything
    """The decoded content of a JSON file; InputError when it cannot be read or is not JSON."""
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InputError(str(path), f"not JSON: {error}") from None

"""The bytes of a media reference (a file below the catalog's folder, or a URL), within limits of size and time."""

import io
import os
import stat
import time
from pathlib import Path

from ltr_plugin.catalog.media import is_url, resolve_media_path
from ltr_plugin.errors import MediaError
from ltr_plugin.media.fetching import fetch


def read_media(root: Path, reference: str, *, max_bytes: int) -> bytes:
    """The bytes of a reference: a path under `root`, or a URL. MediaError with the reason when they cannot be read."""
    data = fetch(reference, max_bytes=max_bytes) if is_url(reference) else _read(root, reference, max_bytes)
    if len(data) > max_bytes:
        raise MediaError(f"{reference!r} is over the limit of {max_bytes >> 20} MB")
    if not data:
        raise MediaError("empty file")
    return data


def _read(root: Path, reference: str, max_bytes: int) -> bytes:
    path = resolve_media_path(root, reference)
    try:
        # non-blocking, because opening a pipe would wait for a writer
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise MediaError(f"{reference!r} is not a file but a folder, a pipe or a device")
            return file.read(max_bytes + 1)
    except OSError as error:
        raise MediaError(f"cannot read {reference!r}: {error.strerror or error}") from None


class TimedBytes(io.BytesIO):
    """Bytes that raise MediaError when they are read after `timeout_s`, so that a decoder stops."""

    def __init__(self, data: bytes, timeout_s: float) -> None:
        super().__init__(data)
        self._timeout_s = timeout_s
        self._deadline = time.monotonic() + timeout_s

    def check(self) -> None:
        """MediaError when `timeout_s` has passed."""
        if time.monotonic() > self._deadline:
            raise MediaError(f"takes more than {self._timeout_s:g} s to decode")

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to `size` bytes. MediaError when `timeout_s` has passed."""
        self.check()
        return super().read(size)

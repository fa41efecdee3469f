"""The bytes of a media reference (a file below the catalog's folder, or a URL), within limits of size and time."""

import errno
import io
import os
import stat
import time
from pathlib import Path

from ltr_plugin.catalog.media import resolve_media_path
from ltr_plugin.catalog.references import is_url, public_reference
from ltr_plugin.errors import MediaError, MediaUnavailableError
from ltr_plugin.media.fetching import TIMEOUT_S, fetch

LASTING_ERRORS = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EACCES,
                            errno.EPERM, errno.EINVAL, errno.ENXIO})  # fmt: skip
"""Errors of the operating system that say something about a file. Others say something about the machine."""


def read_media(root: Path, reference: str, *, max_bytes: int, timeout_s: float = TIMEOUT_S) -> bytes:
    """The bytes of a reference: a path under `root`, or a URL, which may take `timeout_s`.

    MediaError with the reason when they cannot be read; MediaUnavailableError when they may be readable later.
    """
    if is_url(reference):
        data = fetch(reference, max_bytes=max_bytes, timeout_s=timeout_s)
    else:
        data = _read(root, reference, max_bytes)
    if len(data) > max_bytes:
        raise MediaError(f"{public_reference(reference)!r} is over the limit of {max_bytes >> 20} MB")
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
        # a file that is missing from a folder that is there stays so; a disk or a network folder may come back
        lasting = error.errno in LASTING_ERRORS and root.is_dir()
        reason = f"cannot read {reference!r}: {error.strerror or error}"
        raise (MediaError if lasting else MediaUnavailableError)(reason) from None


class TimedBytes(io.BytesIO):
    """Bytes that raise MediaError when they are read after `timeout_s`, so that a decoder stops."""

    def __init__(self, data: bytes, timeout_s: float) -> None:
        super().__init__(data)
        self._timeout_s = timeout_s
        self._deadline = time.monotonic() + timeout_s

    def restart(self) -> None:
        """Gives the decoder its whole time from now."""
        self._deadline = time.monotonic() + self._timeout_s

    def check(self) -> None:
        """MediaError when `timeout_s` has passed."""
        if time.monotonic() > self._deadline:
            raise MediaError(f"takes more than {self._timeout_s:g} s to decode")

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to `size` bytes. MediaError when `timeout_s` has passed."""
        self.check()
        return super().read(size)

"""The user that the node runs as: neither OpenSearch nor Elasticsearch runs as root."""

import hashlib
import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from ltr_plugin.errors import InputError, NodeError

REACHABLE = Path("/var/lib/ltr-node")
"""Folder of nodes started by root whose run folder the node's user cannot enter, such as one below /root."""


class Identity(TypedDict, total=False):
    """Arguments for subprocess; none for the current user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """An existing user. `other` has its user and group id, or is None for the user of this process."""

    name: str
    other: tuple[int, int] | None = None

    @classmethod
    def of(cls, name: str | None) -> "Account":
        """The named user; without a name the current one, or `nobody` instead of root. InputError if unusable."""
        current = os.geteuid()
        if current != 0 and name is None:
            return cls(str(current))
        name = name or "nobody"
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            raise InputError("--user", f"there is no user {name!r} on this machine") from None
        if entry.pw_uid == 0:
            raise InputError("--user", f"the node refuses to run as {name!r}; name an unprivileged user")
        if entry.pw_uid == current:
            return cls(name)
        if current != 0:
            raise InputError("--user", f"only root can start the node as {name!r}; leave --user out")
        return cls(name, (entry.pw_uid, entry.pw_gid))

    @property
    def identity(self) -> Identity:
        """Arguments with which subprocess runs a program as this user."""
        return {"user": self.other[0], "group": self.other[1], "extra_groups": []} if self.other else {}

    def can_enter(self, path: Path) -> bool:
        """Whether this user may enter the folder or execute the file; a child process of that user tests it."""
        try:
            return subprocess.run(["test", "-x", path], check=False, **self.identity).returncode == 0
        except PermissionError as error:
            raise NodeError(
                f"the node refuses to run as root, and this root may not become {self.name!r} ({error.strerror}); "
                "run this as an ordinary user"
            ) from error

    def place(self, folder: Path) -> Path:
        """Creates a folder of the current user that this user can enter, and returns its real path.

        If the user cannot enter its parent, it becomes a link to a folder below /var/lib. NodeError when the folder
        exists and belongs to somebody else, or the user cannot enter it.
        """
        if not folder.exists():
            folder.unlink(missing_ok=True)  # a link whose target is gone
            folder.parent.mkdir(parents=True, exist_ok=True)
            if self.can_enter(folder.parent):
                folder.mkdir()
            else:
                target = REACHABLE / hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:16]
                target.mkdir(parents=True, exist_ok=True)
                REACHABLE.chmod(0o755)
                folder.symlink_to(target)
        require_owner(folder)
        real = folder.resolve()
        if self.other:
            real.chmod(0o755)
        if not self.can_enter(real):
            raise NodeError(
                f"the node's user {self.name!r} cannot enter {str(real)!r}; remove it, or set "
                "LTR_RUNS to a folder that this user can enter"
            )
        return real

    def make_private(self, folder: Path) -> None:
        """Creates a folder that only this user can enter. NodeError when it exists and belongs to another user."""
        uid, gid = self.other or (os.geteuid(), -1)
        if not folder.is_dir():
            folder.mkdir()
            os.chown(folder, uid, gid)
        # Nothing in the folder changes its owner: that user could place a link there to a file of root.
        require_owner(folder, uid)
        folder.chmod(0o700)

    def share(self, folder: Path) -> None:
        """Lets this user read a folder of the current user, and nobody else."""
        if not self.other:
            return
        uid, gid = self.other
        for parent, folders, files in os.walk(folder):
            folders[:] = [name for name in folders if Path(parent, name).stat().st_uid != uid]  # its own: private
            for path in (Path(parent), *(Path(parent, name) for name in files)):
                if path.is_symlink():  # such as that to logs, which homes of earlier versions have
                    continue
                os.chown(path, -1, gid)
                mode = path.stat().st_mode & 0o700
                path.chmod(mode | (mode & 0o500) >> 3)


def require_owner(folder: Path, uid: int | None = None) -> None:
    """NodeError unless the folder, and the link to it if it is one, belong to this user (default: the current one)."""
    wanted = os.geteuid() if uid is None else uid
    for found in (folder.lstat().st_uid, folder.stat().st_uid):
        if found != wanted:
            raise NodeError(
                f"{str(folder)!r} belongs to user {_user_name(found)}, but must belong to {_user_name(wanted)}; "
                "remove it, or set LTR_RUNS to another folder"
            )


def _user_name(uid: int) -> str:
    try:
        return repr(pwd.getpwuid(uid).pw_name)
    except KeyError:
        return str(uid)

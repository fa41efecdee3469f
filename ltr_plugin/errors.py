"""Every error this library raises on purpose.

LtrError
├── InputError        a file or an argument is wrong; carries every mistake found, each with its place
├── MediaError        one photo, sound or video cannot be used
│   └── NothingToEncode  it is fine, but has nothing that this encoder reads
├── EncoderError      an encoder cannot be loaded, or its vectors belong to another space
├── ExportError       a ranker cannot be expressed in a form that the cluster scores alike
├── NodeError         the development node cannot be built or started
├── BrokerError       the broker, which carries the tasks, is out of reach
└── ClusterError      the cluster is out of reach, or refuses
    ├── PluginMissing the cluster has no learning-to-rank plugin
    └── ParityError   the cluster scores an uploaded ranker differently from the local prediction
"""

from collections.abc import Sequence
from dataclasses import dataclass


class LtrError(Exception):
    """Base of all errors below. `exit_code` is what the command line returns: 1 something failed, 2 wrong input."""

    exit_code = 1


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: `location` is a file line or a `$.path`, `message` names the value and what to do."""

    location: str
    message: str

    def __str__(self) -> str:
        return f"{self.location}  {self.message}" if self.location else self.message


class InputError(LtrError):
    """Wrong input. `source` is the file or argument, `problems` is everything that is wrong with it."""

    exit_code = 2

    def __init__(self, source: str, problems: Sequence[Problem] | str) -> None:
        self.source = source
        self.problems = (Problem("", problems),) if isinstance(problems, str) else tuple(problems)
        super().__init__(source, self.problems)

    def __str__(self) -> str:
        if len(self.problems) == 1 and not self.problems[0].location:
            return f"{self.source}: {self.problems[0].message}"
        count = f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}"
        return "\n".join([f"{self.source}: {count}", *(f"  {problem}" for problem in self.problems)])


class MediaError(LtrError):
    """A photo, sound or video that cannot be used; the message is recorded on its product."""


class NothingToEncodeError(MediaError):
    """A medium without what an encoder reads, such as a silent film for one of sounds; no mistake of its product."""


class EncoderError(LtrError):
    """An encoder that cannot be loaded, or a vector from another encoder's space."""


class ExportError(LtrError):
    """A ranker that cannot be written so that the cluster scores it alike; the message says what stands in the way."""


class NodeError(LtrError):
    """The development node cannot be built or started."""


class BrokerError(LtrError):
    """The broker is out of reach: no task could be sent."""


class ClusterError(LtrError):
    """The cluster is out of reach or refuses a call. `status` is the HTTP status, 0 when there was no answer."""

    def __init__(self, message: str, *, status: int = 0, error_type: str = "") -> None:
        self.status = status
        self.error_type = error_type
        super().__init__(message)

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later: no answer, too many requests, or a node that is not ready."""
        return self.status in (0, 429, 502, 503, 504)


class PluginMissingError(ClusterError):
    """The cluster has no learning-to-rank plugin."""


class ParityError(ClusterError):
    """The cluster's scores differ from the local prediction by more than the tolerance."""

"""The errors that this library raises.

LtrError
├── InputError              a file or an argument is wrong; lists every problem in it
│   └── ConflictError          somebody else changed meanwhile what it was made from
├── MediaError              an image, audio or video cannot be used
│   ├── NothingToEncodeError   it can be used, but has nothing that this encoder reads
│   ├── ItemsRefusedError      an encoder refuses some items, texts too, and has encoded the others
│   └── MediaUnavailableError  it cannot be read now, but may be later
├── EncoderError            an encoder cannot be loaded, or a vector is of another encoder's space
│   ├── EncoderSpecError       a specification names none, or one that cannot do what it is to do
│   └── EncoderUnavailableError  its service cannot be reached, or is busy
├── ExportError             a ranker cannot be written in a form that the cluster scores exactly
├── NodeError               the development node cannot be built or started
├── BrokerError             the message broker cannot be reached
└── ClusterError            the search cluster cannot be reached, or refuses a request
    ├── PluginMissingError     it has no learning-to-rank plugin
    └── ParityError            it scores an uploaded ranker differently from the local prediction
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self


class LtrError(Exception):
    """Base class of all errors below.

    `exit_code` is the exit code of the command line: 2 for wrong input, 1 for any other failure.
    """

    exit_code = 1


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input.

    `location` is a line of a file or a path such as `$.features[3].kind`, empty for the input as a whole.
    `message` says what is wrong, quotes the value and says what to do.
    """

    location: str
    message: str

    def __str__(self) -> str:
        return f"{self.location}  {self.message}" if self.location else self.message


def counted(number: int, noun: str) -> str:
    """A number with its noun, as messages say it: `1 query`, `2,000 queries`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun[:-1]}ies" if noun.endswith("y") else f"{number:,} {noun}s"


MAX_REPORTED, MAX_LISTED = 100, 10_000
"""How many problems an InputError reports, and how many a list of all mistakes has; further ones are counted."""


class ProblemLog:
    """Problems as they are found, however many: its length counts all, iterating gives the first `limit` of them and
    then how many more there are."""

    def __init__(self, limit: int = MAX_REPORTED) -> None:
        self._limit, self._total = limit, 0
        self._kept: list[Problem] = []

    def add(self, problem: Problem) -> None:
        """Counts a problem, and keeps it below the limit."""
        self._total += 1
        if self._total <= self._limit:
            self._kept.append(problem)

    def __len__(self) -> int:
        return self._total

    def __iter__(self) -> Iterator[Problem]:
        yield from self._kept
        if self._total > self._limit:
            yield Problem("…", f"and {self._total - self._limit:,} more")


class InputError(LtrError):
    """A file or an argument is wrong. `source` names it, `problems` is everything that is wrong with it."""

    exit_code = 2

    def __init__(self, source: str, problems: Iterable[Problem] | str) -> None:
        self.source = source
        self.problems = (Problem("", problems),) if isinstance(problems, str) else tuple(problems)
        super().__init__(source, self.problems)

    def __str__(self) -> str:
        if len(self.problems) == 1 and not self.problems[0].location:
            return f"{self.source}: {self.problems[0].message}"
        count = counted(len(self.problems), "problem")
        return "\n".join([f"{self.source}: {count}", *(f"  {problem}" for problem in self.problems)])


class ConflictError(InputError):
    """Somebody else changed meanwhile what a change was made from; start from what there is now."""


class MediaError(LtrError):
    """An image, audio or video cannot be used. The message is stored with its product in the index."""


class NothingToEncodeError(MediaError):
    """A medium has nothing that the encoder reads, such as a video without sound for an audio encoder."""


class ItemsRefusedError(MediaError):
    """An encoder refuses some of its items, and has encoded the others.

    `reasons` has the position of each refused item, with what is wrong with it.
    """

    def __init__(self, reasons: Mapping[int, str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(dict.fromkeys(reasons.values())))


class MediaUnavailableError(MediaError):
    """A medium cannot be read now, but may be later: its product stays in the backlog.

    `retry_after_s` is the time in seconds that its server asks to wait, 0 if it does not.
    """

    def __init__(self, message: str, *, retry_after_s: float = 0.0) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


class EncoderError(LtrError):
    """An encoder cannot be loaded, or a vector is of another encoder's space."""


class EncoderSpecError(EncoderError):
    """A specification names no encoder, or one that cannot do what it is to do: wrong input."""

    exit_code = 2


class EncoderUnavailableError(EncoderError):
    """The service of an encoder cannot be reached, or is busy: the same call may succeed later.

    `retry_after_s` is the time in seconds that the service asks to wait, 0 if it does not.
    """

    def __init__(self, message: str, *, retry_after_s: float = 0.0) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


class ExportError(LtrError):
    """A ranker cannot be written in a form that the cluster scores exactly as it predicts."""


class NodeError(LtrError):
    """The development node cannot be built or started."""


class BrokerError(LtrError):
    """The message broker cannot be reached, so no task was sent."""


NODE_LOST = frozenset(
    {
        "connect_transport_exception",
        "node_closed_exception",
        "node_disconnected_exception",
        "node_not_connected_exception",
        "receive_timeout_transport_exception",
    }
)
"""Types of errors of a cluster that lost a node while it worked on a request. Some come with status 500."""


class ClusterError(LtrError):
    """The search cluster cannot be reached, or refuses a request.

    `status` is the HTTP status, 0 without a response. `error_type` is the cluster's name of the error, such as
    `index_not_found_exception`, or empty.
    """

    def __init__(self, message: str, *, status: int = 0, error_type: str = "") -> None:
        self.status = status
        self.error_type = error_type
        super().__init__(message)

    def saying(self, rewrite: Callable[[str], str]) -> Self:
        """The same error with its message rewritten."""
        return type(self)(rewrite(str(self)), status=self.status, error_type=self.error_type)

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later: no response, too many requests, or a node not ready or lost."""
        return self.status in (0, 429, 502, 503, 504) or self.error_type in NODE_LOST


class PluginMissingError(ClusterError):
    """The cluster has no learning-to-rank plugin."""


class ParityError(ClusterError):
    """The cluster's scores of an uploaded ranker differ from the local predictions by more than the tolerance."""

"""A service of embeddings in the form of OpenAI's API, which other providers and inference servers offer, too.

https://platform.openai.com/docs/api-reference/embeddings/create. What may pass by itself (a busy or failing service, a
time-out, a connection that breaks) is tried again. Messages name the host and never the key.
"""

import json
import logging
from collections.abc import Sequence
from http import HTTPStatus
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import orjson
import urllib3
from numpy.typing import NDArray
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_before_delay, wait_random_exponential
from urllib3.exceptions import HTTPError, ReadTimeoutError, SSLError

from ltr_plugin.errors import EncoderError, EncoderUnavailableError
from ltr_plugin.media.fetching import PASSING_STATUSES, retry_after_s
from ltr_plugin.settings import Settings

CONNECT_TIMEOUT_S, TIMEOUT_S = 10.0, 30.0
"""Seconds for a connection, and for the answer to one request."""

MAX_BYTES = 64 << 20
"""Maximum size of an answer."""

MAX_REASON_CHARACTERS = 200
"""Maximum characters kept of the service's own message."""

REFUSED_STATUSES = frozenset({400, 413, 422})
"""What services answer to an input that they do not take."""

PARALLEL_REQUESTS = 4

FIRST_DELAY_S, MAX_DELAY_S = 0.5, 8.0

log = logging.getLogger(__name__)


class RequestRefusedError(EncoderError):
    """The service refuses a request for what is in it; a smaller one, or one with other texts, may be taken."""


class EmbeddingsService:
    """A model of the service at an address. `name` is its host and path, `tokens` counts what it charged so far."""

    def __init__(self, url: str, model: str) -> None:
        address = urlsplit(url.rstrip("/"))
        self.name = f"{address.netloc.lower()}{address.path}"
        self.tokens = 0
        self._url, self._model = f"{address.geturl()}/embeddings", model
        self._connections = urllib3.PoolManager(maxsize=PARALLEL_REQUESTS)
        self._lock = Lock()

    def embed(self, texts: Sequence[str], *, retry_timeout_s: float) -> NDArray[np.float64]:
        """The vectors of the texts (n, dimension), in their order; they may be of any length, and not finite.

        RequestRefusedError when the service refuses these texts; EncoderUnavailableError when it has no answer within
        `retry_timeout_s`; EncoderError when its answer is none, or another try would not help.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(EncoderUnavailableError),
            wait=_delay_s,
            stop=stop_before_delay(retry_timeout_s),
            before_sleep=lambda state: log.info("%s; trying again in %.1f s", _error(state), state.upcoming_sleep),
            reraise=True,
        )
        answer = self._decode(retrying(self._post, texts))
        usage = answer.get("usage")
        tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
        with self._lock:
            self.tokens += tokens if isinstance(tokens, int) else 0
        return self._matrix(answer.get("data"), len(texts))

    def _post(self, texts: Sequence[str]) -> bytes:
        """The body of the answer with status 200."""
        key = Settings.from_env().embeddings_api_key
        headers = {"Content-Type": "application/json", "User-Agent": "ltr-plugin"}
        headers |= {"Authorization": f"Bearer {key}"} if key else {}
        body = orjson.dumps({"model": self._model, "input": list(texts), "encoding_format": "float"})
        timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=TIMEOUT_S)
        try:
            response = self._connections.request(
                "POST", self._url, body=body, headers=headers, timeout=timeout,
                retries=False, redirect=False, preload_content=False,
            )  # fmt: skip
            try:
                content = response.read(MAX_BYTES + 1)
            finally:
                response.close()  # a connection whose answer was read is kept
        except SSLError as error:
            raise EncoderError(f"{self.name} has no connection that can be trusted: {error}") from None
        except ReadTimeoutError:
            raise EncoderUnavailableError(f"{self.name} did not answer within {TIMEOUT_S:g} s") from None
        except HTTPError as error:
            raise EncoderUnavailableError(f"{self.name} cannot be reached: {str(error).rpartition(': ')[2]}") from None
        if len(content) > MAX_BYTES:
            raise EncoderError(f"{self.name} answered more than {MAX_BYTES >> 20} MB")
        if response.status != HTTPStatus.OK:
            raise self._failure(response, content, key)
        return content

    def _failure(self, response: urllib3.BaseHTTPResponse, content: bytes, key: str | None) -> EncoderError:
        status = response.status
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):  # whose message may have a part of the key in it
            reason = "refuses the key" if key else "wants a key"
            return EncoderError(f"{self.name} {reason} ({status}); set LTR_EMBEDDINGS_API_KEY")
        said = _message(content).replace(key, "[key]") if key else _message(content)
        answered = f"{self.name} answered {status}" + (f": {said[:MAX_REASON_CHARACTERS]}" if said else "")
        if status in REFUSED_STATUSES:
            return RequestRefusedError(answered)
        if status in PASSING_STATUSES:
            return EncoderUnavailableError(answered, retry_after_s=retry_after_s(response.headers.get("Retry-After")))
        if status == HTTPStatus.NOT_FOUND:
            return EncoderError(f"{answered}; check LTR_EMBEDDINGS_URL and the model {self._model!r}")
        return EncoderError(answered)

    def _decode(self, content: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(content)  # which reads NaN, as some services write it
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise EncoderError(f"{self.name} answered no JSON object; check LTR_EMBEDDINGS_URL")
        return answer

    def _matrix(self, data: object, count: int) -> NDArray[np.float64]:
        """The vectors of an answer's `data`, in the order of `index`."""
        if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
            raise EncoderError(f"{self.name} answered no list `data` of embeddings; check LTR_EMBEDDINGS_URL")
        vectors = {one["index"]: one.get("embedding") for one in data if isinstance(one.get("index"), int)}
        if len(data) != count or vectors.keys() != set(range(count)):
            raise EncoderError(
                f"{self.name} answered {len(data)} embeddings, numbered otherwise than the {count} texts"
            )
        try:
            matrix = np.array([vectors[position] for position in range(count)], np.float64)
        except (TypeError, ValueError):
            matrix = np.empty(0)
        if matrix.ndim != 2 or not matrix.shape[1]:
            raise EncoderError(f"{self.name} answered embeddings that are not lists of equally many numbers")
        return matrix


def _delay_s(state: RetryCallState) -> float:
    """Random delays whose limit doubles, or what the service asks for, if that is longer."""
    error = _error(state)
    asked_s = error.retry_after_s if isinstance(error, EncoderUnavailableError) else 0.0
    return max(asked_s, wait_random_exponential(FIRST_DELAY_S, MAX_DELAY_S)(state))


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _message(content: bytes) -> str:
    """What the service says about an error, in one of the forms that are in use; empty if it is in none."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    for key in ("error", "message", "detail"):
        while isinstance(answer, dict) and key in answer:
            answer = answer[key]
    return " ".join(str(answer).split()) if isinstance(answer, str | list) else ""

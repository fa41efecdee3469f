"""Time that hosts of media may cost: one that mostly fails, or asks for a pause, is not called for a while."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from ltr_plugin.errors import MediaUnavailableError

MAX_LOST_S = 60.0
"""Seconds, of all threads together, that calls to a host may fail for; then it pauses if more time failed than not."""

PAUSE_S = 60.0
MAX_PAUSE_S = 300.0
"""Maximum pause that a host is given when it asks for one."""

MAX_HOSTS = 1000
"""Hosts that are remembered, the last ones called."""


@dataclass
class _Account:
    good_s: float = 0.0
    lost_s: float = 0.0
    until: float = 0.0


class HostBudgets:
    """Accounts of the seconds that calls to each host took, of all threads of this process."""

    def __init__(self) -> None:
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, host: str) -> None:
        """MediaUnavailableError while the host pauses."""
        with self._lock:
            left_s = self._account(host).until - time.monotonic()
        if left_s > 0:
            raise MediaUnavailableError(f"{host!r} failed too often, or asked to wait: not called for {left_s:.0f} s")

    def record(self, host: str, seconds: float, *, failed: bool, retry_after_s: float = 0.0) -> None:
        """Books one call, and pauses the host where it asks for that, or has lost too much time."""
        with self._lock:
            account = self._account(host)
            account.lost_s += seconds * failed
            account.good_s += seconds * (not failed)
            pause_s = min(retry_after_s, MAX_PAUSE_S)
            if account.lost_s > max(MAX_LOST_S, account.good_s):
                pause_s = max(pause_s, PAUSE_S)
            if pause_s:
                self._accounts[host] = _Account(until=max(account.until, time.monotonic() + pause_s))

    def _account(self, host: str) -> _Account:
        account = self._accounts.setdefault(host, _Account())
        self._accounts.move_to_end(host)
        if len(self._accounts) > MAX_HOSTS:
            self._accounts.popitem(last=False)
        return account

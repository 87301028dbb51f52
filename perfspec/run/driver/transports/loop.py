"""libcurl's multi handle on the gevent hub: greenlets wait, one loop moves all their transfers.

A turn has two phases: first libcurl reads whatever arrived (that is when it stamps its times), only
then are the greenlets woken, and what they send next is started in one go. Waking each greenlet as
its answer arrives would let the code of one user delay the time stamps of the next.
"""

from __future__ import annotations

import ctypes
import gc
import os
import weakref
from contextlib import suppress
from math import inf
from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias

import pycurl
from gevent import getcurrent
from gevent.hub import get_hub

from perfspec.run.driver.transports import kept
from perfspec.run.driver.transports.delay import HubWatch

if TYPE_CHECKING:
    from gevent._types import _IoWatcher, _TimerWatcher
    from greenlet import greenlet

Failure: TypeAlias = "tuple[int, str]"  # libcurl's code and its words

_ROUNDS = 8  # of a turn, before other callbacks of the hub get theirs
_EARLY_S = 0.0005  # a timer that comes this much too soon is good enough
_loops: weakref.WeakSet[Loop] = weakref.WeakSet()


class Loop:
    """Every transfer of one process. Made after monkey patching; a forked child makes its own."""

    def __init__(self) -> None:
        self._hub = get_hub()
        self._wait = self._hub.switch
        self._later = self._hub.loop.run_callback
        self._multi = multi = pycurl.CurlMulti()
        self._action = multi.socket_action
        self._watchers: dict[int, tuple[_IoWatcher, int]] = {}  # by socket: watcher, events
        self._resting: dict[int, _IoWatcher] = {}
        self._waiting: dict[pycurl.Curl, greenlet] = {}
        self._timer: _TimerWatcher | None = None
        self._armed, self._deadline = inf, inf
        self._start, self._scheduled, self._closed = False, False, False
        multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        multi.setopt(pycurl.M_MAXCONNECTS, kept.MOST)
        multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_NOTHING)  # HTTP/1.1 pipelining is long gone
        self.hub_watch = HubWatch(before_poll=self._stop_resting)
        _loops.add(self)

    def perform(self, handle: pycurl.Curl) -> Failure | None:
        """Run one transfer; only the calling greenlet waits. None is a complete answer.

        What kills the greenlet (GreenletExit, gevent.Timeout) goes through; the transfer is dropped
        and libcurl closes its connection.
        """
        if self._closed:
            msg = "this transport is closed, or was made before a fork; make a new one"
            raise RuntimeError(msg)
        self._multi.add_handle(handle)  # libcurl asks to be started: _on_timer(0)
        self._waiting[handle] = getcurrent()
        try:
            failure: Failure | None = self._wait()
        except BaseException:
            if self._waiting.pop(handle, None) is not None:
                self._multi.remove_handle(handle)
            raise
        return failure

    def forget_socket(self, fd: int) -> None:
        """Call it for every new socket: its number may have belonged to one that was closed."""
        watcher, _ = self._watchers.pop(fd, (None, 0))
        if watcher is not None:
            watcher.stop()
        self._resting.pop(fd, None)

    def close(self) -> None:
        """Drop all transfers; greenlets that still wait get a failure. May be called twice."""
        if self._closed:
            return
        self._fail_all((pycurl.E_ABORTED_BY_CALLBACK, "the transport was closed"))
        self._closed = True
        self._stop_watching()
        self.hub_watch.close()
        self._multi.close()

    def _on_socket(self, what: int, fd: int, _multi: object, _data: object) -> None:
        watcher, events = self._watchers.get(fd, (None, 0))
        if what == pycurl.POLL_REMOVE:
            if watcher is not None:
                self._resting[fd] = watcher
            return
        if fd in self._resting:
            del self._resting[fd]
            if events == what:
                return
        if watcher is None or events != what:
            if watcher is not None:
                watcher.stop()
            watcher = self._hub.loop.io(fd, what)
            self._watchers[fd] = watcher, what
        watcher.start(self._on_ready, fd, what)

    def _on_ready(self, fd: int, events: int) -> None:
        try:
            self._action(fd, events)
        except pycurl.error as error:
            self._fail_all(_failure(error))
        if not self._scheduled:
            self._scheduled = True
            self._later(self._turn)

    def _on_timer(self, milliseconds: int) -> None:
        if milliseconds == 0:
            self._start = True
            if not self._scheduled:
                self._scheduled = True
                self._later(self._turn)
        elif milliseconds < 0:
            self._deadline = inf
        else:
            self._deadline = deadline = perf_counter() + milliseconds / 1000
            if deadline < self._armed - _EARLY_S:
                self._arm(milliseconds / 1000)

    def _arm(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.close()
        self._armed = perf_counter() + seconds
        self._timer = self._hub.loop.timer(seconds)
        self._timer.start(self._on_deadline)

    def _on_deadline(self) -> None:
        """The timer is moved lazily: it may fire for a deadline that was long since put off."""
        self._armed = inf
        left = self._deadline - perf_counter()
        if left <= _EARLY_S:
            self._on_timer(0)
        elif left != inf:
            self._arm(left)

    def _turn(self) -> None:
        try:
            for _ in range(_ROUNDS):
                if self._start:
                    self._start = False
                    self._action(pycurl.SOCKET_TIMEOUT, 0)
                self._wake(self._finished())
                if not self._start:
                    break
        except pycurl.error as error:
            self._fail_all(_failure(error))
        finally:
            self._scheduled = self._start
            if self._start:
                self._later(self._turn)

    def _finished(self) -> list[tuple[pycurl.Curl, Failure | None]]:
        """What libcurl is done with, also in the very call that started it."""
        done: list[tuple[pycurl.Curl, Failure | None]] = []
        remove = self._multi.remove_handle
        queued = 1
        while queued:
            queued, succeeded, failed = self._multi.info_read()
            for handle in succeeded:
                remove(handle)
                done.append((handle, None))
            for handle, code, words in failed:
                remove(handle)
                done.append((handle, (code, words)))
        return done

    def _wake(self, done: list[tuple[pycurl.Curl, Failure | None]]) -> None:
        rest = iter(done)
        forget = self._waiting.pop
        try:
            for handle, failure in rest:
                waiting = forget(handle, None)
                if waiting is not None:  # if it is, it was killed by one that woke just before
                    waiting.switch(failure)
        finally:
            for handle, failure in rest:  # one of them threw into the hub: the others still wait
                waiting = forget(handle, None)
                if waiting is not None:
                    self._later(waiting.switch, failure)

    def _fail_all(self, failure: Failure) -> None:
        """When libcurl gives up as a whole, nobody may wait for ever."""
        for handle in list(self._waiting):
            waiting = self._waiting.pop(handle)
            with suppress(pycurl.error):
                self._multi.remove_handle(handle)
            self._later(waiting.switch, failure)

    def _stop_resting(self) -> None:
        """Stop to watch the connections that nobody used again within this turn of the hub.

        To be done before libev looks at its sockets: a closed one would abort the process.
        """
        if self._resting:
            for watcher in self._resting.values():
                watcher.stop()
            self._resting.clear()

    def _stop_watching(self) -> None:
        for watcher, _ in self._watchers.values():
            watcher.stop()
        self._watchers.clear()
        self._resting.clear()
        if self._timer is not None:
            self._timer.close()
            self._timer = None

    def _leave_to_parent(self) -> None:
        """In a forked child: never touch the sockets, they are the parent's too."""
        self._closed = True
        self._stop_watching()
        self.hub_watch.close()
        self._waiting.clear()


def _failure(error: pycurl.error) -> Failure:
    return pycurl.E_FAILED_INIT, f"libcurl stopped: {error}"


def _after_fork_in_child() -> None:
    """Freeing a handle would say goodbye on the parent's TLS connections: never free them."""
    for loop in _loops:
        loop._leave_to_parent()  # noqa: SLF001  (same module)
    if _loops:
        for each in gc.get_objects():
            if isinstance(each, pycurl.Curl | pycurl.CurlMulti | pycurl.CurlShare):
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(each))


os.register_at_fork(after_in_child=_after_fork_in_child)

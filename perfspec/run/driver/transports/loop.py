"""libcurl's multi handle on the gevent hub: greenlets wait, one loop moves all their transfers.

A turn has two phases: first libcurl reads whatever arrived, once the kernel has told since when it
has been there; only then are the greenlets woken, and what they send next is started in one go.
Waking each greenlet as its answer arrives would let the code of one user delay what libcurl stamps
for the next.
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
from perfspec.run.driver.transports.stamps import PIECE, Looks

if TYPE_CHECKING:
    from gevent._types import _IoWatcher, _TimerWatcher
    from greenlet import greenlet

    from perfspec.run.driver.transports.stamps import Look, Stamps

Failure: TypeAlias = "tuple[int, str]"  # libcurl's code and its words
Waited: TypeAlias = "int | Looks"  # microseconds of all its bytes, where that says it all
Ending: TypeAlias = "tuple[Failure | None, Waited]"  # no failure: a complete answer

_ROUNDS = 8  # of a turn, before other callbacks of the hub get theirs
_MOST_LOOKS = 256  # of one transfer that are remembered, and the last one
_ENDS = frozenset({pycurl.E_GOT_NOTHING, pycurl.E_PARTIAL_FILE})
_EARLY_S = 0.0005  # a timer that comes this much too soon is good enough
_loops: weakref.WeakSet[Loop] = weakref.WeakSet()


class Loop:
    """Every transfer of one process. Made after monkey patching; a forked child makes its own."""

    def __init__(self, stamps: Stamps) -> None:
        self._stamps = stamps
        self._waited_us, self._tell = stamps.waited_us, stamps.waits_us.append
        self._hub = get_hub()
        self._wait = self._hub.switch
        self._later = self._hub.loop.run_callback
        self._multi = multi = pycurl.CurlMulti()
        self._action, self._ended = multi.socket_action, multi.info_read
        self._remove = multi.remove_handle
        self._watchers: dict[int, tuple[_IoWatcher, int]] = {}  # by socket: watcher, events
        self._resting: dict[int, _IoWatcher] = {}
        self._waiting: dict[pycurl.Curl, greenlet] = {}
        self._done: list[tuple[pycurl.Curl, Ending]] = []
        self._looks: dict[int, list[Look]] = {}  # by socket: new, or in the middle of an answer
        self._round_trips_us: dict[int, int] = {}
        self._timer: _TimerWatcher | None = None
        self._armed, self._deadline = inf, inf
        self._start, self._scheduled, self._closed = False, False, False
        multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        multi.setopt(pycurl.M_MAXCONNECTS, kept.MOST)
        multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_NOTHING)  # HTTP/1.1 pipelining is long gone
        self.hub_watch = HubWatch(before_poll=self._stop_resting)
        _loops.add(self)

    def perform(self, handle: pycurl.Curl) -> Ending:
        """Run one transfer, and tell how long its bytes waited; only the calling greenlet waits.

        What kills the greenlet (GreenletExit, gevent.Timeout) goes through; the transfer is dropped
        and libcurl closes its connection.
        """
        if self._closed:
            msg = "this transport is closed, or was made before a fork; make a new one"
            raise RuntimeError(msg)
        self._multi.add_handle(handle)  # libcurl asks to be started: _on_timer(0)
        self._waiting[handle] = getcurrent()
        try:
            ending: Ending = self._wait()
        except BaseException:
            if self._waiting.pop(handle, None) is not None:
                with suppress(pycurl.error):  # it is over, and was about to be told
                    self._remove(handle)
            raise
        return ending

    def begin_socket(self, fd: int) -> None:
        """Call it for every new socket: its number may have belonged to one that was closed."""
        watcher, _ = self._watchers.pop(fd, (None, 0))
        if watcher is not None:
            watcher.stop()
        self._resting.pop(fd, None)
        self._looks[fd] = []
        self._stamps.begin(fd)

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
        """Everything that is there is read before those are woken who wait for it.

        The hottest lines of a load process: what is spelled out here is not called.
        """
        try:
            waited_us = self._waited_us(fd) if events != pycurl.POLL_OUT else 0
            if fd in self._looks or not 0 <= self._stamps.size <= PIECE:
                self._read_noting(fd, events, waited_us)
            else:
                self._action(fd, events)
                _, succeeded, failed = self._ended()
                for handle in succeeded:
                    self._remove(handle)
                    self._done.append((handle, (None, waited_us)))
                    self._tell(waited_us)
                if failed:
                    self._take_failed(failed, waited_us)
                elif not succeeded:
                    self._looks[fd] = [(perf_counter(), waited_us, waited_us)]
        except pycurl.error as error:
            self._fail_all(_failure(error))
        if not self._scheduled:
            self._scheduled = True
            self._later(self._turn)

    def _read_noting(self, fd: int, events: int, newest_us: int) -> None:
        """Read from a new socket, or what came in several parts: each look at it counts.

        An error of the socket was told to the look, so that libcurl sees a mere end.
        """
        connected = events == pycurl.POLL_OUT
        error = self._stamps.error if self._stamps.size < 0 and not connected else 0
        first_us = self._stamps.first_waited_us(fd) if newest_us else 0
        earlier = self._looks.setdefault(fd, [])
        if connected and not earlier:
            self._round_trips_us[fd] = self._stamps.round_trip_us(fd)
        self._action(fd, events)
        look = perf_counter(), first_us, newest_us
        looks = Looks(earlier, look, self._round_trips_us.get(fd, 0))
        if self._take_ended(looks, _broken(error) if error else None):
            if newest_us:
                self._tell(newest_us)
            self._looks.pop(fd, None)
            self._round_trips_us.pop(fd, None)
        elif len(earlier) < _MOST_LOOKS:
            earlier.append(look)

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
                    self._take_ended(0)
                done = self._done.copy()
                self._done.clear()
                self._wake(done)
                if not self._start:
                    break
        except pycurl.error as error:
            self._fail_all(_failure(error))
        finally:
            self._scheduled = self._start
            if self._start:
                self._later(self._turn)

    def _take_ended(self, waited: Waited, broken: Failure | None = None) -> bool:
        """Whether libcurl is done with anything, be it in the very call that started it.

        ``broken`` is what became of the connection, where libcurl saw a mere end.
        """
        _, succeeded, failed = self._ended()
        for handle in succeeded:
            self._remove(handle)
            self._done.append((handle, (broken, waited)))
        if broken is not None:
            failed = [
                (handle, *broken) if code in _ENDS else (handle, code, words)
                for handle, code, words in failed
            ]
        self._take_failed(failed, waited)
        return bool(succeeded or failed)

    def _take_failed(self, failed: list[tuple[pycurl.Curl, int, str]], waited: Waited) -> None:
        for handle, code, words in failed:
            self._remove(handle)
            self._done.append((handle, ((code, words), waited)))

    def _wake(self, done: list[tuple[pycurl.Curl, Ending]]) -> None:
        rest = iter(done)
        forget = self._waiting.pop
        try:
            for handle, ending in rest:
                waiting = forget(handle, None)
                if waiting is not None:  # if it is, it was killed by one that woke just before
                    waiting.switch(ending)
        finally:
            for handle, ending in rest:  # one of them threw into the hub: the others still wait
                waiting = forget(handle, None)
                if waiting is not None:
                    self._later(waiting.switch, ending)

    def _fail_all(self, failure: Failure) -> None:
        """When libcurl gives up as a whole, nobody may wait for ever."""
        for handle in list(self._waiting):
            waiting = self._waiting.pop(handle)
            with suppress(pycurl.error):
                self._multi.remove_handle(handle)
            self._later(waiting.switch, (failure, 0))

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


def _broken(number: int) -> Failure:
    return pycurl.E_RECV_ERROR, f"Recv failure: {os.strerror(number)}"


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

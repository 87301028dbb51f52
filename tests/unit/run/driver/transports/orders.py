"""What can be ordered of a Transport in a process of its own, line by line (JSON)."""

from __future__ import annotations

import gc
import json
import os
import random
import resource
from collections import Counter
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

import gevent
from gevent.fileobject import FileObjectThread
from gevent.pool import Pool

from perfspec.run.driver.transports.exchange import Response, Shape
from perfspec.run.driver.transports.http import Transport
from perfspec.run.driver.transports.origins import Origin

if TYPE_CHECKING:
    from perfspec.run.driver.transports.http import Session

Json: TypeAlias = Any


class Child:
    """Each public method is an order."""

    def __init__(self, allowed: list[str], **options: Json) -> None:
        self.transport = Transport(frozenset(allowed), **options)
        self.sessions: dict[str, Session] = {}
        self.started: dict[str, gevent.Greenlet[..., Json]] = {}

    def send(self, user: str, url: str, **call: Json) -> dict[str, Json]:
        return as_json(self._send(user, url, **call))

    def start(self, name: str, user: str, url: str, **call: Json) -> None:
        """Send in the background; ``finish`` or ``kill`` it."""
        self.started[name] = gevent.spawn(self.send, user, url, **call)

    def finish(self, name: str) -> dict[str, Json]:
        answer: dict[str, Json] = self.started.pop(name).get()
        return answer

    def kill(self, name: str) -> str:
        greenlet = self.started.pop(name)
        greenlet.kill()
        return type(greenlet.value).__name__

    def kill_at_once(self, user: str, url: str) -> str:
        """After it was handed to libcurl, before libcurl did anything."""
        greenlet = gevent.spawn(self.send, user, url)
        gevent.get_hub().loop.run_callback(greenlet.kill, gevent.GreenletExit, False)
        greenlet.join()
        return type(greenlet.value).__name__

    def kill_when_read(self, user: str, url: str) -> str:
        """When libcurl is done with it, before it is told."""
        loop = self.transport.loop
        later = loop._later
        greenlet = gevent.spawn(self.send, user, url)

        def kill_first(turn: Json, *given: Json) -> None:
            if loop._done:
                setattr(loop, "_later", later)  # noqa: B010  (as above)
                later(greenlet.throw, gevent.GreenletExit)
            later(turn, *given)

        setattr(loop, "_later", kill_first)  # noqa: B010  (of another type)
        greenlet.join()
        return type(greenlet.value).__name__

    def give_up(self, user: str, url: str, after_s: float) -> str:
        """A gevent.Timeout around a request."""
        try:
            with gevent.Timeout(after_s):
                self._send(user, url)
        except gevent.Timeout:
            return "gave up"
        return "answered"

    def crowd(self, url: str, users: int, requests: int) -> dict[str, int]:
        """That many users at once, each sending that many requests; answers by outcome."""
        outcomes: Counter[str] = Counter()

        def live(number: int) -> None:
            session = self.transport.session()
            prepared = self.transport.prepare(Shape(timeout_s=30))
            for count in range(requests):
                outcomes[outcome(session.send(prepared, f"{url}?{number}-{count}"))] += 1
            session.close()

        pool = Pool()
        for number in range(users):
            pool.spawn(live, number)
        pool.join(raise_error=True)
        return dict(outcomes)

    def trouble(self, url: str, users: int, requests: int, seed: int) -> dict[str, int]:
        """Like ``crowd``, but users are killed at random and replaced; what becomes of each request."""
        chance = random.Random(seed)
        outcomes: Counter[str] = Counter()

        def live(left: int) -> None:
            session = self.transport.session()
            prepared = self.transport.prepare(Shape(timeout_s=0.5))
            done = 0
            try:
                while done < left:
                    done += 1
                    outcomes["sent"] += 1
                    outcomes[outcome(session.send(prepared, url))] += 1
            except gevent.GreenletExit:
                outcomes["killed"] += 1
                raise
            finally:
                session.close()
                if done < left:
                    people.append(gevent.spawn(live, left - done))

        people = [gevent.spawn(live, requests) for _ in range(users)]
        while people:
            victim = people.pop(chance.randrange(len(people)))
            victim.join(timeout=chance.random() * 0.02)
            if chance.random() < 0.5:
                victim.kill()
            elif not victim.dead:
                people.append(victim)
        return dict(outcomes)

    def fork(self, user: str, url: str) -> dict[str, Json]:
        """What a child of this process finds when it uses this transport, and then one of its own."""
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                self._send(user, url)
                used = "it works"
            except RuntimeError as error:
                used = str(error)
            own = Transport(frozenset({"127.0.0.1"}), verify=False)
            answer = own.session().send(own.prepare(Shape()), url)
            self.sessions.clear()  # as at the end of a process that cleans up after itself
            self.transport = own
            gc.collect()
            os.write(write, json.dumps({"used": used, "own": as_json(answer)}).encode())
            raise SystemExit(0)
        os.close(write)
        with FileObjectThread(read, "rb") as pipe:  # gevent closes in the hub, so that must go on
            found: dict[str, Json] = json.loads(pipe.read())
        found["exit"] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return found

    def name(self, host: str, port: int) -> None:
        """Let a host be this machine, as a DNS server would."""
        self.transport._pin(f"{host}:{port}:127.0.0.1")
        self.transport._pinned.add(Origin("http", host, port))

    def cookie(self, user: str, name: str) -> str | None:
        return self._session(user).cookie(name)

    def clear_cookies(self, user: str) -> None:
        self._session(user).clear_cookies()

    def leave(self, user: str) -> None:
        self._session(user).close()
        del self.sessions[user]

    def send_after_leaving(self, user: str, url: str) -> str:
        session = self._session(user)
        self._send(user, url)
        session.close()
        try:
            self._send(user, url)
        except RuntimeError as error:
            return str(error)
        return "it works"

    def resolve(self, urls: list[str]) -> list[str]:
        return self.transport.resolve(urls)

    def hog(self, seconds: float) -> list[int]:
        """Keep the hub busy; the delays seen before and after."""
        gevent.sleep(0)
        self.transport.hub_delay()
        gevent.sleep(0.001)
        idle = self.transport.hub_delay()
        end = gevent.get_hub().loop.now() + seconds
        while True:
            gevent.get_hub().loop.update_now()
            if gevent.get_hub().loop.now() >= end:
                break
        gevent.sleep(0.001)
        return [idle.longest_us, self.transport.hub_delay().longest_us]

    def answered_while_busy(self, user: str, url: str, seconds: float) -> dict[str, Json]:
        """An answer, and between which moments nothing but a loop ran while it was under way."""
        self.transport.stamps.take()
        answer = gevent.spawn(self.send, user, url)
        gevent.sleep(0.02)
        begin = perf_counter()
        while (end := perf_counter()) < begin + seconds:
            pass
        found: dict[str, Json] = answer.get()
        return {**found, "busy": [begin, end], "waits_us": self.transport.stamps.waits_us}

    def limit_descriptors(self, spare: int) -> None:
        lowest_free = os.dup(0)
        os.close(lowest_free)
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free + spare, most))

    def close(self) -> str:
        """Close the transport under running requests; what they are told."""
        gevent.sleep(0)
        self.transport.close()
        answers = [each.get() for each in self.started.values()]
        return ", ".join(each["message"] for each in answers)

    def _session(self, user: str) -> Session:
        if user not in self.sessions:
            self.sessions[user] = self.transport.session()
        return self.sessions[user]

    def _send(
        self,
        user: str,
        url: str,
        *,
        body: str | None = None,
        lines: list[str] | None = None,
        credentials: list[str] | None = None,
        headers: list[str] | None = None,
        **shape: Json,
    ) -> Response:
        """``headers`` belong to the shape, ``lines`` and ``credentials`` to this request."""
        prepared = self.transport.prepare(Shape(headers=tuple(headers or ()), **shape))
        return self._session(user).send(
            prepared,
            url,
            None if body is None else body.encode(),
            tuple(lines or ()),
            tuple(credentials or ()),
        )


def outcome(answer: Response) -> str:
    return answer.error or str(answer.status)


def as_json(answer: Response) -> dict[str, Json]:
    return {
        "body": answer.body.decode("latin-1"),
        "error": answer.error,
        "headers": answer.headers.items(),
        "http_version": answer.http_version,
    } | {
        name: getattr(answer, name)
        for name in Response.__annotations__
        if name not in {"body", "error", "raw_headers", "_headers"}
    }


def main() -> None:
    orders = FileObjectThread(0, "rb")  # so that the hub goes on while nothing is ordered
    child = Child(**json.loads(orders.readline()))
    for line in orders:
        order = json.loads(line)
        done = getattr(child, order.pop("do"))(**order)
        os.write(1, json.dumps(done).encode() + b"\n")

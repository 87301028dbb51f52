"""What Voiceter's backend keeps and does, apart from Socket.IO, and the faults it can be given.

Sessions with a questionnaire, a queue of audio each, Bedrock that speaks and DynamoDB that keeps
answers. All of it is in memory; what takes time sleeps.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field

FAULTS = {
    "bedrock": "Bedrock takes 700 ms for a turn, as if at its quota",
    "database": "DynamoDB writes 5 answers a second and throttles the others",
    "limit": "20 sessions are let in",
    "queue": "audio is taken off a session's queue at half the pace it comes",
    "leak": "sessions that ended stay, with all their audio",
}
CHUNK_BYTES, CHUNK_S = 1024, 0.032  # 32 ms of 16 kHz, 16 bits
QUESTIONS = 10
QUEUE = 32  # chunks, a second
BEDROCK_S, DYNAMODB_S = 0.02, 0.004


class ThrottledError(Exception):
    """DynamoDB's ProvisionedThroughputExceededException."""


class Recently:
    """What happened in the last second."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def add(self, value: float = 1.0) -> None:
        """One more event, and what it is worth."""
        self._seen.append((time.monotonic(), value))

    def values(self) -> list[float]:
        """Those of the last second."""
        since = time.monotonic() - 1
        while self._seen and self._seen[0][0] < since:
            self._seen.popleft()
        return [value for _, value in self._seen]

    def mean(self) -> float:
        """0 when nothing happened."""
        values = self.values()
        return sum(values) / len(values) if values else 0.0


@dataclass
class Session:
    """One interview. ``heard_until`` is when its queue of audio will be empty."""

    question: int = 1
    answers: dict[int, object] = field(default_factory=dict)
    heard_until: float = 0.0
    audio: list[bytes] = field(default_factory=list)


class Voiceter:
    """The backend's state, and what it does with it; called by a thread for each session."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.lock = threading.Lock()
        self.sessions: dict[str, Session] = {}
        self.chunks, self.writes, self.throttled = Recently(), Recently(), Recently()
        self.bedrock_s, self.dynamodb_s = Recently(), Recently()
        self.failures = Recently()  # 1 for each call that failed, 0 for the others

    def enter(self, sid: str) -> bool:
        """A session begins, unless there are too many."""
        with self.lock:
            if self.fault == "limit" and len(self.sessions) >= 20:
                return False
            self.sessions[sid] = Session()
            return True

    def leave(self, sid: str) -> None:
        """Nothing of a session stays."""
        with self.lock:
            if self.fault != "leak":
                self.sessions.pop(sid, None)

    def hear(self, sid: str, audio: bytes) -> bool:
        """Queue a chunk; returns whether it was accepted."""
        session, now = self.sessions[sid], time.monotonic()
        length_s = CHUNK_S * (2 if self.fault == "queue" else 1)
        full = session.heard_until - now > QUEUE * CHUNK_S
        accepted = len(audio) == CHUNK_BYTES and not full
        if accepted:
            session.heard_until = max(session.heard_until, now) + length_s
        if self.fault == "leak":
            session.audio.append(audio * 8)
        with self.lock:
            self.chunks.add()
            self.failures.add(0.0 if accepted else 1.0)
        return accepted

    def run_tool(self, sid: str, tool: str, question: int, value: object) -> dict[str, object]:
        """One of the three tools of a turn; ``ok`` is false for what could not be done."""
        session = self.sessions[sid]
        try:
            if tool == "record_response":
                self._write()
                session.answers[question] = value
                found: dict[str, object] = {"ok": True}
            elif tool == "validate_answer":
                found = {"ok": question in session.answers}
            elif tool == "get_next_question":
                self._speak()
                session.question = session.question % QUESTIONS + 1
                found = {"ok": True, "question": session.question}
            else:
                found = {"ok": False, "error": f"there is no tool {tool}"}
        except ThrottledError:
            found = {"ok": False, "error": "ProvisionedThroughputExceededException"}
        with self.lock:
            self.failures.add(0.0 if found["ok"] else 1.0)
        return found

    def metrics(self) -> dict[str, float]:
        """What CloudWatch would show of the last second."""
        with self.lock:
            return {
                "ConcurrentSessions": len(self.sessions),
                "BedrockLatency": self.bedrock_s.mean() * 1000,
                "DatabaseLatency": self.dynamodb_s.mean() * 1000,
                "DatabaseThrottled": len(self.throttled.values()),
                "ErrorRate": self.failures.mean() * 100,
                "AudioChunksProcessed": len(self.chunks.values()),
            }

    def _speak(self) -> None:
        took_s = 0.7 if self.fault == "bedrock" else BEDROCK_S
        time.sleep(took_s)
        with self.lock:
            self.bedrock_s.add(took_s)

    def _write(self) -> None:
        with self.lock:
            if self.fault == "database" and len(self.writes.values()) >= 5:
                self.throttled.add()
                raise ThrottledError
            self.writes.add()
        time.sleep(DYNAMODB_S)
        with self.lock:
            self.dynamodb_s.add(DYNAMODB_S)

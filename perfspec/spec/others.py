"""Words of k6, Artillery and Locust, and what they are called here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

Ours = tuple[tuple[str, str], ...]  # a key, and where it stands; the first that fits is meant
_LATENCY: Final[Ours] = (("p95", "in an slo"),)
_FAILURES: Final[Ours] = (("error_rate", "in an slo"),)
_ARRIVALS: Final[Ours] = (("arrivals", "in a test"),)
_USERS: Final[Ours] = (("users", "in a test"),)
_MOST_USERS: Final[Ours] = (("max_users", "in a test with arrivals"),)
_LIMITS: Final[Ours] = (("slo", "at the root, in a test or at an endpoint"),)
_PERSONAS: Final[Ours] = (("personas", "at the root"),)
_JOURNEY: Final[Ours] = (("journey", "in a persona"),)
_PAUSE: Final[Ours] = (("think", "in a persona or a step"),)
_CHECKS: Final[Ours] = (("expect", "at an endpoint"),)
_ADDRESS: Final[Ours] = (("url", "in an environment"),)
_WORDS: Final[dict[str, Ours]] = {
    "httpreqduration": _LATENCY,
    "httpresponsetime": _LATENCY,
    "responsetime": _LATENCY,
    "httpreqwaiting": (("ttfb_p95", "in an slo"),),
    "httpreqfailed": _FAILURES,
    "maxerrorrate": _FAILURES,
    "failrate": _FAILURES,
    "httpreqs": (("throughput", "in an slo"),),
    "droppediterations": (("dropped", "in an slo"),),
    "vus": _USERS,
    "vusers": _USERS,
    "startvus": _USERS,
    "maxvus": _MOST_USERS,
    "maxvusers": _MOST_USERS,
    "preallocatedvus": _MOST_USERS,
    "arrivalrate": _ARRIVALS,
    "hatchrate": (("spawn_rate", "in a test"),),
    "runtime": (("duration", "in a test"),),
    "phases": (("stages", "in a test"), ("tests", "at the root")),
    "gracefulstop": (("finish_within", "in a test with arrivals"),),
    "thresholds": _LIMITS,
    "ensure": _LIMITS,
    "scenarios": _PERSONAS,
    "flow": _JOURNEY,
    "tasks": _JOURNEY,
    "sleep": _PAUSE,
    "pause": _PAUSE,
    "waittime": _PAUSE,
    "checks": _CHECKS,
    "assertions": _CHECKS,
    "target": _ADDRESS,
    "baseurl": _ADDRESS,
}


def translated(word: str, known: Collection[str]) -> str | None:
    """``did you mean 'users'?`` for a word of another tool, or where ours stands; None for others.

    ``known`` are the words that may stand at this place.
    """
    ours = _WORDS.get(word.lower().replace("_", "").replace("-", "").replace(".", ""))
    if ours is None:
        return None
    fitting = next((key for key, _ in ours if key in known), None)
    if fitting is not None:
        return f"did you mean {fitting!r}?"
    key, where = ours[0]
    return f"here it is called {key}, and stands {where}"

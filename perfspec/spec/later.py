"""Keys of the language that this version does not know yet: refused, never accepted and ignored."""

from __future__ import annotations

from typing import Final

_METRICS: Final = "growth journeys journey_error_rate lateness dropped monitors"
_LATER: Final = {
    "Spec": "monitors prices",
    "Environment": "monitors",
    "Endpoint": "websocket socketio messages",
    "GroupStep": "budget",
    "Objective": "budget",
    "Slo": _METRICS,
    "Auth": "oauth2",
    "Stage": "arrivals",
    "Test": "arrivals max_users finish_within",
}


def of_later(key: str, model: str) -> bool:
    """Whether a later version has ``key`` in the mapping that ``model`` describes."""
    return key in _LATER.get(model, "").split()

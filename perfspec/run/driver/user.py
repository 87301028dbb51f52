"""Locust's User for a persona: Locust starts and stops it, everything else is the engine's."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from locust import User
from locust.exception import StopUser

if TYPE_CHECKING:
    from gevent import Greenlet
    from gevent.pool import Group
    from locust.env import Environment

    from perfspec.plan.journey import Persona
    from perfspec.run.driver.engine import Engine


class PlanUser(User):
    """``engine`` runs it; ``persona`` is what it plays."""

    abstract = True
    engine: ClassVar[Engine]
    persona: ClassVar[Persona]

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.life = self.engine.user(self.persona.name)

    def start(self, group: Group) -> Greenlet[..., object]:
        """Called by Locust's runner for each new user."""
        self.engine.crew.enlist(self.life)
        greenlet: Greenlet[..., object] = super().start(group)
        return greenlet

    def stop(self, force: bool = False) -> bool:  # noqa: ARG002, FBT001, FBT002  (Locust's signature)
        """Told by Locust's runner to stop: finish the request that is under way, then ``on_stop``.

        Returns at once, and the runner counts the user no more, so a ramp never waits for it. Users
        whom arriving journeys brought stay: Locust, which is asked for none, wants to stop them.
        """
        if self.engine.crew.arrivals is not None:
            return False
        if self._greenlet is not None:
            self._group.discard(self._greenlet)
        self.engine.crew.leave(self.life)
        return False


def journeys(user: PlanUser) -> None:
    """Locust's task of a persona: all of a user's life."""
    user.life.run()
    raise StopUser


def user_class(engine: Engine, persona: Persona) -> type[PlanUser]:
    """The class of one persona, with its name, weight and fixed number of users."""
    return type(
        persona.name,
        (PlanUser,),
        {
            "abstract": False,
            "engine": engine,
            "persona": persona,
            "tasks": [journeys],
            "host": engine.plan.environment.url,
            "weight": persona.weight,
            "fixed_count": persona.users or 0,
        },
    )

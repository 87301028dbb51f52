"""What ``where`` selects in one test: endpoints, classes of files, personas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfspec.plan.channel import channel_of
from perfspec.plan.compile.sources import sources_of
from perfspec.plan.limits import Subject
from perfspec.spec.checks.walk import messages_of
from perfspec.spec.effective import tags_of
from perfspec.spec.limits import as_names
from perfspec.spec.objective import Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfspec.plan.journey import Persona
    from perfspec.spec.model import Spec


@dataclass(frozen=True, slots=True)
class Selection:
    """One test in one environment, with the ``personas`` that it runs and all that they call."""

    spec: Spec
    environment: str
    test: str
    personas: Sequence[Persona]
    called: Sequence[str]

    def in_scope(self, where: Where | None) -> bool:
        """Whether the test is meant: one with ``stop_when`` only where it is named."""
        where = where or Where()
        tests, environments = as_names(where.tests), as_names(where.environments)
        if self.spec.tests[self.test].stop_when is not None and self.test not in tests:
            return False
        return (not tests or self.test in tests) and (
            not environments or self.environment in environments
        )

    def subjects(self, where: Where | None) -> list[Subject]:
        """Each endpoint that is chosen; without a choice all requests together."""
        where = where or Where()
        return self.endpoints(where) if chooses(where) else self._parts(where, [""])

    def endpoints(self, where: Where | None) -> list[Subject]:
        """Each endpoint that is chosen, all of them without a choice."""
        where = where or Where()
        return self._parts(where, self._meant(where, self.called))

    def _parts(self, where: Where, endpoints: Iterable[str]) -> list[Subject]:
        """Each by the classes and personas that are chosen; the empty name is all together."""
        names = {each.name for each in self.personas}
        personas: list[str | None] = [p for p in as_names(where.personas) if p in names]
        if where.personas is None:
            personas = [None]
        return [
            Subject(
                kind="request" if name else "total", name=name, file_class=each, persona=persona
            )
            for name in endpoints
            for each in self._classes(where, name)
            for persona in personas
        ]

    def _classes(self, where: Where, endpoint: str) -> list[str | None]:
        """Those of the classes that are meant which the endpoint sends; None is any request.

        What no endpoint that is meant ever sends stays: it is never measured, so it never passes.
        """
        if where.classes is None:
            return [None]
        sent = self._sent_by([endpoint] if endpoint else self.called)
        messages = (name for _, name, _ in messages_of(self.spec))
        ever = self._sent_by(self._meant(where, [*self.spec.endpoints, *messages]))
        return [each for each in as_names(where.classes) if each in sent or each not in ever]

    def _sent_by(self, endpoints: Iterable[str]) -> set[str]:
        """Classes of the files that the endpoints send."""
        files = {name: each.files for name, each in self.spec.data.items() if each.files}
        bodies = [
            self.spec.endpoints[channel_of(each)].model_dump(by_alias=True, exclude_unset=True)
            for each in endpoints
        ]
        return {name for each in sources_of(bodies, files) for name in files[each]}

    def _meant(self, where: Where, endpoints: Iterable[str]) -> list[str]:
        names, tags = as_names(where.endpoints), set(as_names(where.tags))
        return [
            each
            for each in endpoints
            if (where.endpoints is None or each in names)
            and (where.tags is None or tags & tags_of(self.spec, each))
        ]


def chooses(where: Where | None) -> bool:
    """Whether it is about some endpoints, by name or tag."""
    return where is not None and (where.endpoints is not None or where.tags is not None)

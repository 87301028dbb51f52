"""One commit of a duet: its services and set-up at ports of its own, up for one block at a time."""

from __future__ import annotations

import socket
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, Self

import msgspec

from perfspec.errors import PerfspecError, RunError
from perfspec.plan.model import RowsFile
from perfspec.plan.ports import moved
from perfspec.run.commands import Texts
from perfspec.run.contracts import Observer, StepError
from perfspec.run.folder import RunFolder
from perfspec.run.guard import missing_variables
from perfspec.run.hidden import hide_columns, hide_variables, hide_what_is_there
from perfspec.run.hooks import run_hook
from perfspec.run.process import Side as Label
from perfspec.run.record import write
from perfspec.run.services import Services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from perfspec.plan.model import FileClass, Hook, Plan
    from perfspec.run.context import Context

    Failure = Callable[[], StepError | None]

Name = Literal["base", "head"]
SIDE: Final = "PERFSPEC_SIDE"  # for services and hooks that keep something outside of their folder


class WayBack:
    """A context at whose end each step is taken, the last one first, whatever the others raise.

    What went wrong before it, or first in it, is what is raised.
    """

    def __init__(self) -> None:
        self._steps: list[Callable[[], None]] = []

    def then(self, step: Callable[[], None]) -> None:
        """To be taken at the end."""
        self._steps.append(step)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, before: BaseException | None, _trace: object) -> None:
        problems: list[Exception] = []
        while self._steps:
            try:
                self._steps.pop()()
            except PerfspecError as error:
                problems.append(error)
        if before is None and problems:
            raise problems[0]


class Quiet(Observer):
    """Services of every block would be a line each; only warnings are passed on."""

    def __init__(self, observer: Observer) -> None:
        self.warning = observer.warning  # type: ignore[method-assign]


class Side:
    """``context`` is that of the whole run, ``directory`` the spec's in the work tree."""

    def __init__(
        self,
        context: Context,
        name: Name,
        commit: str,
        directory: Path,
        ports: Mapping[str, int],
        cpus: frozenset[int] | None,
    ) -> None:
        self.title = f"{name} {commit[:7]}"
        plan = moved(context.plan, context.variables, ports)
        plan = msgspec.structs.replace(plan, directory=str(directory))
        own = {each: str(port) for each, port in ports.items()}
        self._first = {**context.variables, **own, SIDE: name}
        variables = dict(self._first)
        folder = RunFolder(context.folder.path / "duet" / name)
        folder.path.mkdir(parents=True, exist_ok=True)
        self.context = replace(
            context,
            plan=plan,
            folder=folder,
            observer=Quiet(context.observer),
            launcher=replace(context.launcher, side=Label(name, self.title, cpus)),
            interrupts=context.interrupts.apart(),
            variables=variables,
            texts=Texts(plan, variables, context.clock),
            pids={},
        )
        self._services = Services(self.context)
        self._to_clean = False

    def up(self, way_back: WayBack, failure: Failure) -> None:
        """Start the services and run the hook before; ``way_back`` takes both down again.

        Raises StepError for what does not start, Interrupted after Ctrl-C.
        """
        context, plan = self.context, self.context.plan
        context.variables.clear()
        context.variables.update(self._first)
        self._to_clean = plan.hooks_before is None  # services alone may have left something
        write(context.folder.plan, plan)
        way_back.then(self._services.stop)
        logs = context.launcher.logs
        if plan.hooks_before is not None and plan.secrets:
            logs.hold()
            way_back.then(self._reveal)
        if plan.hooks_after is not None:
            way_back.then(partial(self._after, plan.hooks_after))
        way_back.then(context.interrupts.settle)
        self._services.start()
        with self._named():
            self._set_up(failure)
        logs.release()

    def _set_up(self, failure: Failure) -> None:
        """The hook before, and what it has brought."""
        context, plan = self.context, self.context.plan
        redactor = context.options.redactor
        if plan.hooks_before is not None:
            self._to_clean = True
            context.variables.update(run_hook(context, "before", plan.hooks_before, failure))
            for text in hide_variables(plan, context.variables, redactor):
                context.observer.warning(redactor.text(text))
        hide_columns(plan, context.variables, redactor, context.clock)
        missing = list(missing_variables(plan, context.variables, later=False))
        if missing:
            raise StepError("\n".join(missing))

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Whose problem it is, where what raises it does not know of sides."""
        try:
            yield
        except StepError as error:
            sentence = f"{self.title}: {error.sentence}"
            raise StepError(sentence, error.details) from None
        except RunError as error:
            sentence = f"{self.title}: {error}"
            raise StepError(sentence) from None

    def use_data_of(self, head: Side) -> None:
        """Both sides must be sent the same."""
        self.context = replace(self.context, plan=share_data(self.context.plan, head.context.plan))

    def failure(self) -> StepError | None:
        """A service that has ended meanwhile."""
        return self._services.failure()

    def _after(self, hook: Hook) -> None:
        if self._to_clean:
            with self._named():
                run_hook(self.context, "after", hook, lambda: None)

    def _reveal(self) -> None:
        """Logs that were held until the hook had told its secrets, also when it failed."""
        context = self.context
        redactor = context.options.redactor
        hide_what_is_there(context.plan, context.variables, redactor, context.clock)
        context.launcher.logs.release()


def share_data(base: Plan, head: Plan) -> Plan:
    """The base's plan with the head's data: both sides must be sent the same.

    Files that the hook before makes stay those of each side: they hold what it has set up there.
    """
    made = set(head.hooks_before.creates) if head.hooks_before is not None else set()

    def of_head(path: str) -> str:
        return path if path in made else f"{head.directory}/{path}"

    def file_class(each: FileClass) -> FileClass:
        path = each.path
        return each if path is None else msgspec.structs.replace(each, path=of_head(path))

    return msgspec.structs.replace(
        base,
        data=tuple(
            msgspec.structs.replace(
                each, source=msgspec.structs.replace(each.source, path=of_head(each.source.path))
            )
            if isinstance(each.source, RowsFile)
            else each
            for each in base.data
        ),
        files=tuple(
            msgspec.structs.replace(each, classes=tuple(map(file_class, each.classes)))
            for each in base.files
        ),
    )


def free_ports(names: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """A free port for each name on each side; all are held until all are known."""
    with ExitStack() as held:
        found: tuple[dict[str, int], dict[str, int]] = ({}, {})
        for side in found:
            for name in names:
                probe = held.enter_context(socket.socket())
                probe.bind(("127.0.0.1", 0))
                side[name] = probe.getsockname()[1]
    return found

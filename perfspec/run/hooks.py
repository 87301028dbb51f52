"""Hooks around the tests: run to their end, then held to what they promised."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from perfspec.errors import Interrupted
from perfspec.redact import secret_values
from perfspec.run.contracts import StepError
from perfspec.run.process import STEP_S, Command, describe_status
from perfspec.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from perfspec.plan.model import Hook
    from perfspec.run.context import Context

VARIABLES: Final = "PERFSPEC_ENV"
_LINE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_SECOND_NS: Final = 1_000_000_000


def run_hook(
    context: Context,
    name: Literal["before", "after"],
    hook: Hook,
    failure: Callable[[], StepError | None],
) -> dict[str, str]:
    """The variables that the hook wrote into ``$PERFSPEC_ENV``.

    ``failure`` is asked meanwhile and ends the hook when it finds one. Raises StepError when the
    hook or its ``verify`` fails, takes too long or leaves a file of ``creates`` unwritten;
    Interrupted after Ctrl-C.
    """
    title = f"hook {name}"
    started = context.clock.monotonic()
    context.observer.hook_started(name, context.options.redactor.text(hook.run))
    try:
        with tempfile.TemporaryDirectory(prefix="perfspec-") as private:
            file = Path(private) / "variables"
            file.touch(mode=0o600)
            stamp = file.stat().st_mtime_ns  # by the clock that stamps the files of the hook
            run = _Runner(context, hook.timeout_s, f"hook-{name}", file, failure)
            try:
                try:
                    run(hook.run, title)
                    _check_created(title, hook, Path(context.plan.directory), stamp)
                except StepError as error:
                    if name == "after":  # what a clean-up that failed has left is worth knowing
                        _verify_all_the_same(hook, run, error)
                    raise
                if hook.verify is not None:
                    run(hook.verify, f"{title}: verify")
            except (StepError, Interrupted):
                _hide_what_it_wrote(context, file)
                raise
            variables = dict(_read_variables(title, file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{title}: the file ${VARIABLES} cannot be used: {error}"
        raise StepError(msg) from None
    context.observer.hook_ended(name, context.clock.monotonic() - started)
    return variables


def _verify_all_the_same(hook: Hook, run: _Runner, problem: StepError) -> None:
    """Run ``verify`` after a hook that failed; raises StepError with both when that fails too."""
    if hook.verify is None:
        return
    try:
        run(hook.verify, "hook after: verify")
    except StepError as error:
        details = "\n".join(each for each in (problem.details, error.details) if each)
        msg = f"{problem.sentence}; {error.sentence}"
        raise StepError(msg, details) from None


class _Runner:
    """Runs the commands of one hook."""

    def __init__(
        self,
        context: Context,
        timeout_s: float,
        log: str,
        file: Path,
        failure: Callable[[], StepError | None],
    ) -> None:
        self._context = context
        self._timeout_s = timeout_s
        self._log = log
        self._variables = {**context.variables, VARIABLES: str(file)}
        self._variables.setdefault("PYTHONUNBUFFERED", "1")  # so that its last lines are logged
        self._failure = failure

    def __call__(self, text: str, title: str) -> None:
        context = self._context
        command = Command(
            title=title,
            words=context.texts.words(text, title),
            directory=Path(context.plan.directory),
            variables=self._variables,
            log=self._log,
        )
        process = context.launcher.start(command)
        deadline = context.clock.monotonic() + self._timeout_s
        try:
            while process.status is None:
                self._check(title, deadline)
                context.clock.sleep(STEP_S)
        except (StepError, Interrupted) as error:
            presses = context.interrupts.count
            hurry = lambda: context.interrupts.count > presses  # noqa: E731  (of these lines only)
            process.stop(context.options.deadlines.stop, hurry)
            if isinstance(error, StepError) and not error.details:
                raise StepError(error.sentence, process.why()) from None
            raise
        if process.status != 0:
            process.stop(0.0)
            if context.hurry():  # Ctrl-C reaches a process that is just being started, too
                msg = f"interrupted during {title}"
                raise Interrupted(msg)
            sentence = f"{title} {describe_status(process.status)}"
            raise StepError(sentence, process.why())
        process.let_go()

    def _check(self, title: str, deadline: float) -> None:
        if self._context.hurry():
            msg = f"interrupted during {title}"
            raise Interrupted(msg)
        failed = self._failure()
        if failed is not None:
            raise failed
        if self._context.clock.monotonic() > deadline:
            msg = f"{title} did not end within {format_duration(self._timeout_s)}"
            raise StepError(msg)


def _check_created(title: str, hook: Hook, directory: Path, stamp: int) -> None:
    for name in hook.creates:
        try:
            written = (directory / name).stat().st_mtime_ns
        except OSError:
            msg = f"{title} succeeded, but did not create {name}"
            raise StepError(msg) from None
        coarse = written % _SECOND_NS == 0  # a file system that keeps whole seconds
        if written < (stamp - stamp % _SECOND_NS if coarse else stamp):
            msg = f"{title} succeeded, but did not write {name}: the file is from before"
            raise StepError(msg)


def _hide_what_it_wrote(context: Context, file: Path) -> None:
    """A hook that failed may have made secrets before, and said them in its log."""
    text = file.read_text(encoding="utf-8", errors="replace")
    found = {m[1]: m[2] for m in map(_LINE.match, text.split("\n")) if m}
    context.options.redactor.add(secret_values(context.plan.secrets, found, {}))


def _read_variables(title: str, text: str) -> Iterator[tuple[str, str]]:
    """Lines ``NAME=value``; the message shows none, since it may be a secret."""
    for number, written in enumerate(text.split("\n"), start=1):
        line = written.removesuffix("\r")
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            msg = f"{title}: line {number} of ${VARIABLES} is not NAME=value"
            raise StepError(msg)
        yield match[1], match[2]

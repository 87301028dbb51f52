"""Git as its user has it set up, as one call: no hook, no prompt, no work tree."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING, Final, NamedTuple

from perfspec.baseline.store import StoreError

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT_S: Final = 120
CREDENTIALS: Final = re.compile(r"(?<=:)//[^/@\s]+@")  # of an address that git repeats
SETTINGS: Final = ("-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "maintenance.auto=0")
AUTHOR: Final = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "perfspec"), ("EMAIL", "perfspec@localhost"))
}
OURS: Final = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", **AUTHOR}
ELSEWHERE: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY")


class Answer(NamedTuple):
    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode(errors="replace").strip()


class Git:
    """Runs git in a folder of a repository, whatever a hook that runs us says of another one."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._variables = {k: v for k, v in os.environ.items() if k not in ELSEWHERE} | OURS

    def run(self, *arguments: str, given: bytes = b"", index: Path | None = None) -> Answer:
        """One call, whatever its exit code. Raises StoreError when it cannot be made or hangs."""
        variables = self._variables | ({"GIT_INDEX_FILE": str(index)} if index else {})
        try:
            done = subprocess.run(  # noqa: S603  (a list, no shell)
                ["git", *SETTINGS, *arguments],  # noqa: S607  (the user's git)
                cwd=self.directory,
                env=variables,
                input=given,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except OSError as error:
            msg = f"git cannot be run in {self.directory}: {error.strerror or error}"
            raise StoreError(msg) from None
        except subprocess.TimeoutExpired:
            msg = f"git {arguments[0]} in {self.directory} took longer than {TIMEOUT_S} s"
            raise StoreError(msg) from None
        said = CREDENTIALS.sub("//", done.stderr.decode(errors="replace"))
        return Answer(done.returncode, done.stdout, said.strip())

    def must(self, *arguments: str, given: bytes = b"", index: Path | None = None) -> Answer:
        """One call that works, or StoreError with what git said last."""
        answer = self.run(*arguments, given=given, index=index)
        if answer.code:
            last = answer.err.splitlines()[-1:] or [f"exit code {answer.code}"]
            msg = f"git {arguments[0]} in {self.directory}: {last[0]}"
            raise StoreError(msg)
        return answer

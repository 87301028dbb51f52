"""``git:BRANCH``: records on a branch of their own, which has no history in common with the code.

Only plumbing is used, with an index of our own: the work tree, the index and the branch that is
checked out are never touched. A change is a commit on what was read, pushed on the condition that
the remote is still there (a lease); where somebody was faster, it is made anew on what they wrote.
So writers never lose a record of another one, and nobody waits for a lock. Without a remote named
``origin`` the branch is a local one, moved by the same condition.
"""

from __future__ import annotations

import random
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perfspec.baseline.git import Git
from perfspec.baseline.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perfspec.clock import Clock

REMOTE: Final = "origin"
PATIENCE_S: Final = 120.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.05, 2.0
OVERTAKEN: Final = (
    "[rejected]", "cannot lock ref", "failed to update ref", "incorrect old value", "fetch first",
    "reference already exists", "unable to create", "is at ",
)  # fmt: skip
NOTHING: Final = "0" * 40


class BranchStore:
    """The tree at the tip of a branch."""

    def __init__(self, directory: Path, branch: str, clock: Clock) -> None:
        self.git = Git(directory)
        self.branch = branch
        self.clock = clock
        self._tip: str | None = None
        self._known = False

    def __str__(self) -> str:
        return f"git branch {self.branch}"

    def names(self) -> tuple[str, ...]:
        """Of the tip as it is now; ``read`` reads the same one."""
        self._tip, self._known = self._fetch(), True
        if self._tip is None:
            return ()
        listed = self.git.must("ls-tree", "-r", "-z", "--name-only", self._tip).out
        names = listed.decode(errors="surrogateescape").split("\0")
        return tuple(sorted(each for each in names if each.endswith(".json")))

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        wanted = list(names)
        if not self._known:
            self.names()
        if self._tip is None or not wanted:
            return {}
        asked = "".join(f"{self._tip}:{name}\n" for name in wanted).encode()
        return _blobs(wanted, self.git.must("cat-file", "--batch", given=asked).out)

    def write(self, files: Mapping[str, bytes], message: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            blobs = self._stored(Path(folder), files)
            lines = "".join(f"100644 {blob}\t{name}\n" for name, blob in blobs.items())
            self._commit(Path(folder) / "index", lines, message)

    def remove(self, names: Iterable[str], message: str) -> None:
        """The commit that is left has no parent: what it does not hold may really go away."""
        lines = "".join(f"0 {NOTHING}\t{name}\n" for name in names)
        with tempfile.TemporaryDirectory() as folder:
            self._commit(Path(folder) / "index", lines, message, keep_history=False)

    def _commit(
        self,
        index: Path,
        changes: str,
        message: str,
        *,
        keep_history: bool = True,
    ) -> None:
        deadline = self.clock.monotonic() + PATIENCE_S
        wait = FIRST_WAIT_S
        while True:
            base = self._fetch()
            commit = self._made(base, index, changes, message, keep_history=keep_history)
            if commit is None:
                return
            refused = self._moved(base, commit)
            if refused is None:
                self._known = False
                return
            if self.clock.monotonic() > deadline:
                msg = f"the baseline branch {self.branch} cannot be written: {refused}"
                raise StoreError(msg)
            self.clock.sleep(random.uniform(0, wait))  # noqa: S311  (so that two do not meet again)
            wait = min(2 * wait, LONGEST_WAIT_S)

    def _made(
        self, base: str | None, index: Path, lines: str, message: str, *, keep_history: bool
    ) -> str | None:
        """A commit with the changes on ``base``; None where they change nothing."""
        self.git.must("read-tree", *([base] if base else ["--empty"]), index=index)
        self.git.must("update-index", "--add", "--index-info", given=lines.encode(), index=index)
        tree = self.git.must("write-tree", index=index).text
        if base and tree == self.git.must("rev-parse", f"{base}^{{tree}}").text:
            return None
        parent = ["-p", base] if base and keep_history else []
        return self.git.must("commit-tree", tree, "-m", message, *parent).text

    def _stored(self, folder: Path, files: Mapping[str, bytes]) -> dict[str, str]:
        """Object ids by name."""
        paths = []
        for number, content in enumerate(files.values()):
            path = folder / f"{number}.json"
            path.write_bytes(content)
            paths.append(f"{path}\n")
        asked = "".join(paths).encode()
        found = self.git.must("hash-object", "-w", "--no-filters", "--stdin-paths", given=asked)
        return dict(zip(files, found.text.split(), strict=True))

    @cached_property
    def _remote(self) -> str | None:
        """Its address: with its name, git would move the clone's own references to it, too."""
        self.git.must("rev-parse", "--git-dir")
        return self.git.run("remote", "get-url", REMOTE).text or None

    def _fetch(self) -> str | None:
        """The commit at the tip, with its objects here; None where there is no such branch."""
        if self._remote is None:
            found = self.git.run("rev-parse", "--verify", "--quiet", f"refs/heads/{self.branch}")
            return found.text or None
        with tempfile.TemporaryDirectory() as unique:
            ours = f"refs/perfspec/reading/{Path(unique).name}"
            source = f"+refs/heads/{self.branch}:{ours}"
            fetched = self.git.run(
                "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", self._remote, source
            )
            if fetched.code and "couldn't find remote ref" in fetched.err:
                return None
            if fetched.code:
                last = fetched.err.splitlines()[-1:] or ["git fetch failed"]
                msg = f"the baseline branch {self.branch} cannot be read: {last[0]}"
                raise StoreError(msg)
            tip = self.git.must("rev-parse", "--verify", ours).text
            self.git.run("update-ref", f"refs/perfspec/{self.branch}", tip)  # the next is quick
            self.git.run("update-ref", "-d", ours)
        return tip

    def _moved(self, base: str | None, commit: str) -> str | None:
        """Put the branch on ``commit`` if it still is on ``base``; else why that was refused.

        Raises StoreError for a refusal that trying again does not mend.
        """
        name = f"refs/heads/{self.branch}"
        if self._remote is not None:
            lease = f"--force-with-lease={name}:{base or ''}"
            done = self.git.run("push", "--porcelain", lease, self._remote, f"{commit}:{name}")
        else:
            done = self.git.run("update-ref", name, commit, base or NOTHING)
        if not done.code:
            return None
        said = [each for each in done.text.splitlines() if each.startswith("!")]
        why = (said or done.err.splitlines()[-1:] or ["git push failed"])[0].rpartition("\t")[2]
        if not any(each in why for each in OVERTAKEN):
            msg = f"the baseline branch {self.branch} cannot be written: {why}"
            raise StoreError(msg)
        return why


def _blobs(names: list[str], answer: bytes) -> dict[str, bytes]:
    """What ``cat-file --batch`` says: a line with the size, then so many bytes, for each name."""
    found, at = {}, 0
    for name in names:
        end = answer.index(b"\n", at)
        words = answer[at:end].split()
        at = end + 1
        if words[-1] == b"missing":
            continue
        size = int(words[-1])
        found[name] = answer[at : at + size]
        at += size + 1
    return found

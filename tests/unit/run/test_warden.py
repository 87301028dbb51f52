"""What is promised to be done at the end is done, unless it was done before."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from perfspec.run.warden import Warden

if TYPE_CHECKING:
    from pathlib import Path


def making(path: Path) -> list[str]:
    return [sys.executable, "-c", f"open({str(path)!r}, 'a').write('x')"]


def test_promises_are_kept_in_order_and_once(tmp_path: Path) -> None:
    first, second = tmp_path / "a b", tmp_path / "c"
    with Warden() as warden:
        warden.promise(making(first))
        warden.promise(["/nowhere/to/be/found"])
        warden.promise(making(second))
        warden.keep_promise(making(second))
        warden.keep_promise(["never", "promised"])
        assert not first.exists()
    assert first.read_text(encoding="utf-8") == "x"
    assert not second.exists()

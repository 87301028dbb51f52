"""examples/voiceter: sessions over Socket.IO, shortened."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.commands import Kept, perfspec
from tests.drivers import totals
from tests.runs import free_port

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("voiceter")]

EXAMPLE = Path(__file__).parents[2] / "examples" / "voiceter"


def test_all_three_tests_of_the_plan_run_without_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "voiceter"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    done = perfspec(folder, "run", "--time-scale", "2%", PORT=str(free_port()))
    kept = Kept(folder)
    messages = {"session", "session.chunk", "session.receive"}
    tools = {f"session.{each}" for each in ("record_response", "validate_answer", "next_question")}
    sent = {
        "concurrent_sessions": messages | tools,
        "audio_streaming": messages,
        "tool_execution": (messages | tools) - {"session.chunk"},
    }
    for name, expected in sent.items():
        result = kept.test(name)
        assert result.status == "complete", done.err
        assert (set(totals(result)), result.errors) == (expected, [])
        assert max(each.open_connections for each in result.health) > 1
    assert "connections open" in kept.summary
    late = totals(kept.test("audio_streaming"))["session.chunk"].lateness
    assert late is not None
    assert late.count > 1000

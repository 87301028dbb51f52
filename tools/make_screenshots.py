"""Draws docs/images anew from runs made up in tests/shapes.py, in the Chromium of this machine.

Run as `python -m tools.make_screenshots` in the root of the repository, and look at what comes out.
"""  # noqa: INP001  (a script, no package)

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal, NamedTuple

from markdown_it import MarkdownIt
from playwright.sync_api import sync_playwright

from perfspec.judge.points import point_of
from perfspec.judge.verdict import judge_run
from perfspec.publish.comment import comment_body
from perfspec.publish.context import Context
from perfspec.report.compare import Run, compare
from perfspec.report.html.compare import compare_html
from perfspec.report.html.history import History, history_pages
from perfspec.report.html.report import report_html
from tests.duets import duet_run
from tests.records import told_history
from tests.shapes import (
    failing_run,
    ladder_run,
    passing_run,
    slower_than_before,
    spiky_run,
    undecided_run,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfspec.measure.model import RunResult
    from perfspec.plan.model import Plan

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs/images"
GITHUB = ROOT / "tests/browser/node_modules/github-markdown-css/github-markdown.css"
TALL = 900
CONTEXT = Context(
    repository="acme/shop",
    sha="5f2d1c0b9a8e7d6c5b4a39281706f5e4d3c2b1a0",
    event="pull_request",
    token="",
    api_url="",
    graphql_url="",
    run_url="https://github.com/acme/shop/actions/runs/7",
)


class Shot(NamedTuple):
    page: str
    scheme: Literal["light", "dark"] = "light"
    width: int = 1100
    part: str | None = None  # what is scrolled to
    height: int = TALL


SHOTS = {
    "report-pass": Shot("pass"),
    "report-fail": Shot("fail"),
    "report-inconclusive": Shot("inconclusive", scheme="dark"),
    "report-capacity": Shot("capacity"),
    "report-duet": Shot("duet"),
    "report-recovery-dark": Shot("spike", scheme="dark", part=".time", height=520),
    "report-charts-dark": Shot("fail", scheme="dark", part=".charts"),
    "report-phone": Shot("fail", width=390),
    "compare": Shot("compare"),
    "history": Shot("history"),
    "history-trend-dark": Shot("history", scheme="dark", part=".charts"),
    "comment-pass": Shot("comment-pass", width=860, height=440),
    "comment-fail": Shot("comment-fail", width=860, height=1060),
    "comment-inconclusive": Shot("comment-inconclusive", width=860, height=410),
}


def _run_of(made: Callable[[], tuple[Plan, RunResult]]) -> Run:
    plan, result = made()
    comparisons = {"load": slower_than_before()} if made is failing_run else {}
    return Run(plan, result, judge_run(plan, result, comparisons=comparisons))


def _duet() -> Run:
    plan, result, comparisons = duet_run()
    return Run(plan, result, judge_run(plan, result, comparisons=comparisons))


def pages() -> dict[str, str]:
    """What is photographed, by name."""
    runs = {
        "pass": _run_of(passing_run),
        "fail": _run_of(failing_run),
        "inconclusive": _run_of(undecided_run),
        "capacity": _run_of(ladder_run),
        "spike": _run_of(spiky_run),
        "duet": _duet(),
    }
    reports = {name: report_html(run.plan, run.result, run.verdict) for name, run in runs.items()}
    comments = {
        f"comment-{each}": _comment(runs[each]) for each in ("pass", "fail", "inconclusive")
    }
    compared = compare_html(compare([runs["pass"], runs["fail"]]))
    return reports | comments | {"compare": compared, "history": _history()}


def _history() -> str:
    records, acceptance = told_history()
    points = tuple(map(point_of, records))
    history = History(
        "shop", points, (acceptance,), commit_url="https://github.com/acme/shop/commit/"
    )
    return history_pages(history)["load-local.html"]


def _comment(run: Run) -> str:
    """A pull request's comment, nearly as GitHub shows it."""
    text = comment_body(CONTEXT, run.plan, run.result, run.verdict)
    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    style = f"<style>{GITHUB.read_text(encoding='utf-8')} body {{ padding: 24px }}</style>"
    return f'{style}<article class="markdown-body">{markdown.render(text)}</article>'


def main() -> None:
    """Write every image."""
    IMAGES.mkdir(exist_ok=True)
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        for name, text in pages().items():
            Path(folder, f"{name}.html").write_text(text, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for name, shot in SHOTS.items():
            page = browser.new_page(
                viewport={"width": shot.width, "height": shot.height}, color_scheme=shot.scheme
            )
            page.goto(Path(folder, f"{shot.page}.html").as_uri())
            if shot.part:
                page.evaluate("part => document.querySelector(part).scrollIntoView()", shot.part)
            page.screenshot(path=IMAGES / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()

"""A real Chromium for pages that need no network, and notes of all that a page says or asks for."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 1200, 900


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "no browser: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page, what it said on the console and what it asked the network for."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


class Open(Protocol):
    def __call__(
        self, text: str, /, *, scheme: Literal["light", "dark"] = "light", width: int = WIDTH
    ) -> Opened: ...


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens texts as files, as a reader does with an artifact that was downloaded.

    At the end no page has said anything or asked for anything.
    """
    pages: list[Opened] = []

    def open_page(
        text: str, /, *, scheme: Literal["light", "dark"] = "light", width: int = WIDTH
    ) -> Opened:
        path = tmp_path / f"page{len(pages)}.html"
        path.write_text(text, encoding="utf-8")
        page = browser.new_page(
            viewport={"width": width, "height": HEIGHT}, color_scheme=scheme, offline=True
        )
        found = Opened(page)
        pages.append(found)
        page.on("console", lambda message: found.said.append(message.text))
        page.on("pageerror", lambda error: found.said.append(str(error)))
        page.on("request", lambda request: found.asked.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_function("sections.every((each) => each.charts.length)")
        found.asked.remove(path.as_uri())
        return found

    yield open_page
    for each in pages:
        each.page.close()
        assert each.said == []
        assert [url for url in each.asked if not url.startswith("data:")] == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core; `make test` installs it."""
    return (FOLDER / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")

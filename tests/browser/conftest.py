"""A real browser without a window, and the explorer page open in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actlab import registry
from actlab.explore.page import render

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

WATCH = """
window.violations = [];
addEventListener('securitypolicyviolation', (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium or Chrome; without one, or without playwright, tests are skipped."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium or Chrome is installed")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def explorer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page with every shipped activation."""
    target = tmp_path_factory.mktemp("explorer") / "explorer.html"
    target.write_text(render(list(registry.shipped().values())), encoding="utf-8")
    return target


@pytest.fixture
def open_page(browser: Any, explorer: Path) -> Iterator[Callable[..., Any]]:
    """Opens the page; afterwards it must have asked for nothing and complained of nothing."""
    opened = []

    def open_it(address: str = "", width: int = 1280, height: int = 900, **options: Any) -> Any:
        file = options.pop("file", explorer)
        context = browser.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce", **options
        )
        context.add_init_script(WATCH)
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri() + address)
        assert page.evaluate("typeof globalThis.actlab") == "object", said
        opened.append((context, page, said, asked, file.as_uri()))
        return page

    yield open_it
    for context, page, said, asked, uri in opened:
        violations = page.evaluate("window.violations")
        context.close()
        assert said == []
        assert violations == []
        assert [url for url in asked if not url.startswith((uri, "data:"))] == []

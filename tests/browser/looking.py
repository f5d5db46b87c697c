"""What the tests of the page look at, and how they wait for it."""

from __future__ import annotations

from typing import Any

STATE = "actlab.app.state"


def selected(page: Any) -> list[tuple[str, list[float]]]:
    """Names and parameters of the chosen functions, as the page holds them."""
    found = page.evaluate(f"{STATE}.selected.map(({{entry, values}}) => [entry.name, [...values]])")
    return [(name, values) for name, values in found]


def pixels(page: Any, canvas: str) -> str:
    """The picture in a canvas, once what was asked for is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.evaluate(f"document.getElementById('{canvas}').toDataURL()")


def until(page: Any, condition: str) -> None:
    """Waits for a condition; playwright's own way of waiting is against the page's policy."""
    for _ in range(300):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(10)
    raise AssertionError(f"never came true: {condition}")


def settle(page: Any) -> None:
    """Waits until the address holds the state."""
    until(page, "location.hash === '#' + actlab.State.write(actlab.app.state)")

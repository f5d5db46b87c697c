"""The page with keys alone, on small and dark screens; what it copies; how fast it draws."""

from __future__ import annotations

from typing import Any

import pytest

from actlab import registry
from browser.looking import pixels, selected, until

pytestmark = pytest.mark.slow


def test_everything_can_be_done_with_keys(open_page: Any) -> None:
    page = open_page("#f=relu")
    page.focus("#search")
    page.keyboard.type("tanh")
    page.keyboard.press("ArrowDown")
    first = page.evaluate("document.activeElement.dataset.name")
    page.keyboard.press("Enter")
    assert first in [name for name, _ in selected(page)]
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.id") == "search"
    # Every control has a name for those who cannot see it, and can be reached.
    nameless = page.evaluate(
        """[...document.querySelectorAll('button, input, select, canvas, [role]')].filter((e) =>
          !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.title
            || e.labels?.length || e.textContent.trim() || e.id === 'said'))
          .map((e) => e.outerHTML)"""
    )
    assert nameless == []
    seen = set()
    page.focus("#search")
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert {"plot", "norm", "copy-python"} <= seen
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"


def test_python_is_copied_and_said_so(open_page: Any) -> None:
    page = open_page("#f=elu(alpha=0.5)")
    page.locator("#about").scroll_into_view_if_needed()
    button = page.locator("#copy-python")
    button.wait_for()
    page.evaluate("document.addEventListener('copy', () => { window.copied = true; })")
    # As where a browser gives no access to the clipboard: the old way must do.
    page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')); }"
    )
    button.click()
    until(page, "document.getElementById('copy-python').textContent === 'Copied'")
    assert page.evaluate("window.copied") is True
    text = page.inner_text("#card pre >> nth=0")
    assert "F.elu(x, alpha=0.5)" in text
    assert "nn.ELU(alpha=0.5)" in text
    assert page.inner_text("#said") == "Copied to the clipboard"
    until(page, "document.getElementById('copy-python').textContent === 'Copy'")


def test_the_copied_link_opens_the_same_view(open_page: Any) -> None:
    page = open_page("#f=ralu(alpha=5)", permissions=["clipboard-read", "clipboard-write"])
    page.click("#zoom-in")
    page.click("#copy-link")
    until(page, "document.getElementById('copy-link').textContent === 'Copied'")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith("file://")
    assert "f=ralu(alpha=5)" in link


def test_what_copied_python_says_runs(open_page: Any) -> None:
    import torch

    page = open_page("#f=relu")
    for name in [*list(registry.shipped())[::8], "elu"]:
        page.evaluate(f"location.hash = '#f={name}'")
        until(page, f"actlab.app.bound[0]?.chosen.entry.name === '{name}'")
        page.locator("#about").scroll_into_view_if_needed()
        until(page, f"document.querySelector('#tabs button')?.textContent === '{name}'")
        space: dict[str, Any] = {"x": torch.zeros(2, 3)}
        exec(page.locator("#card pre").first.text_content(), space)
        assert torch.equal(space["layer"](space["x"]), space["y"]), name


@pytest.mark.parametrize("width", [400, 768, 1440])
def test_no_screen_scrolls_sideways(open_page: Any, width: int) -> None:
    page = open_page("#f=expolu,gelu,ralu,elu&show=fdc&depth=custom,50", width=width)
    pixels(page, "plot")
    page.evaluate("document.getElementById('about').scrollIntoView()")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.evaluate(
        """[...document.querySelectorAll('button, input, select, canvas')].filter((e) => {
          const box = e.getBoundingClientRect();
          return box.width && !e.closest('.scroll') && (box.left < -1 || box.right > innerWidth + 1)
        }).map((e) => e.outerHTML)"""
    )
    assert outside == []


def test_a_phone_reaches_every_control(open_page: Any) -> None:
    page = open_page("#f=elu", width=400, height=800, has_touch=True, is_mobile=True)
    page.tap("#finder summary")
    page.tap("[data-name=relu]")
    assert [name for name, _ in selected(page)] == ["elu", "relu"]
    pixels(page, "plot")
    slider = page.locator("#chosen input[type=range]").first
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box["width"] > 150
    page.touchscreen.tap(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2)
    assert selected(page)[0][1][0] > 2
    page.locator("#plot").scroll_into_view_if_needed()
    plot = page.locator("#plot").bounding_box()
    before = page.inner_text("#cross")
    page.touchscreen.tap(plot["x"] + 250, plot["y"] + 100)
    until(page, f"document.getElementById('cross').textContent !== '{before}'")


def test_dark_and_light(open_page: Any) -> None:
    def paper(page: Any) -> str:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light = open_page("#f=elu", color_scheme="light")
    dark = open_page("#f=elu", color_scheme="dark")
    assert paper(light) != paper(dark)
    bright = pixels(light, "plot")
    assert bright != pixels(dark, "plot")
    light.click("#theme")
    assert paper(light) == paper(dark)
    assert pixels(light, "plot") != bright
    light.click("#theme")
    assert pixels(light, "plot") == bright


def test_panels_answer(open_page: Any) -> None:
    page = open_page("#f=relu,powerlu,elu&at=2")
    page.locator("#signal").scroll_into_view_if_needed()
    cell = page.locator("#moments tr:nth-child(2) td[data-key=forward]")
    assert cell.inner_text() == "1.41421"
    page.locator("#input-fields input[type=text]").nth(0).fill("1")
    until(page, "document.querySelector('#moments td[data-key=forward]').textContent !== '1.41421'")
    page.click("#init [data-key=critical]")
    until(page, "document.getElementById('depth-table').textContent.includes('none')")
    assert "none" in page.inner_text("#depth-table tr:nth-child(3)")
    page.locator("#precision").scroll_into_view_if_needed()
    page.click("#format [data-key=fp16]")
    until(page, "document.getElementById('thresholds').textContent.includes('11.0')")
    assert "NaN for x ≥ 11.0" in page.inner_text("#thresholds tr:nth-child(2)")


def test_dragging_stays_fast(open_page: Any) -> None:
    page = open_page("#f=expolu,gelu,ralu,elu,mish&show=fdc", width=1440)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(300)
    milliseconds = page.evaluate(
        """async () => {
          const field = document.querySelector('#chosen input[type=range]'), times = [];
          const frame = () => new Promise((done) => requestAnimationFrame(done));
          for (let k = 0; k < 40; k++) {
            field.value = 300 + 10 * k;
            const start = performance.now();
            field.dispatchEvent(new Event('input'));
            await frame();
            times.push(performance.now() - start);
            await frame();
          }
          return times.sort((a, b) => a - b)[20];
        }"""
    )
    # Drawing takes the main thread a part of this; the rest is waiting for the next frame.
    assert milliseconds < 60

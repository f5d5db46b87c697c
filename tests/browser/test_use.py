"""The page as people use it: choosing, dragging, typing, sharing, zooming."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actlab import registry
from actlab.core import Joint
from actlab.explore.page import render
from browser.looking import STATE, pixels, selected, settle, until

pytestmark = pytest.mark.slow


def test_functions_are_found_and_chosen(open_page: Any) -> None:
    page = open_page("#f=relu")
    page.fill("#search", "swish")
    shown = page.locator("#list li:visible button")
    names = [shown.nth(k).get_attribute("data-name") for k in range(shown.count())]
    assert "silu" in names
    assert "relu" not in names
    page.click("[data-name=silu]")
    assert [name for name, _ in selected(page)] == ["relu", "silu"]
    until(page, "document.querySelector('[data-name=silu]').ariaPressed === 'true'")
    page.fill("#search", "no such thing")
    assert page.locator("#none").is_visible()
    page.click("#clear")
    assert page.locator("#list li:visible").count() == len(registry.shipped())
    page.click("[data-name=relu]")
    assert [name for name, _ in selected(page)] == ["silu"]


@pytest.mark.parametrize("fact", ["smooth", "monotone", "bounded"])
def test_filters_are_those_of_the_registry(open_page: Any, fact: str) -> None:
    page = open_page("#f=relu")

    def shown() -> list[str]:
        return page.evaluate(
            "[...document.querySelectorAll('#list li:not([hidden]) button')]"
            ".map((b) => b.dataset.name)"
        )

    shipped = set(registry.shipped())
    page.click(f"[data-fact={fact}]")
    assert shown() == [n for n in registry.names(**{fact: True}) if n in shipped]
    page.click(f"[data-fact={fact}]")
    assert shown() == [n for n in registry.names(**{fact: False}) if n in shipped]
    page.click(f"[data-fact={fact}]")
    page.select_option("#since", "2020")
    assert shown() == [n for n in registry.names(since=2020) if n in shipped]


def test_a_slider_moves_curve_and_numbers(open_page: Any) -> None:
    page = open_page("#f=elu")
    slider = page.locator("#chosen input[type=range]")
    before = pixels(page, "plot")
    slider.focus()
    for _ in range(40):
        page.keyboard.press("ArrowRight")
    ((_, [alpha]),) = selected(page)
    assert alpha > 1.1
    assert pixels(page, "plot") != before
    assert float(page.locator("#chosen input[type=text]").input_value()) == pytest.approx(alpha)
    box = slider.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.1, box["y"] + box["height"] / 2)
    assert selected(page)[0][1][0] < 0.2


def test_any_legal_number_may_be_typed_and_no_other(open_page: Any) -> None:
    page = open_page("#f=elu")
    field, error = page.locator("#chosen input[type=text]"), page.locator("#chosen .error")
    field.fill("1234.5")
    assert selected(page) == [("elu", [1234.5])]
    for illegal in ("-1", "0", "abc", "", "1e999"):
        field.fill(illegal)
        assert error.is_visible()
        assert "(0, inf)" in error.inner_text()
        assert field.get_attribute("aria-invalid") == "true"
        assert selected(page) == [("elu", [1234.5])]
    field.blur()
    assert field.input_value() == "1234.5"
    assert not error.is_visible()


def test_a_function_may_be_there_twice(open_page: Any) -> None:
    page = open_page("#f=powerlu")
    page.click("[aria-label='Add a second powerlu']")
    page.locator("#chosen input[type=text]").nth(1).fill("4")
    assert selected(page) == [("powerlu", [2]), ("powerlu", [4])]
    colours = page.evaluate("actlab.app.bound.map((f) => f.colour)")
    assert len(set(colours)) == 2
    page.click("[aria-label='Remove powerlu'] >> nth=0")
    assert selected(page) == [("powerlu", [4])]
    settle(page)
    assert page.evaluate("actlab.app.bound[0].colour") == colours[1]


def test_the_address_holds_everything(open_page: Any) -> None:
    page = open_page("#f=relu")
    page.click("[data-name=expolu]")
    page.locator("#chosen input[type=text]").nth(1).fill("0.75")
    page.click("#show [data-key=curvature]")
    page.click("#zoom-in")
    page.click("#input-kind [data-key=uniform]")
    page.locator("#input-fields input[type=text]").nth(1).fill("3.5")
    page.click("#init [data-key=custom]")
    page.locator("#depth-fields input[type=text]").nth(0).fill("120")
    page.locator("#custom-fields input[type=text]").nth(0).fill("1.25")
    page.check("#norm")
    page.click("#format [data-key=fp16]")
    page.click("#what [data-key=value]")
    settle(page)
    state = page.evaluate(f"JSON.stringify({STATE}, (k, v) => k === 'entry' ? v.name : v)")
    again = open_page(page.evaluate("location.hash"))
    assert again.evaluate(f"JSON.stringify({STATE}, (k, v) => k === 'entry' ? v.name : v)") == state
    assert pixels(again, "plot") == pixels(page, "plot")
    assert again.is_checked("#norm")
    assert again.locator("#depth-fields input[type=text]").nth(0).input_value() == "120"
    assert again.locator("#input-fields input[type=text]").nth(1).input_value() == "3.5"


def test_a_changed_address_changes_the_page(open_page: Any) -> None:
    page = open_page("#f=relu")
    page.evaluate("location.hash = '#f=elu(alpha=2.5)&view=-1,1,-1,1'")
    until(page, f"{STATE}.selected[0]?.entry.name === 'elu'")
    assert selected(page) == [("elu", [2.5])]
    until(page, "document.querySelector('#chosen input[type=text]')?.value === '2.5'")
    assert page.evaluate(f"{STATE}.view") == [-1, 1, -1, 1]


@pytest.mark.parametrize(
    "address",
    [
        "#f=", "#f=nonsense,elu(alpha=-3),relu(x=1", "#f=elu(alpha=NaN)&view=1,0,a,b&at=99",
        "#%E0%A4%A&f=elu", "#view=1e999,2,3,4&depth=own,-5,7&in=normal,0,0&numbers=fp99,none",
        "#f=__proto__,constructor,elu&depth=x&show=zzz&in=uniform,3,1", "#<script>&&&===",
    ],
)  # fmt: skip
def test_malformed_addresses_are_tolerated(open_page: Any, address: str) -> None:
    page = open_page(address)
    pixels(page, "plot")
    state = page.evaluate(STATE)
    assert all(name in ("elu", "relu") for name, _ in selected(page))
    assert all(values == [1] for name, values in selected(page) if name == "elu")
    assert state["view"][0] < state["view"][1]
    assert 1 <= state["depth"]["layers"] <= 200
    assert state["input"]["sigma"] > 0


def test_the_plot_answers_mouse_and_keys(open_page: Any) -> None:
    page = open_page("#f=elu")

    def view() -> list[float]:
        return page.evaluate(f"{STATE}.view")

    box = page.locator("#plot").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.wheel(0, -120)
    until(page, f"{STATE}.view[1] - {STATE}.view[0] < 9.9")
    zoomed = view()
    page.mouse.down()
    page.mouse.move(x + 100, y + 30, steps=4)
    page.mouse.up()
    assert view()[0] < zoomed[0]
    assert view()[3] > zoomed[3]
    page.mouse.dblclick(x, y)
    assert view() == [-5, 5, -2, 5]
    page.focus("#plot")
    for key, moved in (("ArrowRight", 1), ("ArrowLeft", -1)):
        before = view()
        page.keyboard.press(key)
        assert (view()[0] - before[0]) * moved > 0
    before = view()
    page.keyboard.press("+")
    assert view()[1] - view()[0] < before[1] - before[0]
    page.keyboard.press("-")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("0")
    assert view() == [-5, 5, -2, 5]
    at = page.inner_text("#cross")
    page.keyboard.press("Shift+ArrowRight")
    until(page, f"document.getElementById('cross').textContent !== '{at}'")


def test_the_readout_tells_the_values(open_page: Any) -> None:
    page = open_page("#f=elu(alpha=2),relu&show=fdc")
    pixels(page, "plot")
    rows = page.locator("#readout tr")
    assert rows.count() == 3
    cells = rows.nth(1).locator("td").all_inner_texts()
    assert cells == ["1", "1", "0"]
    assert page.inner_text("#cross") == "1"


def test_a_definition_of_ones_own_is_there_like_any_other(open_page: Any, tmp_path: Path) -> None:
    # A joint that only Python can compute, and words that a page must not take for its own.
    own = replace(
        registry.get("elu"),
        name="mine",
        title="<b>mine</b>",
        joints=(Joint("0", lambda alpha: math.sqrt(alpha) - 1, "alpha", lambda alpha: alpha),),
    )
    file = tmp_path / "own.html"
    file.write_text(render([own]), encoding="utf-8")
    page = open_page(file=file)
    assert selected(page) == [("mine", [1])]
    page.evaluate("document.getElementById('about').scrollIntoView()")
    until(page, "document.querySelector('#card h2')?.textContent === '<b>mine</b>'")
    assert page.evaluate("actlab.app.bound[0].joints") == [0]
    page.locator("#chosen input[type=text]").fill("4")
    until(page, "actlab.app.bound[0].joints.length === 0")

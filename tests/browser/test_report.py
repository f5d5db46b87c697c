"""The report and the page of the claims in a real browser: widths, filters, no script, no net."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actlab.lab.claims.evidence import evidence
from actlab.lab.task import Metric
from actlab.report.claims.finding import Finding
from actlab.report.claims.page import render as render_claims
from actlab.report.claims.verdicts import Ledger, judge_claims
from actlab.report.html import render
from actlab.report.runs import Lost
from actlab.stats import Interval
from browser.conftest import WATCH
from unit.report.by_hand import EVIL, A, B, make_folder, make_part, make_results, make_runs, points

pytestmark = pytest.mark.slow

WIDTHS = (390, 1440)


def study(name: str = "tiny", other: str = "elu(alpha=1)") -> Any:
    lost = {8: Lost("failed", "ValueError: boom " * 20), 9: Lost("timeout", "took over 60 s")}
    plan = {"seeds": 10, "learning_rate": None, "learning_rates": [1e-3, 1e-2], "tuning_seeds": 2,
            "init": None}  # fmt: skip
    table = [
        make_runs(A, [10.0**-k for k in range(3, 13)], tuned=True),
        make_runs(B, [0.1 + 0.01 * k for k in range(10)], tuned=True),
        make_runs(other, [0.05] * 8, planned=10, lost=lost, tuned=True),
        *(make_runs(f"f{k}", [0.02 * k + 0.01] * 10) for k in range(5)),
    ]
    pair = [make_runs(A, [1e-6] * 3), make_runs(B, [0.9] * 3)]
    return make_results(
        points(make_part(pair, regime="as-claimed")),
        points(make_part(pair)),
        make_part(table, "table", plan=plan),
        fitted=1e-3,
        name=name,
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("pages")
    hostile = make_folder(study(other=EVIL + "z" * 80), command=f"actlab run {EVIL}")
    texts = {
        "one": render(make_folder(study())),
        "many": render(make_folder(*(study(f"claims-t{k:02d}") for k in range(4)))),
        "hostile": render(hostile),
        "claims": render_claims(measured_claims(), "report.html"),
    }
    for name, text in texts.items():
        (root / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: root / f"{name}.html" for name in texts}


def measured_claims() -> Ledger:
    """The ledger as it is, a comparison of every kind beside each claim that is measured."""
    ledger = judge_claims(None)
    kinds = {one.kind: one for one in evidence()}
    found = tuple(
        Finding(one, "fair", "supported", 0.7, Interval(0.2, 1.4), 0.01, 0.02, 10, 10,
                metric=Metric("m", "a metric with a title of some length", "lower", 1.0))
        for one in kinds.values()
    )  # fmt: skip
    verdicts = tuple(
        replace(one, findings=found) if one.findings else one for one in ledger.verdicts
    )
    return replace(ledger, verdicts=verdicts)


@pytest.fixture
def open_report(browser: Any, pages: dict[str, Path]) -> Iterator[Callable[..., Any]]:
    """Opens a page; afterwards it must have asked for nothing and complained of nothing."""
    opened = []

    def open_it(name: str, address: str = "", width: int = 1440, **options: Any) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, reduced_motion="reduce", **options
        )
        context.add_init_script(WATCH)
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        uri = pages[name].as_uri()
        page.goto(uri + address)
        opened.append((context, page, said, asked, uri, options.get("java_script_enabled", True)))
        return page

    yield open_it
    for context, page, said, asked, uri, scripts in opened:
        violations = page.evaluate("window.violations") if scripts else []
        context.close()
        assert said == []
        assert violations == []
        assert [url for url in asked if not url.startswith((uri, "data:"))] == []


@pytest.mark.full
def test_the_tests_would_see_a_page_that_is_too_wide(open_report: Any) -> None:
    page = open_report("one", width=390)
    page.evaluate("document.querySelector('h1').style.minWidth = '500px'")
    assert overflow(page) > 0


def overflow(page: Any) -> int:
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["one", "many", "hostile", "claims"])
def test_nothing_sticks_out(open_report: Any, name: str, width: int) -> None:
    page = open_report(name, width=width)
    page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
    assert overflow(page) <= 0


def test_on_a_phone_the_tables_need_no_sideways_scrolling(open_report: Any) -> None:
    page = open_report("one", width=390)
    wide = page.evaluate(
        """[...document.querySelectorAll('table.part')].filter((table) =>
          table.parentElement.scrollWidth > table.parentElement.clientWidth).length"""
    )
    assert wide == 0
    label = "getComputedStyle(document.querySelector('.part td:nth-child(4)'), '::before').content"
    assert "Holm" in page.evaluate(label)


def test_on_a_phone_a_claim_is_as_long_as_its_text(open_report: Any) -> None:
    page = open_report("claims", width=390)
    page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
    heights = "[...document.querySelectorAll('.findings tbody tr')].map((row) => row.offsetHeight)"
    assert max(page.evaluate(heights)) < 500
    sideways = """[...document.querySelectorAll('.findings')].filter((table) =>
      table.parentElement.scrollWidth > table.parentElement.clientWidth).length"""
    assert page.evaluate(sideways) == 0


def test_runs_are_filtered_and_counted(open_report: Any) -> None:
    page = open_report("one")
    shown = "[...document.querySelectorAll('#_runs tbody tr')].filter((row) => !row.hidden).length"
    assert page.evaluate(shown) == 12 + 80
    page.evaluate("document.querySelector('#_runs').closest('details').open = true")
    page.select_option("#_filter select[name=status]", "failed")
    assert page.evaluate(shown) == 1
    assert page.inner_text("#_filter output") == "1 of 92 runs"
    page.select_option("#_filter select[name=status]", "")
    page.select_option("#_filter select[name=function]", A)
    page.select_option("#_filter select[name=place]", "table, fair")
    assert page.evaluate(shown) == 10
    page.fill("#_filter input", "1.0e-12")
    assert page.evaluate(shown) == 1


def test_runs_are_sorted_by_number_and_gaps_come_last(open_report: Any) -> None:
    page = open_report("one")
    page.evaluate("document.querySelector('#_runs').closest('details').open = true")
    button = page.locator("#_runs thead th").last.locator("button")
    last = """[...document.querySelectorAll('#_runs tbody tr')]
      .map((row) => Number(row.lastElementChild.textContent)).filter((n) => !Number.isNaN(n))"""
    button.click()
    up = page.evaluate(last)
    assert up == sorted(up)
    button.click()
    assert page.evaluate(last) == sorted(up, reverse=True)
    assert page.get_attribute("#_runs thead th:last-child", "aria-sort") == "descending"
    ends = "document.querySelector('#_runs tbody tr:last-child').textContent"
    assert "took over" in page.evaluate(ends) or "boom" in page.evaluate(ends)


def test_a_function_is_lit_up_in_every_figure_and_let_go_again(open_report: Any) -> None:
    page = open_report("one")
    chip = page.locator("#tiny-table-fair .legend [data-pick='1'] bdi")
    chip.focus()
    page.keyboard.press("Enter")
    lit = "document.querySelectorAll('svg .lit').length"
    assert page.evaluate(lit) > 5
    faint = """getComputedStyle(document.querySelector('#tiny-table-fair [data-f="0"]')).opacity"""
    assert float(page.evaluate(faint)) < 0.5
    assert chip.get_attribute("aria-pressed") == "true"
    page.keyboard.press("Enter")
    assert page.evaluate(lit) == 0
    assert float(page.evaluate(faint)) == 1.0
    # Functions without a colour of their own can be found too.
    page.locator("#tiny-table-fair th[data-pick='7'] bdi").click()
    assert page.evaluate("document.querySelectorAll('svg .lit.s0').length") >= 2


def test_an_address_opens_the_study_it_leads_to(open_report: Any) -> None:
    page = open_report("many", "#claims-t02-table-fair")
    assert page.evaluate("document.getElementById('claims-t02').open") is True
    assert page.evaluate("document.getElementById('claims-t01').open") is False
    top = "document.getElementById('claims-t02-table-fair').getBoundingClientRect().top"
    assert abs(page.evaluate(top)) < 40


def test_without_script_everything_is_there(open_report: Any) -> None:
    page = open_report("one", java_script_enabled=False)
    text = page.content()
    assert page.locator("#_runs tbody tr").count() == 92
    assert not page.locator("#_filter").is_visible()
    assert page.locator("svg.chart").count() == text.count("<svg")
    assert page.locator("svg.chart").first.is_visible()
    assert page.locator("table.part").first.is_visible()
    page.locator("summary", has_text="92 runs").click()
    assert page.locator("#_runs tbody tr").last.is_visible()


def test_dark_and_light_differ_and_both_can_be_read(open_report: Any) -> None:
    seen = []
    for scheme in ("light", "dark"):
        page = open_report("one", color_scheme=scheme)
        seen.append(
            page.evaluate(
                """['background-color', 'color'].map((name) =>
                  getComputedStyle(document.body).getPropertyValue(name).match(/\\d+/g).slice(0, 3)
                    .reduce((sum, part) => sum + Number(part), 0))"""
            )
        )
    (paper, ink), (dark_paper, dark_ink) = seen
    assert paper - ink > 400
    assert dark_ink - dark_paper > 400


def test_what_is_printed_is_unfolded_and_folded_up_again(open_report: Any) -> None:
    page = open_report("many")
    folded = "document.querySelectorAll('details:not([open])').length"
    before = page.evaluate(folded)
    assert before > 3
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(folded) == 0
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(folded) == before


def test_downloads_hold_the_numbers(open_report: Any) -> None:
    page = open_report("one")
    with page.expect_download() as waiting:
        page.click("a[download='tiny-runs.csv']")
    text = Path(waiting.value.path()).read_text("utf-8")
    assert text.startswith("study,part,regime,function,seed")
    assert len(text.splitlines()) == 93


def test_claims_are_filtered(open_report: Any) -> None:
    page = open_report("claims")
    shown = "[...document.querySelectorAll('article')].filter((one) => !one.hidden).length"
    every = page.evaluate(shown)
    assert every > 20
    page.select_option("#filter select[name=word]", "true")
    some = page.evaluate(shown)
    assert 0 < some < every
    assert page.inner_text("#shown") == f"{some} of {every} claims"
    page.select_option("#filter select[name=word]", "")
    page.fill("#filter input", "no claim says this")
    assert page.evaluate(shown) == 0


def test_claims_are_all_there_without_script(open_report: Any) -> None:
    page = open_report("claims", java_script_enabled=False)
    assert page.locator("article").count() > 20
    assert page.locator("article").last.is_visible()
    assert not page.locator("#filter").is_visible()

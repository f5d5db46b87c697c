"""The depth picture and the pictures of units: true to the numbers, for any model."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from actlab.diagnose.depth import (
    STATES,
    depth_figure,
    labelled,
    site_shares,
    sizes_in_words,
    unit_states,
)
from actlab.diagnose.figure import FILLS, HATCHES, LEAST_SEEN, LEVELS, _visible, draw_depth
from actlab.diagnose.unit_pictures import pictures

from .made_reports import (
    EVERY,
    EVIL,
    broken,
    dying,
    healthy,
    hostile,
    large,
    make_dead,
    make_report,
    make_saturated,
    make_site,
    without_gradients,
)

DEAD, SATURATED, UNKNOWN = (STATES.index(name) for name in ("dead", "saturated", "unknown"))


def test_sizes_are_decades_in_the_order_of_the_sites():
    sites = (make_site("a", mean=3.0, std=4.0, gradient_norm=0.01), make_site("b", std=0.0, mean=1))
    data = depth_figure(make_report(sites))
    assert data.labels == ("a", "b")
    assert data.signal.decades == pytest.approx([np.log10(5.0), 0.0])
    assert data.gradient.decades[0] == pytest.approx(-2.0)


def test_what_is_not_a_size_is_a_gap_and_is_marked():
    nan, inf = float("nan"), float("inf")
    sites = tuple(make_site(str(k), gradient_norm=g) for k, g in enumerate((nan, inf, 0.0, None)))
    curve = depth_figure(make_report(sites)).gradient
    assert np.isnan(curve.decades).all()
    assert curve.broken.tolist() == [True, True, False, False]
    assert curve.zero.tolist() == [False, False, True, False]


def test_shares_count_every_unit_once():
    off = (0.1, 0.75, 0.96, 1.0, 1.0, float("nan"))
    site = make_site(units=6, unit_small_slope=off, unit_zero_slope=off, dead_units=(3,),
                     saturated_units=(3, 4))  # fmt: skip
    assert [STATES[state] for state in unit_states(site)] == [
        "working", "often off", "nearly always off", "dead", "saturated", "unknown",
    ]  # fmt: skip
    assert site_shares(site) == pytest.approx([1 / 6] * 6)


def test_61_of_512_units_are_dead():
    assert site_shares(make_dead())[DEAD] == pytest.approx(61 / 512)
    assert site_shares(make_saturated())[SATURATED] == pytest.approx(40 / 256)
    assert depth_figure(broken()).shares[3, UNKNOWN] == 1.0


def test_without_single_units_the_totals_are_drawn():
    site = make_site(units=10, dead=3, unit_zero_slope=(), unit_small_slope=(), unit_mean=())
    assert site_shares(site)[[0, DEAD]] == pytest.approx([0.7, 0.3])
    assert pictures(site) == []


def test_one_dead_unit_of_thousands_is_seen_and_columns_stay_full():
    site = make_site(units=16384, dead=1, dead_units=(9,))
    shares = site_shares(site)[None, :]
    assert shares[0, DEAD] == pytest.approx(1 / 16384)
    seen = _visible(shares)
    assert seen[0, DEAD] == LEAST_SEEN
    assert seen.sum() == pytest.approx(1.0)
    assert seen.min() >= 0


def test_no_two_states_or_levels_differ_in_colour_alone():
    assert len(set(HATCHES)) == len(STATES) == len(FILLS)
    assert len({hatch for _, hatch, _ in LEVELS.values()}) == len(LEVELS)
    assert len({symbol for _, _, symbol in LEVELS.values()}) == len(LEVELS)


@pytest.mark.parametrize("make", [*EVERY, large], ids=lambda make: make.__name__)
def test_every_report_can_be_drawn(make):
    before = dict(mpl.rcParams)
    svg = draw_depth(depth_figure(make()), "depth")
    root = ElementTree.fromstring(svg)
    assert root.tag.endswith("svg")
    assert len(svg) < 150_000
    assert not re.search(r"#0a0[bc]0\d", svg)
    assert "nan" not in " ".join(root.itertext()).lower()
    assert dict(mpl.rcParams) == before


def test_one_site_of_one_unit_can_be_drawn_and_the_same_every_time():
    data = depth_figure(make_report((make_site("only", 1),)))
    first = draw_depth(data, "one")
    assert first == draw_depth(data, "one")
    assert "only" in first


def test_names_are_drawn_as_they_are():
    report = make_report((make_site(r"$\frac$"), make_site("活性"), make_site(EVIL)))
    svg = draw_depth(depth_figure(report), "names")
    text = "".join(ElementTree.fromstring(svg).itertext())
    assert r"$\frac$" in text
    assert "活性" in text
    assert "<script" not in svg
    assert "\u202e" not in svg


def test_labels_are_thinned_and_alarms_keep_theirs():
    levels = ["alarm" if k % 17 == 11 else "ok" for k in range(150)]
    chosen = labelled(levels, 60)
    assert {k for k in range(150) if k % 17 == 11} <= set(chosen)
    assert min(np.diff(chosen)) >= 3
    assert len(chosen) <= 60
    assert labelled(["alarm"] * 150, 60) == list(range(0, 150, 3))
    assert labelled(["ok"] * 5, 60) == [0, 1, 2, 3, 4]
    assert labelled([], 60) == []


def test_the_picture_is_told_in_words():
    said = sizes_in_words(depth_figure(dying()))
    assert "4 sites from first to last" in said
    assert "dead units at 1 site" in said
    assert "alarms at 2 sites" in said
    assert "no site with an alarm" in sizes_in_words(depth_figure(healthy()))
    assert "gradient" not in sizes_in_words(depth_figure(without_gradients()))


@pytest.mark.parametrize("units", [1, 2, 39, 41, 512, 16384])
def test_pictures_of_units_are_small_for_any_number_of_units(units):
    made = pictures(make_dead(units=units, dead=max(1, units // 9)))
    assert len(made) == 3
    for picture in made:
        ElementTree.fromstring(str(picture.svg))
        assert len(picture.svg) < 1500
    assert f"{max(1, units // 9)} dead" in made[0].spoken


def test_pictures_of_units_take_any_numbers():
    assert [p.title for p in pictures(broken().sites[4])] == [
        "Where lost units are, share in every 3"
    ]
    wide = replace(make_site(units=3), unit_mean=(-1.7e308, 0.0, 1.7e308))
    assert "nan" not in str(pictures(wide)[2].svg)
    assert "1.7e308" in pictures(wide)[2].svg
    same = replace(make_site(units=3), unit_mean=(0.5, 0.5, 0.5))
    assert "0.500" in pictures(same)[2].svg
    assert all("script" not in picture.svg for picture in pictures(hostile().sites[0]))

"""The terminal plot, looked at as text."""

from __future__ import annotations

import pytest

from actlab.cli.plot import draw


def lines(text: str) -> list[str]:
    return text.splitlines()


def relu(x: float) -> float:
    return max(x, 0.0)


def step(x: float) -> float:
    return float(x > 0)


def test_relu_in_ascii() -> None:
    drawn = draw(relu, step, [0.0], width=25, height=5, ascii_only=True).plain
    assert lines(drawn) == [
        "     4         |      **",
        "               |     *  ",
        "               |  ***   ",
        "               | * ...  ",
        "     0 **********-------",
        "       -4      0       4",
        "       ** f(x)   .. f'(x)",
    ]


@pytest.mark.parametrize("width", [24, 40, 76])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_it_keeps_to_its_width_and_height(width: int, ascii_only: bool) -> None:
    drawn = draw(relu, step, [0.0], width=width, height=9, ascii_only=ascii_only).plain
    assert len(lines(drawn)) == 9 + 2
    assert max(map(len, lines(drawn)[:-1])) <= width
    assert drawn.isascii() == ascii_only


def test_all_joints_are_in_view() -> None:
    drawn = draw(relu, step, [-20.0, 10.0], width=60).plain
    assert lines(drawn)[-2].split() == ["-30", "0", "30"]


def test_an_infinite_slope_does_not_flatten_the_function() -> None:
    drawn = draw(relu, lambda x: 1e300 if 0 < x < 0.2 else 0.0, [], width=60).plain
    assert lines(drawn)[0].split()[0] == "4"


def test_a_jump_of_the_slope_is_left_open_at_a_joint_and_closed_elsewhere() -> None:
    open_, closed = (
        draw(lambda x: 0.0, step, joints, width=40, height=12, ascii_only=True).plain.count(".")
        for joints in ([0.0], [])
    )
    assert open_ < closed


def test_function_and_slope_differ_without_colour() -> None:
    drawn = draw(lambda x: 1.0, lambda x: 0.5, [], width=60, height=12).plain
    rows = [line[7:] for line in lines(drawn)[:12] if any(ord(c) >= 0x2800 for c in line)]
    solid, dashed = rows
    assert all(ord(c) > 0x2800 for c in solid)
    assert not all(ord(c) > 0x2800 for c in dashed)

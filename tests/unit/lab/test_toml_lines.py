"""Line numbers of keys, tables and list items."""

from __future__ import annotations

import tomllib

from actlab.lab.toml_lines import locate, nearest

TEXT = '''# a comment with [brackets] = and "quotes
title = "a # that is text, and ] too"
list = [1, 2,
  [3, 4],  # , ] not structure
  { name = "x", values = [5, 6] },
]
long = """
width = 3
[[part]]
"""

[[part]]
name = "one"
deep.key = 1

[[part]]
"quoted" = 2
[quick.one]
seeds = 3
'''


def test_text_is_valid():
    tomllib.loads(TEXT)


def test_places():
    places = locate(TEXT)
    assert places[("title",)] == 2
    assert places[("list",)] == 3
    assert [places[("list", i)] for i in range(4)] == [3, 3, 4, 5]
    assert ("list", 4) not in places
    assert places[("long",)] == 7
    assert places[("part", 0)] == 12
    assert places[("part", 0, "name")] == 13
    assert places[("part", 0, "deep")] == places[("part", 0, "deep", "key")] == 14
    assert places[("part", 1)] == 16
    assert places[("part", 1, "quoted")] == 17
    assert places[("quick", "one", "seeds")] == 19
    assert ("width",) not in places


def test_nearest_falls_back_to_what_is_around():
    places = locate(TEXT)
    assert nearest(places, ("list", 3, "values", 1)) == 5
    assert nearest(places, ("part", 1, "absent")) == 16
    assert nearest(places, ("absent",)) is None

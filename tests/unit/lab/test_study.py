"""A study file is read whole or refused with key and line."""

from __future__ import annotations

import pytest

from actlab.core.errors import UnknownNameError
from actlab.lab.conduct import prepare
from actlab.lab.study import StudyError
from actlab.lab.study_file import built_in, load_study, parse_study


def line_of(text: str, part: str) -> int:
    return text[: text.rindex(part)].count("\n") + 1


def test_every_built_in_study_is_valid_in_every_version():
    assert "twenty-one-pairs" in built_in()
    for name in built_in():
        whole = load_study(name)
        assert whole.name == name
        for tier in ("smoke", "quick"):
            if getattr(whole, tier) is not None:
                assert load_study(name, tier=tier).part


def test_the_main_job_is_the_one_promised():
    headline, table = load_study("twenty-one-pairs").part
    assert headline.settings == {"width": 512, "depth": 30, "rounds": 400}
    assert headline.seeds == 3
    assert headline.learning_rate == 0.001 / 512
    assert headline.regimes == ["as-claimed", "fair"]
    assert (table.settings["width"], table.settings["depth"], table.seeds) == (64, 30, 10)


def test_unknown_study_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'twenty-one-pairs'"):
        load_study("twentyone-pairs")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(StudyError, match="nowhere"):
        load_study(str(tmp_path / "nowhere.toml"))


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("seeds = 2\n", "seedss = 2\n", "part[1].seedss", "did you mean 'seeds'"),
        ("seeds = 2\n", "seeds = 0\n", "part[1].seeds", "greater than or equal to 1, got 0"),
        ("seeds = 2\n", 'seeds = "5"\n', "part[1].seeds", "valid integer, got '5'"),
        ("learning_rate = 1e-3", "learning_rate = nan", "part[1].learning_rate", "nan"),
        ('"as-claimed"', '"as claimed"', "part[1].regimes[1]", "'as-claimed' or 'fair'"),
        ("smallest_effect = 1.0", "smallest_effect = -1.0", "smallest_effect", "greater than 0"),
        ('name = "tiny"', 'name = "../tiny"', "name", "pattern"),
        ("[quick.table]", "[quick.tabel]", "quick.tabel", "did you mean 'table'"),
        ('seeds = 2\ncontenders = ["relu"]', "seeds = 0", "quick.table.seeds", "got 0"),
        ('name = "table"', 'name = "headline"', "part[2].name", "taken already"),
        ("[1e-3, 1e-2]", "[1e-3, 200.0]", "part[2]", "learning_rates must lie in (0, 100]"),
    ],
)
def test_a_mistake_is_named_with_key_and_line(tiny, old, new, key, says):
    broken = tiny.replace(old, new, 1)
    assert broken != tiny
    with pytest.raises(StudyError) as caught:
        parse_study(broken, "my.toml")
    line = line_of(broken, new)
    messages = str(caught.value).splitlines()
    if key == "part[2]":  # a rule about the whole part: the line is where the part begins
        line = line_of(broken, '[[part]]\nname = "table"')
    assert any(f"my.toml: line {line}: {key}: " in m and says in m for m in messages), messages


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("p = 3.0", "p = -3.0", "part[2].contenders[3]", "p must be a finite number in (0, inf)"),
        ("p = 3.0", "q = 3.0", "part[2].contenders[3]", "no parameter 'q'"),
        ('"tanh"', '"tanhh"', "part[2].contenders[2]", "did you mean 'tanh'"),
        ('baseline = "relu"', 'baseline = "rellu"', "baseline", "did you mean 'relu'"),
        ('baseline = "relu"', 'baseline = "expolu"', "baseline", "must differ from the contender"),
        ('task = "twenty', 'task = "twentty', "task", "did you mean 'twenty-one-pairs'"),
        ("{ width = 6", "{ widht = 6", "part[1].settings", "did you mean 'width'"),
        ("rounds = 5", "rounds = 0", "part[1].settings", "greater than or equal to 1, got 0"),
        ("rounds = 5", 'rounds = "5"', "part[1].settings", "valid integer, got '5'"),
        ("seeds = 2\n", 'seeds = 2\nmetric = "finall"\n', "part[1].metric", "did you mean 'final'"),
    ],
)
def test_a_wrong_function_is_named_with_key_and_line(tmp_path, tiny, old, new, key, says):
    broken = tiny.replace(old, new, 1)
    path = tmp_path / "my.toml"
    path.write_text(broken)
    with pytest.raises(StudyError) as caught:
        prepare(str(path))
    line = broken[: broken.index(new) + len(new.rstrip())].count("\n") + 1
    assert f"line {line}: {key}" in str(caught.value)
    assert says in str(caught.value)


def test_text_that_is_not_toml_names_the_line(tiny):
    with pytest.raises(StudyError, match=r"line 3"):
        parse_study(tiny.replace('title = "Tiny"', "title = Tiny"), "my.toml")


def test_a_missing_key_is_named(tiny):
    with pytest.raises(StudyError, match=r"part\[1\]\.seeds: this key is missing"):
        parse_study(tiny.replace("seeds = 2\n", "", 1), "my.toml")


def test_one_rate_or_a_grid_but_not_both(tiny):
    broken = tiny.replace("learning_rate = 1e-3", "learning_rate = 1e-3\ntuning_seeds = 2", 1)
    with pytest.raises(StudyError, match="tuning_seeds go together"):
        parse_study(broken, "my.toml")


def test_a_first_look_has_no_more_seeds_than_there_are(tiny):
    assert parse_study(tiny.replace("seeds = 2\n", "seeds = 2\nfirst_look = 1\n", 1), "my.toml")
    with pytest.raises(StudyError, match="first_look must be at most seeds = 2, got 3"):
        parse_study(tiny.replace("seeds = 2\n", "seeds = 2\nfirst_look = 3\n", 1), "my.toml")


def test_quick_replaces_and_seeds_override(tiny_file):
    assert load_study(tiny_file).part[1].seeds == 12
    assert load_study(tiny_file, tier="quick").part[1].seeds == 2
    assert [part.seeds for part in load_study(tiny_file, seeds=7).part] == [7, 7]


@pytest.mark.parametrize("seeds", [0, -1, 10_001])
def test_seeds_out_of_range(tiny_file, seeds):
    with pytest.raises(ValueError, match=r"seeds must lie in \[1, 10000\]"):
        load_study(tiny_file, seeds=seeds)


def test_quick_needs_a_quick_table(tmp_path, tiny):
    path = tmp_path / "slow.toml"
    path.write_text(tiny[: tiny.index("[quick")])
    with pytest.raises(StudyError, match="no quick version"):
        load_study(str(path), tier="quick")

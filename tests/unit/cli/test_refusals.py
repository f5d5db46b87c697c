"""Arguments of run and report that are refused before anything is written."""

import pytest

from actlab.cli.report import check_output
from actlab.cli.whole import whole_number


class Token:
    def __init__(self, value):
        self.value = value


@pytest.mark.parametrize(("text", "number"), [("3", 3), ("-1", -1), ("+07", 7)])
def test_whole_numbers(text, number):
    assert whole_number(int, [Token(text)]) == number


@pytest.mark.parametrize("text", ["1.5", "2.0", "0x3", "three", "", "1e3"])
def test_other_numbers_are_not_rounded(text):
    with pytest.raises(ValueError, match="must be a whole number"):
        whole_number(int, [Token(text)])


def test_a_page_never_takes_the_place_of_something_else(tmp_path):
    check_output(tmp_path / "page.html")
    for name in ("study.json", "page", "page.html.bak"):
        with pytest.raises(ValueError, match="ending in .html"):
            check_output(tmp_path / name)
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "link.html").symlink_to(tmp_path / "elsewhere.html")
    for name in ("folder.html", "link.html"):
        with pytest.raises(ValueError, match="must be an ordinary file"):
            check_output(tmp_path / name)

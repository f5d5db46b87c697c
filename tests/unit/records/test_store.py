"""A results folder keeps what was finished, refuses what is foreign, notices what is broken."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

from actlab.records import ForeignFolderError, Record, Status, Store, StoreError, content_id


@pytest.fixture
def store(tmp_path):
    return Store.create(tmp_path / "results", "study")


def make(number: int = 0, status: Status = Status.DONE) -> Record:
    key = {"number": number}
    arrays = {"losses": np.arange(6, dtype=np.float32).reshape(2, 3)}
    return Record(
        content_id(key), key, status, summary={"final": [1.5]}, arrays=arrays,
        provenance={"seconds": 1.0},
    )  # fmt: skip


def cell_folder(store, record):
    return store.root / "cells" / record.id


def test_a_record_comes_back_as_it_was(store):
    record = make()
    store.save(record)
    back = store.finished(record.id)
    assert back is not None
    assert (back.key, back.status, back.summary) == (record.key, record.status, record.summary)
    assert back.arrays["losses"].dtype == np.float32
    np.testing.assert_array_equal(back.arrays["losses"], record.arrays["losses"])
    assert back.provenance == {"seconds": 1.0}


def test_the_same_record_gives_the_same_bytes(store, tmp_path):
    other = Store.create(tmp_path / "other", "study")
    for one in (store, other):
        one.save(make())
    for path in cell_folder(store, make()).iterdir():
        assert path.read_bytes() == (cell_folder(other, make()) / path.name).read_bytes()


@pytest.mark.parametrize("status", [Status.FAILED, Status.TIMEOUT, Status.SKIPPED])
def test_outcomes_worth_another_try_are_not_finished(store, status):
    record = make(status=status)
    store.save(record)
    assert store.finished(record.id) is None
    assert store.load(record.id) is not None
    store.save(make())
    assert store.finished(record.id) is not None


def test_every_single_damage_is_noticed(store):
    record = make()
    store.save(record)
    folder = cell_folder(store, record)
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for broken in (b"", whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1])):
            path.write_bytes(broken)
            assert store.load(record.id) is None, (path.name, broken[-10:])
            assert len(store.damaged()) == 1
        path.unlink()
        assert store.load(record.id) is None
        path.write_bytes(whole)
    assert store.finished(record.id) is not None
    assert store.damaged() == []


def test_a_record_under_another_name_is_not_believed(store):
    record = make()
    store.save(record)
    other = content_id({"number": 1})
    os.rename(cell_folder(store, record), store.root / "cells" / other)
    assert store.load(other) is None


def test_a_pickle_is_never_loaded(store, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        store.save(Record(make().id, make().key, Status.DONE, arrays={"bad": np.array([Trap()])}))
    assert not (tmp_path / "sprung").exists()


def test_a_half_written_cell_is_swept_away(store):
    half = store.root / "cells" / ".actlab-partial-123"
    half.mkdir()
    (half / "record.json").write_text("{")
    with store.writing():
        assert not half.exists()


def test_a_crash_while_publishing_leaves_the_old_record_or_none(store, monkeypatch):
    store.save(make(status=Status.FAILED))
    calls = []
    real = os.rename

    def dies_at_second(source, target):
        calls.append(source)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(os, "rename", dies_at_second)
    with pytest.raises(KeyboardInterrupt):
        store.save(make())
    monkeypatch.setattr(os, "rename", real)
    assert store.finished(make().id) is None
    with store.writing():
        store.save(make())
    assert store.finished(make().id) is not None
    assert [p.name for p in (store.root / "cells").iterdir()] == [make().id]


def test_a_folder_that_is_not_ours_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ForeignFolderError, match="not an actlab results folder"):
        Store.create(tmp_path, "study")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("marker", ["", "[]", '{"actlab":"results"}', '{"format":1,"study":"s"}'])
def test_a_folder_with_a_false_marker_is_refused(tmp_path, marker):
    (tmp_path / "actlab-results.json").write_text(marker)
    with pytest.raises(ForeignFolderError):
        Store.create(tmp_path, "study")


def test_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ForeignFolderError, match="not a folder"):
        Store.create(tmp_path / "file", "study")


def test_another_study_is_refused(store):
    with pytest.raises(StoreError, match="'study', not 'other'"):
        Store.create(store.root, "other")


def test_a_newer_format_is_refused(store):
    path = store.root / "actlab-results.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(StoreError, match="format 99"):
        Store.open(store.root)


def test_two_writers_are_not_let_in_together(store):
    second = Store.open(store.root)
    with store.writing(), pytest.raises(StoreError, match="another actlab run"), second.writing():
        raise AssertionError("the second writer got in")
    with second.writing():
        pass


def test_a_missing_or_broken_study_description_says_so(store):
    with pytest.raises(StoreError, match=r"study\.json"):
        store.read_study()
    store.write_study({"a": 1})
    assert store.read_study() == {"a": 1}
    (store.root / "study.json").write_text("{")
    with pytest.raises(StoreError, match="run the study again"):
        store.read_study()

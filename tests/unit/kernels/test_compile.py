"""Building: what comes out, what is not done twice, and what failures leave behind."""

from __future__ import annotations

import ctypes
import json
import os
import threading
from pathlib import Path

import pytest

from actlab.defs.elu import ELU
from actlab.defs.relu import RELU
from actlab.kernels import compile, objects, toolchain
from actlab.kernels.built import MANIFEST, kernels_folder, problem, read_manifest, shared_object
from actlab.kernels.compile import BuildError, build, build_definition, definition_folder

SETS = toolchain.instruction_sets()


def loaded(folder: Path, name: str = "default") -> tuple[int, bytes]:
    """What the table of a shared object says: the sum of its functions, and its namespace."""
    library = ctypes.CDLL(str(shared_object(folder, name)))
    library.space.restype = ctypes.c_char_p
    return library.count(), library.space()


def left_over(folder: Path) -> set[str]:
    """Files that are neither shared objects nor their manifest."""
    expected = {MANIFEST, *(shared_object(folder, name).name for name in SETS)}
    return {path.name for path in folder.iterdir()} - expected


def test_all_definitions_for_every_instruction_set(printer) -> None:
    folder = build()
    assert folder == kernels_folder()
    assert left_over(folder) == set()
    for name in SETS:
        assert loaded(folder, name) == (3, f"actlab_{name}".encode())


def test_the_manifest_tells_what_it_was_made_from(printer) -> None:
    manifest = read_manifest(build())
    assert manifest is not None
    assert manifest["namespace"] == "actlab"
    assert manifest["definitions"] == ["elu", "relu"]
    assert manifest["instruction_sets"] == list(SETS)
    assert manifest["torch"] == toolchain.find_torch().version
    assert manifest["compiler"]["version"] == toolchain.find_compiler().version
    assert manifest["flags"]["default"] == list(toolchain.FLAGS)
    assert problem() == ""


def test_what_is_up_to_date_is_left_alone(printer, titles) -> None:
    noted, watch = titles
    folder = build(watch=watch)
    assert len(noted) == 4 * len(SETS)  # two definitions, the table, the library
    before = (folder / MANIFEST).stat().st_mtime_ns
    assert build(watch=watch) == folder
    assert len(noted) == 4 * len(SETS)
    assert (folder / MANIFEST).stat().st_mtime_ns == before


def test_force_compiles_everything_again(printer, titles, monkeypatch) -> None:
    compiled: list[str] = []
    call = objects.call
    monkeypatch.setattr(objects, "call", lambda c, doing: (compiled.append(doing), call(c, doing)))
    build()
    build(force=True)
    assert len(compiled) == 2 * 4 * len(SETS)


def test_only_what_changed_is_compiled(printer, monkeypatch) -> None:
    build()
    compiled: list[str] = []
    call = objects.call
    monkeypatch.setattr(objects, "call", lambda c, doing: (compiled.append(doing), call(c, doing)))
    monkeypatch.setattr(compile, "fingerprint", lambda: "of changed sources")
    printer.bodies["elu"] = "return 40;"
    folder = build()
    assert sorted(compiled) == sorted(f"compiling elu for {name}" for name in SETS)
    # By another name, since this process keeps the first one loaded.
    copy = folder.with_name("copy")
    folder.rename(copy)
    assert loaded(copy)[0] == 42


def test_a_changed_header_changes_every_object(printer, tmp_path, monkeypatch) -> None:
    build()
    (tmp_path / "csrc" / "listed.h").write_text(
        "extern const int listed;\nextern const char* const named; // changed\n", encoding="utf-8"
    )
    monkeypatch.setattr(compile, "fingerprint", lambda: "of changed sources")
    before = len(list((tmp_path / "cache" / "objects").glob("*.o")))
    build()
    assert len(list((tmp_path / "cache" / "objects").glob("*.o"))) == 2 * before


def test_a_changed_unit_changes_its_own_objects(printer, tmp_path, monkeypatch) -> None:
    build()
    with (tmp_path / "csrc" / "library.cpp").open("a", encoding="utf-8") as file:
        file.write("// changed\n")
    monkeypatch.setattr(compile, "fingerprint", lambda: "of changed sources")
    before = len(list((tmp_path / "cache" / "objects").glob("*.o")))
    build()
    after = len(list((tmp_path / "cache" / "objects").glob("*.o")))
    assert after == before + len(SETS)


@pytest.mark.parametrize(
    "spoiled", ["a file", "half a file", "the manifest", "a half-written manifest"]
)
def test_what_is_incomplete_is_built_again(printer, spoiled: str) -> None:
    folder = build()
    if spoiled == "a file":
        shared_object(folder, "default").unlink()
    elif spoiled == "half a file":
        with shared_object(folder, "default").open("ab") as file:
            file.truncate(1)
    elif spoiled == "the manifest":
        (folder / MANIFEST).unlink()
    else:
        (folder / MANIFEST).write_text('{"instruction_sets": [', encoding="utf-8")
    assert "no compiled kernels (or not all of them) are in" in problem()
    assert "actlab build" in problem()
    build()
    assert problem() == ""


def test_other_sources_are_noticed(printer) -> None:
    folder = build()
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    (folder / MANIFEST).write_text(json.dumps(manifest | {"fingerprint": "old"}), encoding="utf-8")
    assert "were made from other sources" in problem()


def test_a_compiler_error_is_shown_and_nothing_is_lost(printer, monkeypatch) -> None:
    folder = build()
    printer.bodies["relu"] = "return undeclared;"
    monkeypatch.setattr(compile, "fingerprint", lambda: "of changed sources")
    with pytest.raises(BuildError, match=r"compiling relu for \w+ with .*(?s:.)*undeclared"):
        build()
    assert left_over(folder) == set()
    assert problem() == ""


def test_a_linker_error_is_shown_and_nothing_is_lost(printer, monkeypatch) -> None:
    folder = build()
    printer.bodies["relu"] = "extern int nowhere(); return nowhere();"
    monkeypatch.setattr(compile, "fingerprint", lambda: "of changed sources")
    with pytest.raises(BuildError, match=r"linking the kernels for \w+ .*(?s:.)*nowhere"):
        build()
    assert left_over(folder) == set()
    assert problem() == ""


def test_a_folder_that_cannot_be(printer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BuildError, match=r"cannot be written \(Not a directory\).*ACTLAB_KERNELS"):
        build(tmp_path / "file" / "kernels")


def test_a_folder_without_permission(printer, tmp_path: Path, monkeypatch) -> None:
    folder, access = kernels_folder(), os.access
    monkeypatch.setattr("os.access", lambda path, mode: path != folder and access(path, mode))
    with pytest.raises(BuildError, match=r"kernels cannot be written \(no permission\)"):
        build()


def test_a_cache_that_cannot_be_written_is_done_without(printer, tmp_path, monkeypatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ACTLAB_CACHE", str(tmp_path / "file" / "cache"))
    build()
    assert problem() == ""


def test_the_cache_of_objects_stays_small(printer, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(objects, "KEPT", 5)
    build()
    assert len(list((tmp_path / "cache" / "objects").iterdir())) == 5


def test_a_definition_goes_into_the_cache(printer, tmp_path: Path, titles) -> None:
    noted, watch = titles
    folder = build_definition(RELU, watch=watch)
    assert folder == definition_folder(RELU)
    assert folder.parent == tmp_path / "cache" / "native"
    assert left_over(folder) == set()
    manifest = read_manifest(folder)
    assert manifest is not None
    assert manifest["definitions"] == ["relu"]
    assert manifest["namespace"] == f"actlab_{folder.name[:16]}"
    for name in SETS:
        assert loaded(folder, name) == (2, f"{manifest['namespace']}_{name}".encode())
    assert len(noted) == 3 * len(SETS)
    build_definition(RELU, watch=watch)
    assert len(noted) == 3 * len(SETS)
    build_definition(RELU, watch=watch, force=True)
    assert len(noted) == 6 * len(SETS)


def test_definitions_lie_where_their_content_says(printer, tmp_path: Path, monkeypatch) -> None:
    first = definition_folder(RELU)
    assert definition_folder(ELU) != first
    printer.bodies["relu"] = "return 3;"
    second = definition_folder(RELU)
    assert second != first
    (tmp_path / "csrc" / "listed.h").write_text("changed", encoding="utf-8")
    third = definition_folder(RELU)
    assert third not in (first, second)
    monkeypatch.setattr(compile, "instruction_sets", lambda: ("default",))
    assert definition_folder(RELU) not in (first, second, third) or SETS == ("default",)


def test_a_definition_in_the_cache_needs_no_compiler(printer, monkeypatch) -> None:
    folder = build_definition(RELU)
    monkeypatch.setenv("CXX", "nowhere++")
    assert build_definition(RELU) == folder
    with pytest.raises(BuildError, match="nowhere"):
        build_definition(ELU)


def test_builders_of_the_same_do_not_disturb_each_other(printer) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            build_definition(RELU, force=True)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    folder = definition_folder(RELU)
    assert failures == []
    assert left_over(folder) == set()
    assert loaded(folder)[0] == 2


def test_the_shipped_kernels_are_built_where_they_can_be() -> None:
    # Otherwise every test of them would be skipped, and nobody would notice.
    if trouble := toolchain.missing():
        pytest.skip(trouble)
    assert problem() == ""

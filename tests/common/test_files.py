"""Files: whole or untouched when writing, no code run when reading."""

import errno
import os
import re

import pytest
import torch

from made_course.common.files import read_tensors, write_atomically

CONTENT = {"weights": torch.arange(6.0).view(2, 3), "name": "tiny", "widths": [4, 4], "seed": None}


def save(path):
    torch.save(CONTENT, path)


@pytest.fixture
def old(tmp_path):
    """Return an existing file, the only one in its folder."""
    path = tmp_path / "old file.pt"
    path.write_bytes(b"as it was")
    return path


def assert_untouched(path):
    assert path.read_bytes() == b"as it was"
    assert list(path.parent.iterdir()) == [path]


# ---- write_atomically ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [str, lambda path: path], ids=["str", "Path"])
def test_an_old_file_is_whole_until_it_is_replaced(old, kind):
    def write(path):
        path.write_bytes(b"new")
        assert old.read_bytes() == b"as it was"
        assert path.parent == old.parent, "a move is one step only within one file system"
        assert path.suffix == old.suffix, "PIL and others choose the format by it"

    write_atomically(kind(old), write)
    assert old.read_bytes() == b"new"
    assert list(old.parent.iterdir()) == [old]


# Python's own files report a full disk by an OSError, torch.save by a RuntimeError.
@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0"),
    ],
    ids=["full disk", "full disk in torch.save"],
)
def test_an_error_while_writing_leaves_the_old_file_and_no_other(old, error):
    def write(path):
        path.write_bytes(b"half of")
        raise error

    with pytest.raises(OSError, match=rf"^could not write {re.escape(str(old))}: ") as caught:
        write_atomically(old, write)
    assert str(error) in str(caught.value)
    assert "free some space or choose a folder you may write to" in str(caught.value)
    assert "An older file is unchanged" in str(caught.value)
    assert_untouched(old)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("unknown file extension")])
def test_an_interrupt_or_a_mistake_passes_through_and_leaves_nothing(old, error):
    def write(path):
        path.write_bytes(b"half of")
        raise error

    with pytest.raises(type(error)) as caught:
        write_atomically(old, write)
    assert caught.value is error
    assert_untouched(old)


@pytest.mark.parametrize("name", ["digits", ".digits", "digits.pt"])
def test_a_file_of_tensors_needs_no_suffix(tmp_path, name):
    write_atomically(tmp_path / name, save)
    assert read_tensors(tmp_path / name)["name"] == "tiny"
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_missing_folder_is_named_and_a_folder_is_not_replaced(tmp_path):
    path = tmp_path / "nowhere" / "file.pt"
    with pytest.raises(OSError, match=rf"^could not write {re.escape(str(path))}: .*; create the"):
        write_atomically(path, save)
    with pytest.raises(OSError, match="could not write"):
        write_atomically(tmp_path, save)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")
def test_a_new_file_has_the_permissions_of_the_umask(tmp_path):
    plain, whole = tmp_path / "plain.pt", tmp_path / "whole.pt"
    before = os.umask(0o022)
    try:
        save(plain)
        write_atomically(whole, save)
    finally:
        os.umask(before)
    assert oct(whole.stat().st_mode) == oct(plain.stat().st_mode)


# ---- read_tensors -------------------------------------------------------------------------------


def test_tensors_and_plain_values_come_back(tmp_path):
    path = tmp_path / "file.pt"
    save(path)
    read = read_tensors(path)
    assert torch.equal(read.pop("weights"), CONTENT["weights"])
    assert read == {"name": "tiny", "widths": [4, 4], "seed": None}
    with pytest.raises(FileNotFoundError, match=r"missing\.pt"):
        read_tensors(tmp_path / "missing.pt")


class Trap:
    """An object whose unpickling creates a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_an_object_that_runs_code_is_refused_and_its_code_not_run(tmp_path):
    path, trace = tmp_path / "file.pt", tmp_path / "trace"
    torch.save({"weights": torch.ones(1), "trap": Trap(trace)}, path)
    with pytest.raises(ValueError, match="holds objects that could run code"):
        read_tensors(path)
    assert not trace.exists()
    torch.load(path, weights_only=False)
    assert trace.exists(), "the trap does not work, so the test proves nothing"


def test_a_file_cut_short_anywhere_is_refused_by_name(tmp_path):
    whole, cut = tmp_path / "whole.pt", tmp_path / "cut.pt"
    save(whole)
    content = whole.read_bytes()
    for length in [*range(8), *range(8, len(content), 61), len(content) - 1]:
        cut.write_bytes(content[:length])
        with pytest.raises(ValueError, match=rf"^{re.escape(str(cut))} cannot be read as tensors"):
            read_tensors(cut)


@pytest.mark.parametrize("content", [b"<!DOCTYPE html>", b"0.1\n0.2\n", b"M\x01"])
def test_a_foreign_file_is_refused_with_a_cure(tmp_path, content):
    path = tmp_path / "file.pt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"Delete it, or get it from its source again"):
        read_tensors(path)
    assert path.read_bytes() == content

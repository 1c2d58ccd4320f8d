"""Files: whole or untouched when writing, no code run when reading."""

import errno
import os
import pickle
import re

import pytest
import torch

from made_course.common.files import read_tensors, write_whole

CONTENT = {"weights": torch.arange(6.0).view(2, 3), "name": "tiny", "widths": [4, 4], "seed": None}


def save(path):
    torch.save(CONTENT, path)


@pytest.fixture
def old(tmp_path):
    """A file that is there already, alone in its folder."""
    path = tmp_path / "old.pt"
    path.write_bytes(b"as it was")
    return path


def assert_untouched(path):
    assert path.read_bytes() == b"as it was"
    assert list(path.parent.iterdir()) == [path]


# ---- write_whole --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [str, lambda path: path], ids=["str", "Path"])
def test_a_new_file_holds_what_was_written_and_nothing_lies_beside_it(tmp_path, kind):
    path = tmp_path / "a name with spaces.pt"
    write_whole(kind(path), save)
    assert list(tmp_path.iterdir()) == [path]
    assert torch.equal(torch.load(path, weights_only=True)["weights"], CONTENT["weights"])


def test_an_old_file_is_replaced(old):
    write_whole(old, lambda path: path.write_bytes(b"new"))
    assert old.read_bytes() == b"new"
    assert list(old.parent.iterdir()) == [old]


def test_the_old_file_is_whole_while_the_new_one_is_being_written(old):
    def write(path):
        path.write_bytes(b"half of")
        assert old.read_bytes() == b"as it was"
        assert path.parent == old.parent, "only within one file system is the last step one step"
        assert path.suffix == old.suffix, "PIL and others choose the format by it"

    write_whole(old, write)
    assert old.read_bytes() == b"half of"


# How a full disk shows itself: as OSError from Python's own files, as RuntimeError from torch.save.
@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        PermissionError(errno.EACCES, os.strerror(errno.EACCES)),
        RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0"),
    ],
    ids=["full disk", "no permission", "full disk in torch.save"],
)
def test_an_error_while_writing_leaves_the_old_file_and_no_other(old, error):
    def write(path):
        path.write_bytes(b"half of")
        raise error

    with pytest.raises(OSError, match=rf"^could not write {re.escape(str(old))}: ") as caught:
        write_whole(old, write)
    assert str(error) in str(caught.value)
    assert "free some space or choose a folder you may write to" in str(caught.value)
    assert "What was there before is unchanged" in str(caught.value)
    assert caught.value.__cause__ is error
    assert_untouched(old)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("unknown file extension")])
def test_an_interrupt_or_a_mistake_passes_through_and_leaves_nothing(old, error):
    def write(path):
        path.write_bytes(b"half of")
        raise error

    with pytest.raises(type(error)) as caught:
        write_whole(old, write)
    assert caught.value is error
    assert_untouched(old)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "nowhere" / "file.pt"
    with pytest.raises(OSError, match=rf"^could not write {re.escape(str(path))}: .*; create the"):
        write_whole(path, save)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_place_of_the_file_stays(tmp_path):
    folder = tmp_path / "folder.pt"
    folder.mkdir()
    with pytest.raises(OSError, match="could not write"):
        write_whole(folder, save)
    assert list(tmp_path.iterdir()) == [folder]
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")
def test_a_new_file_may_be_read_by_whoever_the_umask_says(tmp_path):
    plain, whole = tmp_path / "plain.pt", tmp_path / "whole.pt"
    before = os.umask(0o022)
    try:
        save(plain)
        write_whole(whole, save)
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


class Trap:
    """Unpickling it creates a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("with_torch", [True, False], ids=["torch.save", "pickle"])
def test_an_object_that_runs_code_is_refused_and_its_code_not_run(tmp_path, with_torch):
    path, trace = tmp_path / "file.pt", tmp_path / "trace"
    if with_torch:
        torch.save({"weights": torch.ones(1), "trap": Trap(trace)}, path)
    else:
        path.write_bytes(pickle.dumps(Trap(trace), protocol=2))
    before = path.read_bytes()
    with pytest.raises(ValueError, match="holds objects that could run code, which are refused"):
        read_tensors(path)
    assert not trace.exists()
    assert path.read_bytes() == before
    _ = torch.load(path, weights_only=False) if with_torch else pickle.loads(before)
    assert trace.exists(), "the trap is none, so the test proves nothing"


def test_a_file_cut_short_anywhere_is_refused_by_name(tmp_path):
    whole, cut = tmp_path / "whole.pt", tmp_path / "cut.pt"
    save(whole)
    content = whole.read_bytes()
    for length in [*range(8), *range(8, len(content), 61), len(content) - 1]:
        cut.write_bytes(content[:length])
        with pytest.raises(ValueError, match=rf"^{re.escape(str(cut))} cannot be read as tensors"):
            read_tensors(cut)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!DOCTYPE html><html><body>Please log in.</body></html>",
        b"\x89PNG\r\n\x1a\n",
        b"0.1\n0.2\n",
        b"a",
        b"M\x01",
    ],
    ids=["empty", "web page", "picture", "text", "one byte", "half a pickle"],
)
def test_a_foreign_file_is_refused_by_name(tmp_path, content):
    path = tmp_path / "file.pt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"Delete it, or get it from its source again"):
        read_tensors(path)
    assert path.read_bytes() == content


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"missing\.pt"):
        read_tensors(tmp_path / "missing.pt")

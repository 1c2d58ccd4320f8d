"""Tables: what is read and into which parts it goes, and which cell an error names."""

import csv
import gzip
import hashlib
import io
import itertools
import math
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from made_course import tables
from made_course.tables import example_table, load_table


def numbered(n: int) -> np.ndarray:
    """A table in which no two rows are equal: row i is i in binary, the last column its parity."""
    digits = max(1, (n - 1).bit_length())
    bits = np.arange(n)[:, None] >> np.arange(digits) & 1
    return np.hstack([bits, bits.sum(1, keepdims=True) % 2]).astype(bool)


def numbers(part: torch.Tensor) -> list[int]:
    """Which rows of ``numbered`` these are."""
    bits = part[:, :-1].long()
    return (bits << torch.arange(bits.shape[1])).sum(dim=1).tolist()


def contents(table) -> list[bytes]:
    return sorted(row.numpy().tobytes() for row in torch.cat(list(table)))


def expected_contents(array: np.ndarray) -> list[bytes]:
    return sorted(row.tobytes() for row in array.astype(np.float32))


def write(folder: Path, text: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def csv_text(array: np.ndarray, delimiter: str = ",", header: list[str] | None = None) -> str:
    lines = io.StringIO()
    writer = csv.writer(lines, delimiter=delimiter, lineterminator="\n")
    writer.writerows(([header] if header else []) + array.astype(int).tolist())
    return lines.getvalue()


arrays = st.integers(4, 30).flatmap(
    lambda n: st.integers(1, 6).flatmap(
        lambda d: st.lists(
            st.lists(st.booleans(), min_size=d, max_size=d), min_size=n, max_size=n
        ).map(np.array)
    )
)
words = st.text(st.characters(categories=["L", "Zs", "P"]), min_size=1, max_size=8).filter(
    lambda word: tables._code_of_text(word) == 2 and tables._number(word) is None
)


@given(arrays, st.sampled_from([",", ";", "\t", " "]), st.integers(0, 5))
def test_rows_come_back_from_csv_as_they_were(array, delimiter, seed):
    with tempfile.TemporaryDirectory() as folder:
        table = load_table(write(Path(folder), csv_text(array, delimiter)), seed=seed)
    assert contents(table) == expected_contents(array)
    assert table.columns[0] == "x₁"
    assert len(table.columns) == array.shape[1]
    for part, same in zip(table, load_table(array, seed=seed), strict=True):
        assert part.dtype == torch.float32
        assert torch.equal(part, same)


@given(arrays, st.data())
def test_names_come_back_from_the_header(array, draw):
    d = array.shape[1]
    names = draw.draw(
        st.lists(words, min_size=d, max_size=d, unique_by=lambda word: " ".join(word.split()))
    )
    with tempfile.TemporaryDirectory() as folder:
        table = load_table(write(Path(folder), csv_text(array, header=names)))
    plain = [" ".join(name.split()) for name in names]
    assert table.columns == [name or f"Unnamed: {i}" for i, name in enumerate(plain)]
    assert contents(table) == expected_contents(array)


SPELLINGS = [("0", "1"), ("0.0", "1.0"), ("False", "True"), ("false", "TRUE"), (" 0", "1 ")]
SPELLINGS += [
    ('"0"', '"1"'),
    ("0.000000000000000000e+00", "1.000000000000000000e+00"),
    ("-0", "+1"),
]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("header", ["", "a,b,c,d,e\n"])
def test_every_spelling_of_0_and_1(spelling, header, tmp_path):
    array = numbered(16)
    text = "".join(",".join(spelling[cell] for cell in row) + "\n" for row in array.tolist())
    table = load_table(write(tmp_path, header + text))
    assert contents(table) == expected_contents(array)
    assert table.columns == (list("abcde") if header else ["x₁", "x₂", "x₃", "x₄", "x₅"])


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("\ufefflegs,milk,eggs", ["legs", "milk", "eggs"]),
        ('"legs","has ""milk""","eggs, hard"', ["legs", 'has "milk"', "eggs, hard"]),
        ("legs;front,milk, eggs ", ["legs;front", "milk", "eggs"]),
        ("# legs,milk,eggs", ["legs", "milk", "eggs"]),  # of np.savetxt
        ("2010,milk,eggs", ["2010", "milk", "eggs"]),
        (",milk,eggs", ["Unnamed: 0", "milk", "eggs"]),
        ("1,2,3", ["1", "2", "3"]),
        ("\n\nlegs,milk,eggs\n", ["legs", "milk", "eggs"]),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_headers(line, columns, end, tmp_path):
    array = numbered(4)
    text = (line + "\n" + csv_text(array)).replace("\n", end)
    table = load_table(write(tmp_path, text))
    assert table.columns == columns
    assert contents(table) == expected_contents(array)


def test_a_counted_header_is_none_where_it_might_be_a_row(tmp_path):
    rows_of_5 = csv_text(np.ones((8, 5)))
    assert load_table(write(tmp_path, "0,1,2,3,4\n" + rows_of_5)).columns == list("01234")
    assert load_table(write(tmp_path, ",0,1,2,3\n" + rows_of_5)).columns[1:] == list("0123")
    two = load_table(write(tmp_path, "0,1\n" + csv_text(np.ones((8, 2)))))
    assert sum(map(len, two)) == 9


def test_the_delimiter_is_what_separates_both_of_the_first_lines(tmp_path):
    array = numbered(4)
    for delimiter in (";", "\t"):
        header = f"a, b{delimiter}c d{delimiter}e\n"
        table = load_table(write(tmp_path, header + csv_text(array, delimiter)))
        assert table.columns == ["a, b", "c d", "e"]
    assert load_table(write(tmp_path, "wet grass\n" + "1\n0\n" * 5)).columns == ["wet grass"]
    padded = csv_text(array, " ").replace(" ", "   ").replace("\n", "  \n")
    assert contents(load_table(write(tmp_path, padded))) == expected_contents(array)
    decimal_commas = "a,b\tc\td\n" + csv_text(array, "\t").replace("\t", ",0\t")
    with pytest.raises(ValueError, match=r"row 1 .*, column 'a,b' holds '0,0'"):
        load_table(write(tmp_path, decimal_commas))


@pytest.mark.parametrize(
    "convert",
    [
        *(lambda x, d=d: x.astype(d) for d in ("bool", "int8", "uint8", "int64", "f2", "f4", "f8")),
        lambda x: x.astype(object),
        lambda x: np.array([list(row) for row in x], dtype=object),  # of NumPy's own bool
        lambda x: np.asfortranarray(x)[::1],
        lambda x: np.ma.masked_array(x),
        *(
            lambda x, d=d: torch.tensor(x).to(d)
            for d in (torch.bool, torch.uint8, torch.int64, torch.bfloat16, torch.float16)
        ),
        lambda x: torch.tensor(x).double().requires_grad_(),
    ],
)
def test_arrays_and_tensors_of_every_kind(convert):
    array = numbered(16)
    table = load_table(convert(array))
    assert contents(table) == expected_contents(array)
    assert all(part.dtype == torch.float32 and not part.requires_grad for part in table)


@pytest.mark.parametrize("source", [np.ones((8, 2), np.float32), torch.ones(8, 2)])
def test_what_is_loaded_is_a_copy(source):
    for part in load_table(source):
        part.zero_()
    assert source.all()


@given(st.integers(4, 300), st.integers(0, 2**64))
def test_each_row_goes_into_one_part(n, seed):
    parts = [numbers(part) for part in load_table(numbered(n), seed=seed)]
    assert sorted(itertools.chain(*parts)) == list(range(n))
    assert [len(part) for part in parts[1:]] == [round(0.15 * n)] * 2


def test_the_split_is_the_same_in_every_release_of_numpy():
    parts = [numbers(part) for part in load_table(numbered(10), seed=0)]
    assert parts == [[6, 1, 0, 5, 3, 8], [7, 9], [2, 4]]


def test_the_split_follows_its_seed_alone():
    array = numbered(200)
    before = torch.get_rng_state()
    splits = [load_table(array, seed=seed) for seed in (0, 0, 1)]
    assert torch.equal(torch.get_rng_state(), before)
    first, again, other = ([set(numbers(part)) for part in split] for split in splits)
    assert first == again
    assert all(a != b for a, b in zip(first, other, strict=True))


def test_split_says_how_many_rows_go_where():
    sizes = [len(part) for part in load_table(numbered(50), split=(0.5, 0.3, 0.2))]
    assert sizes == [25, 15, 10]
    assert [len(part) for part in load_table(numbered(50), split=np.array([0.8, 0.1, 0.1]))] == [
        *(40, 5, 5)
    ]


def test_the_example_table_is_the_435_members_of_the_source():
    """Counts as the source states them; see votes_LICENSE.txt for what was changed."""
    kept = example_table().with_name("votes_kept.csv")
    tables = [load_table(path) for path in (example_table(), kept)]
    assert tables[0].columns == tables[1].columns
    assert [len(torch.cat([*table])) for table in tables] == [335, 100]
    rows = torch.cat([part for table in tables for part in table])
    party, yea, nay = rows[:, 0], rows[:, 1::2], rows[:, 2::2]
    assert int(party.sum()) == 168  # Republicans; the other 267 are Democrats
    assert (int(yea.sum()), int(nay.sum())) == (3421, 3147)
    assert int((yea + nay == 0).sum()) == 392
    assert not bool((yea * nay).any())


def test_example_tables_are_those_that_were_shipped():
    lines = example_table().with_name("SHA256SUMS").read_text().splitlines()
    checksums = {name: digest for digest, name in map(str.split, lines)}
    for name in ("votes.csv", "votes_kept.csv"):
        content = example_table().with_name(name).read_bytes().replace(b"\r\n", b"\n")
        assert hashlib.sha256(content).hexdigest() == checksums[name]


def test_a_table_says_what_it_holds():
    table = load_table(numbered(2000))
    assert torch.equal(table.train, next(iter(table)))
    assert repr(table) == (
        "Table(1,400 train, 300 valid, 300 test rows; "
        "columns x₁, x₂, x₃, x₄, x₅, x₆, x₇, x₈, x₉, x₁₀, x₁₁ and x₁₂)"
    )


@pytest.mark.parametrize(
    "keys", [["train", "valid", "test"], ["train_data", "val_data", "test_data"]]
)
def test_an_npz_file_keeps_its_own_parts(keys, tmp_path):
    parts = np.split(numbered(16), [9, 12])
    others = {"inputsize": 5, "train_labels": np.arange(9), "train_length": 9}
    named = dict(zip(keys, parts, strict=True))
    np.savez(tmp_path / "t.npz", **others, **{key: named[key] for key in reversed(keys)})
    for found, part in zip(load_table(tmp_path / "t.npz", seed=5), parts, strict=True):
        assert found.dtype == torch.float32
        assert np.array_equal(found.numpy(), part)


@pytest.mark.parametrize("name", ["t.npz", "t.npy", "t.table"])
def test_one_array_in_a_file_is_split(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    array = numbered(16)
    with open(name, "wb") as file:
        np.save(file, array) if name == "t.npy" else np.savez_compressed(file, anything=array)
    for found, same in zip(load_table(name, seed=3), load_table(array, seed=3), strict=True):
        assert torch.equal(found, same)


# Frames: a stand-in has as much of a pandas frame as is looked at, where pandas is not installed


class StandIn:
    def __init__(self, columns: dict):
        self.columns = list(columns)
        self._values = [np.asarray(values) for values in columns.values()]
        self.iloc = self

    def __len__(self):
        return len(self._values[0])

    def __getitem__(self, place):
        row, column = place
        return self._values[column][row]


def pandas_frame(columns: dict):
    return pytest.importorskip("pandas", reason="pandas is not installed").DataFrame(columns)


frames = pytest.mark.parametrize("frame_of", [StandIn, pandas_frame])


@frames
def test_frames(frame_of):
    array = numbered(16)
    names = ["legs", "milk", "eggs", 4, ""]
    dtypes = (bool, np.int64, np.float32, object, np.uint8)
    columns = [column.astype(dtype) for column, dtype in zip(array.T, dtypes, strict=True)]
    frame = frame_of(dict(zip(names, columns, strict=True)))
    table = load_table(frame, seed=2)
    assert table.columns == ["legs", "milk", "eggs", "4", ""]
    for found, same in zip(table, load_table(array, seed=2), strict=True):
        assert torch.equal(found, same)


BAD_CELLS = [
    ("yes", "the text 'yes', but"),
    ("1", "the text '1', but"),
    (None, "None, a missing value, but"),
    (float("nan"), "nan, a missing value, but"),
    ("", "the text '', a missing value, but"),
    (2, "2, but"),
    (1j, "1j, but"),
    ([1], "[1], but"),
]


@frames
def test_a_bad_cell_of_a_frame(frame_of):
    for bad, shown in BAD_CELLS:
        columns = {name: np.array([0, 1, 1, 0, 1], object) for name in ("legs", "milk", "eggs")}
        columns["milk"][3] = bad
        with pytest.raises(ValueError, match=r"^the frame: row 3 \(frame.iloc\[3\]\), column") as e:
            load_table(frame_of(columns))
        said = f"column 'milk' holds {shown} every cell of a binary table is 0 or 1"
        assert said in str(e.value)
        assert str(e.value).endswith("load_table(frame.drop(columns=['milk']))")
        assert ("Fill in what is missing" in str(e.value)) == ("missing value" in shown)


def test_a_frame_with_missing_values_of_pandas_own():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    for dtype in ("Int64", "boolean"):
        frame = pandas.DataFrame(numbered(8), columns=list("abcd")).astype(dtype)
        assert contents(load_table(frame)) == expected_contents(numbered(8))
        frame.loc[5, "c"] = pandas.NA
        with pytest.raises(ValueError, match=r"row 5 .*, column 'c' holds <NA>, a missing value"):
            load_table(frame)


def test_a_frame_whose_columns_share_a_name():
    frame = StandIn({"a": [0, 1], "b": [0, 1], "c": [0, 1]})
    frame.columns = ["a", "b", "a"]
    with pytest.raises(ValueError, match=r"^the frame has more than one column named a: rename"):
        load_table(frame)


def test_tables_do_without_pandas(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pandas", None)  # an import of it would fail
    array = numbered(8)
    frame = StandIn({f"c{i}": column for i, column in enumerate(array.T)})
    for source in (array, torch.tensor(array), frame, write(tmp_path, csv_text(array))):
        assert contents(load_table(source)) == expected_contents(array)


# Tables: the first bad cell


@given(arrays, st.sampled_from(["2", "-1", "0.5", "nan", "", "yes", "1 0"]), st.data())
def test_the_first_bad_cell_of_a_csv_file_is_named(array, bad, draw):
    n, d = array.shape
    cells = draw.draw(
        st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, d - 1)), min_size=1, max_size=3)
    )
    blank = draw.draw(st.integers(0, n - 1))
    text = [["0" if cell else "1" for cell in row] for row in array.tolist()]
    for number, (i, j) in enumerate(sorted(cells)):
        text[i][j] = bad if number == 0 else "3"
    row, column = min(cells)
    names = [f"v{j}" for j in range(d)]
    lines = [
        names,
        *text[:blank],
        [],
        *text[blank:],
    ]  # an empty line counts as a line, not as a row
    content = "\n".join(",".join(map('"{}"'.format, line)) for line in lines)
    line = row + 2 + (row >= blank)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), content)
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            load_table(path)
    place = (
        f"{path}: row {row + 1} (line {line} of the file), column {names[column]!r} holds {bad!r}"
    )
    assert str(caught.value).startswith(place)
    count = f" Such cells: {len(cells)}, in {len({j for _, j in cells})} of {d} columns ("
    assert (count in str(caught.value)) == (len(cells) > 1)


@given(arrays, st.sampled_from([2, -1, 0.5, math.nan, math.inf, 1e-9, 1 + 1e-9]), st.data())
def test_the_first_bad_cell_of_an_array_is_named(array, bad, draw):
    n, d = array.shape
    cells = draw.draw(
        st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, d - 1)), min_size=1, max_size=3)
    )
    array = array.astype(float)
    for cell in cells:
        array[cell] = 3
    row, column = min(cells)
    array[row, column] = bad
    for source, name in ((array, "array"), (torch.tensor(array), "tensor")):
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            load_table(source)
        place = f"the {name}: row {row}, column {column} (both counted from 0) holds {bad!r}"
        assert str(caught.value).startswith(place)


def fails(path, kind=ValueError) -> str:
    """The message of the error, which begins with the file's name, without that name."""
    with pytest.raises(kind) as caught:
        load_table(path)
    assert type(caught.value) is kind
    assert str(caught.value).startswith(f"{path}")
    return str(caught.value).removeprefix(f"{path}")


def test_columns_that_are_not_binary_are_all_named_with_how_to_leave_them_out(tmp_path):
    zoo = "animal;hair;legs;type\naardvark;1;4;1\nbass;0;0;4\nbear;1;4;1\n"
    path = write(tmp_path, zoo)
    assert fails(path) == (
        ": row 1 (line 2 of the file), column 'animal' holds 'aardvark', but every cell of a "
        "binary table is 0 or 1 (or False or True). Such cells: 6, in 3 of 4 columns ('animal', "
        "'legs' and 'type'). Correct or binarise it, or leave out what is no binary variable: "
        f"load_table(pandas.read_csv({str(path)!r}, sep=';')"
        ".drop(columns=['animal', 'legs', 'type']))"
    )
    write(tmp_path, zoo.split("\n", 1)[1])
    assert fails(path) == (
        ": row 1 (line 1 of the file, which is no header), column 1 holds 'aardvark', but every "
        "cell of a binary table is 0 or 1 (or False or True). Such cells: 6, in 3 of 4 columns (1, "
        "3 and 4). Correct or binarise it, or leave out what is no binary variable: "
        f"load_table(pandas.read_csv({str(path)!r}, sep=';', header=None).drop(columns=[0, 2, 3]))"
    )


def test_an_array_says_how_to_leave_columns_out():
    array = np.array([[0, 5, 1, 7], [1, 6, 0, 8]])
    with pytest.raises(ValueError, match=r"load_table\(np.delete\(array, \[1, 3\], axis=1\)\)$"):
        load_table(array)


def test_where_no_column_is_binary_none_is_to_be_left_out():
    for array in (np.full((5, 3), 0.5), np.hstack([np.zeros((5, 20)), np.full((5, 20), 0.5)])):
        with pytest.raises(ValueError, match=r"or leave out what is no binary variable$"):
            load_table(array)


def test_what_the_error_advises_works(tmp_path, monkeypatch):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    monkeypatch.chdir(tmp_path)
    for header in (["animal", "", "eggs"], None):
        lines = [header] if header else []
        lines += [[f"animal {i}", i, i % 2] for i in range(20)]
        path = write(tmp_path, "\n".join(",".join(map(str, line)) for line in lines))
        advice = fails(path).split("no binary variable: ")[1]
        table = eval(advice, {"pandas": pandas, "load_table": load_table})
        assert sum(map(len, table)) == 20
        assert table.columns == (["eggs"] if header else ["2"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a,b,c\n1,0,1\n\n0,1\n",
            ": row 2 (line 4 of the file) has 2 cells, but the header has 3:",
        ),
        ("1,0,1\n1,0,1,\n", ": row 2 (line 2 of the file) has 4 cells, but the first row has 3:"),
        ("", " is empty: a table has a row for each observation"),
        ("\n\n", " is empty: a table has a row for each observation"),
        ("a,b\n", " has 0 rows and 2 columns: it needs at least one of each"),
        ("a,b,a\n1,0,1\n", ", line 1 has more than one column named a: rename them"),
        ("0,1,2\n1,0,1\n", ": row 1 (line 1 of the file, which is no header), column 3 holds '2'"),
        ("1,,1\n1,0,1\n", ": row 1 (line 1 of the file, which is no header), column 2 holds ''"),
        ("2,2\n1,0\n", ": row 1 (line 1 of the file, which is no header), column 1 holds '2'"),
        ("a\n1\n" + '""\n', ": row 2 (line 3 of the file), column 'a' holds '', a missing value"),
        ("a,b\n1,?\n", ": row 1 (line 2 of the file), column 'b' holds '?', a missing value"),
        ("a,b\n1,0\n" + '1,"0\n' + "1,0\n" * 50_000, ": row 2 cannot be read (field larger"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", " cannot be read as a table ('utf-8' codec"),
        ("a,b\n1,0\n".encode("utf-16"), " cannot be read as a table ('utf-8' codec"),
        (gzip.compress(b"1,0\n", mtime=0), " cannot be read as a table ('utf-8' codec"),
        (b"PK\x03\x04 nonsense", " cannot be read as arrays of numbers: it is damaged"),
    ],
)
def test_a_csv_file_that_is_none_or_not_whole(text, message, tmp_path):
    assert fails(write(tmp_path, text)).startswith(message)


def npz(folder: Path, **named) -> Path:
    np.savez(folder / "t.npz", **named)
    return folder / "t.npz"


def test_npz_files_that_are_not_as_expected(tmp_path):
    x = numbered(8)
    names = ": name the parts of a table train, valid and test, or save one array alone."
    assert fails(npz(tmp_path, train=x, test=x)).startswith(f" holds train and test{names}")
    assert fails(npz(tmp_path, a=x, b=x, c=x)).startswith(f" holds a, b and c{names}")
    assert fails(npz(tmp_path)).startswith(f" holds nothing{names}")
    assert fails(npz(tmp_path, train=x, valid=x[:, :3], test=x)).startswith(
        f", array 'valid' has 3 columns, but {tmp_path / 't.npz'}, array 'train' has 4: the parts"
    )
    assert fails(npz(tmp_path, train=x, valid=x[:0], test=x)).startswith(
        ", array 'valid' has 0 rows and 4 columns"
    )
    assert fails(npz(tmp_path, train=x, valid=x, test=x * 2)).startswith(
        ", array 'test': row 1, column 0 (both counted from 0) holds 2, but"
    )


def test_files_of_numpy_that_hold_objects_or_are_damaged(tmp_path):
    refused = (
        " cannot be read as arrays of numbers: it is damaged, of another kind, or holds Python"
    )
    objects = np.array([[1, None]], dtype=object)
    assert fails(npz(tmp_path, table=objects)).startswith(refused)
    np.save(tmp_path / "t.npy", objects)
    assert fails(tmp_path / "t.npy").startswith(refused)
    whole = npz(tmp_path, table=numbered(8)).read_bytes()
    for content in (b"", b"hello", whole[:-30], whole[:100]):
        assert fails(write(tmp_path, content, "t.npz")).startswith(refused)


def test_files_that_are_no_tables(tmp_path, monkeypatch):
    assert fails(tmp_path, IsADirectoryError).startswith(" is a folder: give the path of one file")
    assert fails(write(tmp_path, "PK", "t.XLSX")).startswith(" is a workbook of sheets: save the")
    with pytest.raises(FileNotFoundError, match=r"^there is no file .*none.csv: a path that") as e:
        load_table(tmp_path / "none.csv")
    assert str(Path.cwd()) in str(e.value)


def test_a_path_may_begin_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write(tmp_path, csv_text(numbered(8)))
    assert contents(load_table("~/table.csv")) == expected_contents(numbered(8))


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        (
            [[0, 1]],
            TypeError,
            "source must be the path of .* or a pandas frame, got list: lists of",
        ),
        (None, TypeError, "source must be .*, got NoneType"),
        (np.ones((2, 2), complex), TypeError, r"the array holds complex numbers \(complex128\)"),
        (torch.ones(2, 2) * 1j, TypeError, r"the tensor holds complex numbers \(complex64\)"),
        (np.ones(5), ValueError, r"the array must have shape \(N, D\), .*, got \(5,\): a single"),
        (torch.ones(5, 2, 2), ValueError, r"the tensor must have .*, got \(5, 2, 2\): images are"),
        (np.ones(()), ValueError, r"the array must have shape \(N, D\), .*, got \(\)$"),
        (np.ones((0, 3)), ValueError, "the array has 0 rows and 3 columns: it needs at least one"),
        (np.ones((3, 0)), ValueError, "the array has 3 rows and 0 columns: it needs at least one"),
        (
            np.array([["0", "1"], ["1", "1"]]),
            ValueError,
            r"the array: row 0, column 0 \(both counted from 0\) holds the text '0', but",
        ),
        (
            np.ma.masked_array([[0, 1], [1, 1]], [[0, 0], [1, 0]]),
            ValueError,
            r"the array: row 1, column 0 \(both counted from 0\) holds None, a missing value",
        ),
        (
            np.ones((3, 2)),
            ValueError,
            r"3 rows are too few for a split of \(0.7, 0.15, 0.15\): .* parts of 3, 0 and 0 rows",
        ),
    ],
)
def test_sources_that_are_no_binary_table(source, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        load_table(source)


@pytest.mark.parametrize(
    ("split", "kind", "message"),
    [
        ((0.7, 0.3), TypeError, r"split must be three fractions, as \(0.70, 0.15, 0.15\), got"),
        (0.7, TypeError, "split must be three fractions, .*, got 0.7"),
        ("701", TypeError, "split must be three fractions, .*, got '701'"),
        ((0.7, 0.2, 0.2), ValueError, r"split must sum to 1, got .*: its sum is 1.1"),
        ((70, 15, 15), ValueError, r"split must sum to 1, got .*: its sum is 100"),
        ((0.9, 0.1, 0), ValueError, "each of split must be finite and above 0, got 0"),
        ((0.9, 0.1, None), TypeError, "each of split must be a number, got None"),
        ((0.98, 0.01, 0.01), ValueError, "20 rows are too few for a split of .* of 20, 0 and 0"),
        ((0.02, 0.49, 0.49), ValueError, "20 rows are too few for a split of .* of 0, 10 and 10"),
    ],
)
def test_bad_split(split, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        load_table(numbered(20), split=split)


@pytest.mark.parametrize(("seed", "kind"), [(-1, ValueError), (None, TypeError), (0.5, TypeError)])
def test_bad_seed_of_a_split(seed, kind):
    with pytest.raises(kind, match=r"^seed must be"):
        load_table(numbered(20), seed=seed)

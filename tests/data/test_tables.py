"""Tables: what is read, what each column is taken for, and into which parts the rows go."""

import gzip
import hashlib
import itertools
import math
import tempfile
from pathlib import Path

import numpy as np
import pandas
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from made_course import Bernoulli, Categorical
from made_course.data.tables import example_table, load_table
from made_course.model.heads_of_numbers import Reals, Whole


def numbered(n: int) -> np.ndarray:
    """A table in which no two rows are equal: row i is i in binary, the last column its parity."""
    digits = max(1, (n - 1).bit_length())
    bits = np.arange(n)[:, None] >> np.arange(digits) & 1
    return np.hstack([bits, bits.sum(1, keepdims=True) % 2]).astype(bool)


def numbers(part: torch.Tensor) -> list[int]:
    """Which rows of ``numbered`` these are."""
    bits = part[:, :-1].long()
    return (bits << torch.arange(bits.shape[1])).sum(dim=1).tolist()


def write(folder: Path, content: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def lines(array: np.ndarray, separator: str = ",") -> str:
    return "".join(separator.join(map(str, row)) + "\n" for row in array.tolist())


def people(n: int = 60) -> pandas.DataFrame:
    """Every kind of column."""
    i = np.arange(n)
    return pandas.DataFrame(
        {
            "member": i % 3 == 0,
            "size": np.array(["L", "M", "S"])[i % 3],
            "cars": i % 4,
            "income": np.exp(np.sin(i)).round(3),
            "age": 20 + i * 7 % 53,
        }
    )


# ---- what comes back -----------------------------------------------------------------------------

columns_of_kinds = {
    "bool": lambda draw, n: draw.integers(0, 2, n).astype(bool),
    "text": lambda draw, n: draw.choice(["a b", "c.d", 'e"f', "ü"], n),
    "count": lambda draw, n: draw.integers(0, 4, n),
    "whole": lambda draw, n: draw.integers(-(10**6), 10**6, n),
    "real": lambda draw, n: draw.normal(1000, 10, n).round(2),
}


@settings(max_examples=30)
@given(
    st.lists(st.sampled_from([*columns_of_kinds]), min_size=2, max_size=5),
    st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", ","), (" ", ".")]),
    st.booleans(),
    st.integers(0, 99),
)
def test_values_come_back_from_a_file_as_they_were(kinds, marks, has_header, seed):
    draw = np.random.default_rng(seed)
    frame = pandas.DataFrame(
        {f"{i} {kind}": columns_of_kinds[kind](draw, 60) for i, kind in enumerate(kinds)}
    )
    separator, decimal = marks
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv.gz"
        frame.to_csv(path, sep=separator, decimal=decimal, index=False, header=has_header)
        table = load_table(path)
    if has_header:
        assert table.names == [*frame.columns]
    back = table.inverse(table.rows).set_axis(frame.columns, axis=1)
    assert table.rows.dtype == torch.float32
    assert torch.equal(load_table(frame).rows, table.rows)
    for name in frame:
        if name.endswith("real"):
            assert back[name].to_numpy() == pytest.approx(frame[name].to_numpy(), abs=1e-3)
        else:
            assert (back[name] == frame[name]).all()


SPELLINGS = [("0", "1"), ("0.0", "1.0"), ("False", "True"), ("false", "TRUE"), (" 0", "1 ")]
SPELLINGS += [
    ('"0"', '"1"'),
    ("0.000000000000000000e+00", "1.000000000000000000e+00"),
    ("no", "yes"),
]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("header", ["", "a,b,c,d,e\n"])
def test_every_spelling_of_0_and_1(spelling, header, tmp_path):
    array = numbered(16)
    text = "".join(",".join(spelling[cell] for cell in row) + "\n" for row in array.tolist())
    table = load_table(write(tmp_path, header + text))
    assert np.array_equal(table.rows.numpy(), array)
    assert table.names == (list("abcde") if header else ["x₁", "x₂", "x₃", "x₄", "x₅"])
    assert isinstance(table.head, Bernoulli)


@pytest.mark.parametrize(
    "convert",
    [
        *(lambda x, d=d: x.astype(d) for d in ("bool", "uint8", "int64", "f2", "f8", "object")),
        lambda x: np.ma.masked_array(x),
        *(lambda x, d=d: torch.tensor(x).to(d) for d in (torch.bool, torch.uint8, torch.float16)),
        lambda x: torch.tensor(x).double().requires_grad_(),
    ],
)
def test_arrays_and_tensors_of_every_kind(convert):
    array = numbered(16)
    table = load_table(convert(array))
    assert np.array_equal(table.rows.numpy(), array)
    assert not table.rows.requires_grad


@pytest.mark.parametrize("source", [np.ones((8, 2), np.float32), torch.ones(8, 2)])
def test_what_is_loaded_is_a_copy(source):
    load_table(source).rows.zero_()
    assert source.all()


def test_frames_of_pandas_and_polars():
    frame = people()
    frame["n"] = pandas.array([1, None, 3] * 20, dtype="Int64")
    frame["kind"] = pandas.Categorical(["low", "high"] * 30, ["low", "high"])
    table = load_table(frame, missing="keep")
    assert table.columns[-1].values == ("low", "high")
    assert int(table.rows.isnan().sum()) == 20
    assert table.inverse(table.rows)["n"].isna().tolist() == [False, True, False] * 20
    polars = pytest.importorskip("polars", reason="polars is not installed")
    cells = {name: [None if x is pandas.NA else x for x in frame[name]] for name in frame}
    same = load_table(polars.DataFrame(cells), like=table, missing="keep")
    assert torch.equal(same.rows.nan_to_num(-9), table.rows.nan_to_num(-9))
    columns = load_table(polars.DataFrame(cells), missing="keep").columns
    assert repr(columns[:-1]) == repr(table.columns[:-1])


# ---- headers and separators ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("\ufefflegs,milk,eggs", ["legs", "milk", "eggs"]),
        ('"legs","has ""milk""","eggs, hard"', ["legs", 'has "milk"', "eggs, hard"]),
        ("legs;front,milk, eggs ", ["legs;front", "milk", "eggs"]),
        ("# legs,milk,eggs", ["legs", "milk", "eggs"]),  # of np.savetxt
        ("2010,milk,eggs", ["2010", "milk", "eggs"]),
        (",milk,eggs", ["Unnamed: 0", "milk", "eggs"]),
        ("0,1,2", ["0", "1", "2"]),
        ("1,2,3", ["1", "2", "3"]),
        ("\n\nlegs,milk,eggs\n", ["legs", "milk", "eggs"]),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_headers(line, names, end, tmp_path):
    text = (line + "\n" + lines(numbered(4).astype(int))).replace("\n", end)
    table = load_table(write(tmp_path, text))
    assert table.names == names
    assert np.array_equal(table.rows.numpy(), numbered(4))


def test_two_counted_columns_are_names_above_real_numbers(tmp_path):
    table = load_table(write(tmp_path, "0,1\n" + "0.5,1.2\n1.5,0.2\n" * 9), split=None)
    assert (table.names, len(table.rows)) == (["0", "1"], 18)


@pytest.mark.parametrize(
    "rows",
    [
        [["p", "x", "p"], ["e", "x", "s"], ["p", "y", "t"], ["e", "y", "t"]],  # one word twice
        [[3.13], [4.5], [5.25], [6.5]],
        [[5.1, 3.5, "setosa"], [4.9, 3.0, "setosa"], [7.0, 3.2, "other"], [6.4, 3.2, "other"]],
        [["0,5", "1,5"], ["0,7", "1,7"], ["0,8", "1,1"], ["0,9", "1,2"]],
        [[0, 1], [1, 1], [1, 0], [0, 0]],
        [["?", "yes"], ["a", "no"], ["b", "no"], ["a", "yes"]],
    ],
)
def test_a_first_row_is_not_taken_for_names(rows, tmp_path):
    text = "".join(";".join(map(str, row)) + "\n" for row in rows)
    table = load_table(write(tmp_path, text), split=None, missing="keep")
    assert len(table.rows) == len(rows)
    assert table.names[0] == "x₁"


def test_the_separator_is_what_stands_in_both_of_the_first_lines(tmp_path):
    array = numbered(4).astype(int)
    for separator in (";", "\t"):
        header = f"a, b{separator}c d{separator}e\n"
        table = load_table(write(tmp_path, header + lines(array, separator)))
        assert table.names == ["a, b", "c d", "e"]
    assert load_table(write(tmp_path, "wet grass\n" + "1\n0\n" * 5)).names == ["wet grass"]
    padded = lines(array, " ").replace(" ", "   ").replace("\n", "  \n")
    assert np.array_equal(load_table(write(tmp_path, padded)).rows.numpy(), array)


# ---- what a column is taken for ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([0, 1] * 10, "yes/no (0 and 1)"),
        ([0] * 20, "yes/no (0 and 1)"),
        ([True] * 20, "yes/no (False and True)"),
        (["b", "a"] * 10, "yes/no (a and b)"),
        ([1, 2] * 10, "yes/no (1 and 2)"),
        ([0.05, -0.04] * 10, "yes/no (-0.04 and 0.05)"),
        ([3, 1, None, 2] * 10, "3 classes (1, 2 and 3)"),
        ([0.5, 1, 1.5] * 10, "3 classes (0.5, 1 and 1.5)"),
        (["red ", "green", "", "blue", "?", "nan"] * 10, "3 classes (blue, green and red)"),
        (["1", "2", "?", "3"] * 10, "3 classes (1, 2 and 3)"),
        ([*range(20)] * 5, "20 classes (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 9 more)"),
        ([*range(21)] * 5, "whole numbers from 0 (10 ± 6.084)"),
        ([*range(21)] * 10, "whole numbers from 0 to 20 (10 ± 6.07)"),
        ([0, *range(58), 59], "whole numbers from 0 ("),
        ([1, 2, 3, 4, 5] * 4, "whole numbers from 1 (3 ± 1.451)"),
        ([*(f"{i}.5" for i in range(30)), "?"], "real from 0 (15 ± 8.803)"),
        ([-1.5, 2.5, math.nan], "real (0.5 ± 2.828)"),
        (list("abcdefghijklmnopqrstuvwxyz") * 5, "26 classes (a, b, c, d, e, f, g, h, i, j, k and"),
        (pandas.Categorical([1, 2, 3, 4], range(9)), "4 classes (1, 2, 3 and 4)"),
    ],
)
def test_what_a_column_is_taken_for(cells, said):
    table = load_table(pandas.DataFrame({"a": cells}), split=None, missing="keep")
    assert str(table.columns[0]).startswith(f"a: {said}")
    assert said in repr(table)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([f"Mr {i}" for i in range(60)], "'a' has 60 different texts in 60 rows, such as 'Mr 0'"),
        ([f"Mr {i % 30}" for i in range(60)], "'a' has 30 different texts in 60 rows"),
        ([*"abcdef"] + [None] * 54, "'a' has 6 different texts in 6 rows, such as 'a'"),
        ([*range(60)], "'a' numbers the rows"),
        ([10**17 + i * i for i in range(60)], "'a' holds numbers of more than 15 digits"),
        ([7.5] * 60, "'a' is always 7.5"),
        (["x"] * 60, "'a' is always 'x'"),
        ([None] * 60, "'a' holds no value"),
        (pandas.date_range("2020", periods=60), "a model reads more from numbers, as"),
        (
            [f"{k}.1.1920" for k in range(60)],
            "'0.1.1920': a model reads more from numbers, as days",
        ),
        ([1j] * 60, "'a' holds complex values"),
        ([1, "x", 2.5] * 20, "'a' holds mixed-integer values: make numbers or texts of them"),
        (
            [*map(str, range(59)), "6O"],
            "row 59 (counted from 0), column 'a' holds '6O', but most of its cells are numbers: "
            "kinds={'a': 'real'} makes missing cells of the others, 'classes' a class of each",
        ),
        ([math.inf, *range(59)], "row 0 (counted from 0), column 'a' holds inf, which is no fin"),
    ],
)
def test_columns_that_cannot_be_modelled(cells, message):
    frame = pandas.DataFrame({"b": [0, 1] * 30, "a": cells})
    with pytest.raises(ValueError, match="^the frame: 1 of 2 columns") as caught:
        load_table(frame, missing="keep")
    assert message in str(caught.value)
    assert str(caught.value).endswith(": load_table(..., kinds={'a': 'drop'})")


def test_the_head_has_a_kind_for_each_column():
    heads = load_table(people()).head.heads
    kinds = [Bernoulli, Categorical, Categorical, Reals, Whole]
    assert [type(head) for head in heads] == kinds
    assert [head.num_classes for head in heads[1:3]] == [3, 4]


def test_reals_are_scaled_by_the_training_rows():
    frame = people(200)
    table = load_table(frame.assign(income=frame["income"] + np.arange(200) / 3))
    assert table.train[:, 3].mean().item() == pytest.approx(0, abs=1e-6)
    assert table.train[:, 3].std().item() == pytest.approx(1, abs=1e-6)
    assert table.valid[:, 3].mean().abs() > 1e-3
    read = table.head.encode(table.train)[:, -2:]  # of income and age
    assert read.mean(0).tolist() == pytest.approx([0, 0], abs=0.02)
    assert read.std(0).tolist() == pytest.approx([1, 1], abs=0.02)


def test_a_column_without_values_in_the_training_rows_is_refused():
    frame = people()
    frame.loc[load_table(frame).row_numbers[0], "income"] = None
    with pytest.raises(ValueError, match="'income' has fewer than two values in the 42 rows to l"):
        load_table(frame, missing="keep")


def test_the_sum_of_log_sd_brings_nats_to_the_users_units():
    frame = people(200)
    frame["income"] = np.arange(200) / 3 + 1
    table = load_table(frame)
    in_cents = load_table(frame.assign(income=frame["income"] * 100))
    assert torch.allclose(table.rows, in_cents.rows, atol=1e-5)
    more = in_cents.sd.log().sum() - table.sd.log().sum()
    assert more.item() == pytest.approx(math.log(100), abs=1e-5)


def test_a_mean_of_draws_is_no_class():
    table = load_table(people())
    with pytest.raises(ValueError, match=r"^0.5 is no code of column 'size', whose codes are the"):
        table.inverse(torch.tensor([[0, 0.5, 0, 0, 0]]))
    with pytest.raises(ValueError, match=r"^rows must have shape \(n, 5\), got \(3,\)"):
        table.inverse(torch.zeros(3))


# ---- missing cells, and a second file ------------------------------------------------------------


def test_missing_cells_are_refused_with_place_and_number_or_kept(tmp_path):
    text = "a,b,c\n" + "yes,1.5,x\nno,2.5,y\n" * 6 + "\nyes,,z\nno,NA,?\n"
    path = write(tmp_path, text)
    with pytest.raises(ValueError, match="Such cells: 3") as caught:
        load_table(path)
    assert str(caught.value).startswith(
        f"{path}: row 13 (line 15 of the file), column 'b' holds nan: it is empty, ?, NA, None or "
        "the like. Such cells: "
        "3, in 2 of 3 columns ('b' and 'c'), and in 2 of 14 rows."
    )
    kept = load_table(path, split=None, missing="keep").rows
    assert kept.isnan().nonzero().tolist() == [[12, 1], [13, 1], [13, 2]]
    with pytest.raises(ValueError, match="^unknown missing 'drop': choose one of refuse, keep"):
        load_table(path, missing="drop")


def test_a_second_file_is_read_with_the_codes_and_scales_of_the_first(tmp_path):
    frame = people(200)
    table = load_table(frame)
    new = frame.iloc[:7, ::-1].assign(note="other columns are left out")
    new.to_csv(tmp_path / "new.csv", sep=";", decimal=",", index=False)
    same = load_table(tmp_path / "new.csv", like=table, split=None)
    assert torch.equal(same.rows, table.rows[:7])
    assert load_table(frame.to_numpy()[:7], like=table, split=None).names == table.names


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda frame: frame.replace({"size": {"S": "XXL"}}),
            r"row 2 \(counted from 0\), column 'size' holds 'XXL', but the table it is to be like "
            r"has size: 3 classes \(L, M and S\). Cells that do not fit: 20.",
        ),
        (
            lambda frame: frame.astype({"age": str}).replace({"age": {"20": "twenty"}}),
            r"row 0 \(counted from 0\), column 'age' holds 'twenty', but .* has age: whole",
        ),
        (
            lambda frame: frame.drop(columns=["size", "age"]),
            "the frame has no column named size and age, which the table it is to be like has; its",
        ),
    ],
)
def test_a_second_table_that_does_not_fit(change, message):
    with pytest.raises(ValueError, match=message):
        load_table(change(people()), like=load_table(people()), split=None)
    with pytest.raises(TypeError, match="^like must be a table or model.table, got str"):
        load_table(people(), like="a.csv")


# ---- parts ---------------------------------------------------------------------------------------


@given(st.integers(4, 300), st.integers(0, 2**64))
@settings(max_examples=30)
def test_each_row_goes_into_one_part(n, seed):
    table = load_table(numbered(n), seed=seed)
    parts = [numbers(part) for part in table]
    assert sorted(itertools.chain(*parts)) == list(range(n))
    assert [len(part) for part in parts[1:]] == [round(0.15 * n)] * 2
    assert parts == [rows.tolist() for rows in table.row_numbers]


def test_the_split_is_the_same_in_every_release_of_numpy():
    parts = [numbers(part) for part in load_table(numbered(10), seed=0)]
    assert parts == [[6, 1, 0, 5, 3, 8], [7, 9], [2, 4]]


def test_the_split_follows_its_seed_alone():
    before = torch.get_rng_state()
    first, again, other = ([*load_table(numbered(200), seed=seed)][2] for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, again)
    assert set(numbers(first)) != set(numbers(other))


def test_split_says_how_many_rows_go_where():
    assert list(map(len, load_table(numbered(50), split=(0.5, 0.3, 0.2)))) == [25, 15, 10]
    assert list(map(len, load_table(numbered(50), split=np.array([0.8, 0.2])))) == [40, 10]
    whole = load_table(numbered(50), split=None)
    assert numbers(whole.rows) == list(range(50))
    with pytest.raises(
        TypeError, match="^there are no parts: a table loaded with split=None has table.rows"
    ):
        _ = whole.train
    table = load_table(numbered(50))
    assert len(table) == 50
    parts = (table.train, table.valid, table.test)
    assert all(torch.equal(*pair) for pair in zip(parts, table, strict=True))


def test_a_table_says_what_it_holds():
    assert repr(load_table(people())) == (
        "Table(42 train, 9 valid, 9 test rows of 5 columns)\n"
        "    member: yes/no (False and True)\n"
        "    size: 3 classes (L, M and S)\n"
        "    cars: 4 classes (0, 1, 2 and 3)\n"
        "    income: real from 0 (skewed, median 1.075)\n"
        "    age: whole numbers from 0 (45.42 ± 15.36)"
    )
    assert repr(load_table(np.eye(25), split=None)).endswith(
        "x₂₀: yes/no (0 and 1)\n    and 5 more"
    )


# ---- the example ---------------------------------------------------------------------------------


def test_the_example_table_is_the_435_members_of_the_source():
    """Counts as the source states them; see votes_LICENSE.txt for what was changed."""
    kept = example_table().with_name("votes_kept.csv")
    tables = [load_table(path) for path in (example_table(), kept)]
    assert tables[0].names == tables[1].names
    assert [len(table.rows) for table in tables] == [335, 100]
    rows = torch.cat([table.rows for table in tables])
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


# ---- what is refused -----------------------------------------------------------------------------


def fails(path, kind=ValueError) -> str:
    """The message of the error, which begins with the file's name, without that name."""
    with pytest.raises(kind) as caught:
        load_table(path)
    assert type(caught.value) is kind
    assert str(caught.value).startswith(f"{path}")
    return str(caught.value).removeprefix(f"{path}")


@pytest.mark.parametrize("marks", [(",", "."), (";", ",")])
@pytest.mark.parametrize("has_header", [True, False])
def test_what_the_error_advises_works(marks, has_header, tmp_path):
    frame = people().assign(name=[f"Mr {i}" for i in range(60)])
    path = tmp_path / "table.csv"
    frame.to_csv(path, sep=marks[0], decimal=marks[1], index=True, header=has_header)
    advice = fails(path).split("Correct or leave out: ")[1].replace("...", "path")
    table = eval(advice, {"path": path, "load_table": load_table})
    assert torch.equal(table.rows, load_table(people()).rows)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "a,b,c\n1,0,1\n\n0,1\n",
            ": line 4 has 2 cells, but the first row, line 1, has 3: cells are s",
        ),
        ("1,0,1\n1,0,1,\n", ": line 2 has 4 cells, but the first row, line 1, has 3: cells are s"),
        (
            "Rain\n" + "x,y\n1,2\n" * 9,
            ": line 2 has 2 cells, but the first row, line 1, has 1: cells are s",
        ),
        ("", " is empty: a table has a row for each observation"),
        ("\n\n", " is empty: a table has a row for each observation"),
        ("a,b\n", " has 0 rows and 2 columns: it needs at least one of each"),
        ("a,b,a\n1,0,1\n", " has more than one column named a: rename them"),
        ("a,b\n1,0\n" + '1,"0\n' + "1,0\n" * 50_000, " cannot be read as a table (field larger"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", " cannot be read as a table ('utf-8' codec"),
        ("a,b\n1,0\n".encode("utf-16"), " cannot be read as a table ('utf-8' codec"),
        (gzip.compress(b"1,0\n", mtime=0), " cannot be read as a table ('utf-8' codec"),
        (b"PAR1\xff", " cannot be read as a table ('utf-8' codec"),
    ],
)
def test_a_csv_file_that_is_none_or_not_whole(content, message, tmp_path):
    assert fails(write(tmp_path, content)).startswith(message)


def test_a_packed_file_that_is_not_whole(tmp_path):
    cut = gzip.compress(lines(numbered(64).astype(int)).encode())[:-9]
    assert fails(write(tmp_path, cut, "T.CSV.GZ")).startswith(" cannot be read as a table (Compr")


@pytest.mark.parametrize("name", ["none.csv", "none.csv.gz"])
def test_a_file_that_is_not_there_is_named(name, tmp_path):
    with pytest.raises(FileNotFoundError, match=name):
        load_table(tmp_path / name)


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ([[0, 1]], TypeError, "source must be the path of .* or polars, got list: lists of rows"),
        (None, TypeError, "source must be .*, got NoneType"),
        (np.ones(5), ValueError, r"the array must have shape \(N, D\), .*, got \(5,\): a single"),
        (
            torch.ones(5, 2, 2),
            ValueError,
            r"the tensor must .*, got \(5, 2, 2\): .*, and images are",
        ),
        (np.ones((0, 3)), ValueError, "the array has 0 rows and 3 columns: it needs at least one"),
        (np.ones((3, 0)), ValueError, "the array has 3 rows and 0 columns: it needs at least one"),
        (
            np.ma.masked_array([[0, 1], [1, 1]], [[0, 0], [1, 0]]),
            ValueError,
            r"2 rows are too few for a split of \(0.7, 0.15, 0.15\): .* parts of 2, 0 and 0 rows",
        ),
    ],
)
def test_sources_that_are_no_table(source, kind, message):
    with pytest.raises(kind, match=f"^{message}"):
        load_table(source)


@pytest.mark.parametrize(
    ("split", "kind", "message"),
    [
        ((0.7, 0.1, 0.1, 0.1), ValueError, r"split must be two or three .*, as \(0.70, 0.15, 0.15"),
        (0.7, ValueError, "split must be two or three fractions that sum to 1, .*, got 0.7"),
        (
            (0.7, 0.2, 0.2),
            ValueError,
            r"split must be two or three fractions that sum to 1, .*0.2\)",
        ),
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


def test_cells_by_name_are_a_row_with_nothing_else():
    table = load_table(people())
    whole = table.inverse(table.rows[:1]).iloc[0]
    name = table.names[0]
    row = table.encode(**{name: whole[name]})
    assert row.isnan().sum() == len(table.names) - 1
    assert torch.equal(row[:, 0], table.rows[:1, 0])
    torch.testing.assert_close(table.encode(**whole), table.rows[:1])
    assert table.encode().isnan().all()
    with pytest.raises(ValueError, match="^there is no column 'nobody': they are "):
        table.encode(nobody=1)
    with pytest.raises(ValueError, match="^'giant' is not what the table has in column size: 3 cl"):
        table.encode(size="giant")

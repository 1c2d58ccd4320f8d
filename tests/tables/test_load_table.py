"""Reading a table: kinds of columns, errors, and the rows of each part."""

import math

import numpy as np
import pandas
import pytest
import torch

from made_course import Bernoulli, Categorical, NormalScores, example_table, load_table

N = np.arange(60)
PEOPLE = pandas.DataFrame(
    {
        "member": N % 3 == 0,
        "size": np.array(["L", "M", "S"])[N % 3],
        "cars": N % 4,
        "income": np.exp(np.sin(N)),
        "age": 20 + N * 7 % 53,
    }
)


def test_what_each_column_is():
    table = load_table(PEOPLE)
    kinds = [type(column.head) for column in table.columns]
    assert kinds == [Bernoulli, Categorical, Categorical, NormalScores, NormalScores]
    assert [column.head.is_density for column in table.columns[3:]] == [True, False]
    lines = str(table).splitlines()
    assert lines[0] == "Table(42 train, 9 valid, 9 test rows of 5 columns)"
    assert lines[1:4] == [
        "    member: yes/no (False and True)",
        "    size: 3 classes (L, M and S)",
        "    cars: 4 classes (0, 1, 2 and 3)",
    ]
    assert lines[4].startswith("    income: real from 0 (median ")
    assert lines[5].startswith("    age: whole from 0 (median ")


def test_a_wide_table_shows_its_first_columns():
    wide = load_table(pandas.DataFrame({f"x{k}": N % 2 for k in range(22)}))
    assert str(wide).splitlines()[-2:] == ["    x19: yes/no (0 and 1)", "    and 2 more"]


def test_cells_come_back_from_a_file_as_they_were(tmp_path):
    path = tmp_path / "people.csv.gz"
    PEOPLE.round(3).to_csv(path, sep=";", decimal=",", index=False)
    table = load_table(path, sep=";", decimal=",")
    assert torch.equal(table.rows, load_table(PEOPLE.round(3)).rows)
    back = table.inverse(table.rows)
    pandas.testing.assert_frame_equal(back, PEOPLE.round(3), check_dtype=False)
    assert back["age"].dtype == "int64"


def test_numbers_are_read_as_they_are():
    rows = load_table(PEOPLE).rows
    assert rows[:, 4].tolist() == PEOPLE["age"].tolist()
    assert rows[:, 3].tolist() == pytest.approx(PEOPLE["income"].tolist())


def test_whole_numbers_too_large_for_int64_come_back_as_floats():
    column = load_table(PEOPLE).columns[4]
    assert column.decode(np.array([3.0, 1e19])).tolist() == [3.0, 1e19]


def test_kinds_say_otherwise():
    kinds = {"cars": "real", "age": "classes", "size": "drop", "income": (0, 10)}
    table = load_table(PEOPLE, kinds=kinds, num_components=3)
    assert table.names == ["member", "cars", "income", "age"]
    assert isinstance(table.columns[1].head, NormalScores)
    assert table.columns[1].head.num_components == 3
    assert len(table.columns[3].values) == PEOPLE["age"].nunique()
    assert str(table.columns[2]).startswith("income: real from 0 to 10 ")


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (N % 12, "12 classes"),  # five rows for each class
        (N % 13, "whole from 0"),
        (50 * (N % 29), "multiples of 50 from 0"),
        ([f"v{k % 20}" for k in N], "20 classes"),
    ],
)
def test_few_values_are_classes_and_many_are_numbers(cells, words):
    (column,) = load_table(pandas.DataFrame({"x": cells})).columns
    assert str(column).startswith(f"x: {words}")


def test_three_common_values_are_named():
    cells = [0.0] * 20 + [1.5] * 15 + [2.5] * 9 + [*np.linspace(3, 4, 16)]
    (column,) = load_table(pandas.DataFrame({"x": cells})).columns
    assert str(column).endswith(", 0 in 33%, 1.5 in 25% and 2.5 in 15% of the rows")


def test_spaces_after_commas_are_not_read(tmp_path):
    path = tmp_path / "spaces.csv"
    path.write_text("kind, size\n" + "a, S\nb, M\n" * 30, encoding="utf-8")
    table = load_table(path)
    assert table.names == ["kind", "size"]
    assert table.columns[1].values == ("M", "S")


def test_all_yes_or_no_is_bernoulli():
    assert isinstance(load_table(example_table()).head, Bernoulli)
    few = load_table(pandas.DataFrame({"x": [0, 1, 1, 0, 1, 0, 1]}), split=None)
    assert isinstance(few.head, Bernoulli)


# ---- like another table --------------------------------------------------------------------------


def test_new_rows_are_read_with_the_codes_of_the_first_table():
    table = load_table(PEOPLE)
    new = PEOPLE.iloc[[4, 1]].assign(extra=1)[["age", "extra", "income", "size", "cars", "member"]]
    assert torch.equal(load_table(new, like=table, split=None).rows, table.rows[[4, 1]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": "XL"}, "row 0 .*'size' holds 'XL', which is not possible"),
        ({"age": 30.5}, "'age' holds (np.float64.)?30.5.*, which is not possible"),
        ({"income": -1.0}, "'income' holds .*-1.0.*, which is not possible"),
    ],
)
def test_impossible_cells_are_refused(change, message):
    table = load_table(PEOPLE)
    with pytest.raises(ValueError, match=message):
        load_table(PEOPLE.assign(**change), like=table, split=None)


def test_a_missing_column_is_refused():
    with pytest.raises(ValueError, match="the frame has no column named size, which"):
        load_table(PEOPLE.drop(columns="size"), like=load_table(PEOPLE))


# ---- missing cells -------------------------------------------------------------------------------


def test_missing_cells_are_refused_or_kept():
    frame = PEOPLE.astype({"age": float})
    frame.loc[[3, 7], "age"] = np.nan
    with pytest.raises(ValueError, match="row 3 .*'age' .* is missing.* Of 60 rows, 2 have"):
        load_table(frame)
    table = load_table(frame, missing="keep")
    assert table.rows[:, 4].isnan().nonzero().flatten().tolist() == [3, 7]
    assert str(table.columns[4]).endswith(", missing in 3% of the rows")
    assert repr(table.columns[4].head).startswith("Gaps(NormalScores(2, ")
    assert table.inverse(table.rows)["age"].isna().sum() == 2


# ---- columns that cannot be modelled -------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([f"name {i}" for i in N], "has 60 different values in 60 rows, such as 'name 0'"),
        ([f"name {i % 21}" for i in N], "has 21 different values in 60 rows"),
        (["a"] * 60, "has fewer than two different values"),
        (N + 1000, "only numbers the rows"),
        (["12", "?"] + ["3"] * 58, r"holds '\?' in row 1 .*na_values"),
        (["1,5", "2,5"] * 30, None),
        ([math.inf] + [1.5] * 30 + [2.5] * 29, r"holds .*inf.* in row 0"),
        (2**63 + 7 * N.astype("uint64"), r"holds .*9223372036854775808.* larger unit"),
        ([1, "a"] * 30, r"has cells of type int and str, .* all texts. .*\.astype"),
        ([[1], [2]] * 30, "has cells of type list, which cannot be sorted"),
    ],
)
def test_columns_that_cannot_be_modelled(cells, message):
    frame = PEOPLE.assign(odd=cells)
    if message is None:
        assert load_table(frame).columns[-1].values == ("1,5", "2,5")
        return
    with pytest.raises(ValueError, match=rf"column 'odd' {message}.*kinds=\{{'odd': 'drop'\}}"):
        load_table(frame, kinds={"odd": "real"} if "inf" in message else None)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"kinds": {"age": (50, 10)}}, ValueError, r"kinds has \(50, 10\) for 'age'"),
        ({"kinds": {"ages": "real"}}, ValueError, "kinds has 'real' for 'ages'"),
        ({"kinds": {"age": (0,)}}, ValueError, r"kinds has \(0,\) for 'age'"),
        ({"kinds": {"age": (0, 30)}}, ValueError, r"column 'age' holds .* within \(0, 30\)"),
        ({"split": (0.5, 0.6)}, ValueError, "two or three fractions with a sum of 1"),
        ({"split": (0.99, 0.005, 0.005)}, ValueError, "60 rows"),
        ({"like": 3}, TypeError, "like must be a table"),
        ({"missing": "drop"}, ValueError, "missing"),
        ({"num_components": 0}, ValueError, "num_components must be at least 1"),
    ],
)
def test_wrong_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        load_table(PEOPLE, **arguments)


@pytest.mark.parametrize("split", [None, (0.8, 0.2)])
@pytest.mark.parametrize(("frame", "size"), [(PEOPLE[:0], "0 rows of 5"), (PEOPLE, "60 rows of 0")])
def test_a_table_of_which_all_was_dropped_is_refused(frame, size, split):
    kinds = {} if frame.empty else dict.fromkeys(PEOPLE, "drop")
    with pytest.raises(ValueError, match=f"the frame has {size} columns to model, but"):
        load_table(frame, kinds=kinds, split=split)


def test_other_sources_are_refused():
    with pytest.raises(TypeError, match=r"got ndarray. Make a frame with pandas.DataFrame"):
        load_table(np.ones((3, 2)))
    with pytest.raises(ValueError, match="two columns with the same name: a and a"):
        load_table(pandas.DataFrame([[0, 1], [1, 0]], columns=["a", "a"]))


# ---- parts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 3])
def test_parts_are_the_same_in_every_release(seed):
    numbers = [part.tolist()[:4] for part in load_table(PEOPLE, seed=seed).row_numbers]
    shuffled = np.random.RandomState(np.random.MT19937(seed)).permutation(60).tolist()
    assert numbers == [shuffled[:4], shuffled[42:46], shuffled[51:55]]


def test_a_table_without_a_split_has_no_parts():
    table = load_table(PEOPLE, split=None)
    assert len(table.rows) == 60
    with pytest.raises(TypeError, match="this table has no parts"):
        table.train  # noqa: B018

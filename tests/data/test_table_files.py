"""Files of tables as others write them: marks, names, packing, and what is said of each guess."""

import functools
import http.server
import threading
import zipfile
from pathlib import Path

import numpy as np
import pandas
import pytest

from made_course.data.tables import load_table

N = np.arange(40)
Y = 7 * N % 41  # all different, and they do not number the rows


def write(folder: Path, text: str, name: str = "table.csv") -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder / name


def joined(rows, separator=";") -> str:
    return "".join(separator.join(map(str, row)) + "\n" for row in rows)


def whole(path, **options):
    return load_table(path, split=None, **options)


def back(table) -> pandas.DataFrame:
    return table.inverse(table.rows)


# ---- how numbers are written ---------------------------------------------------------------------

TRUTH = 250.5 * (N + 1)
WRITTEN = {
    "4,282 beside 396": ([f"{x:,.0f}" for x in TRUTH], TRUTH.round()),
    "1,234.5": ([f"{x:,.1f}" for x in TRUTH], TRUTH),
    "1234,5": ([f"{x:.1f}".replace(".", ",") for x in TRUTH], TRUTH),
    "1.234,5": ([f"{x:,.1f}".translate(str.maketrans(",.", ".,")) for x in TRUTH], TRUTH),
    "0,125": ([f"{x / 1e4:.3f}".replace(".", ",") for x in TRUTH], TRUTH / 1e4),
    "1.2e-3": ([f"{x:.6e}" for x in TRUTH], TRUTH),
    "12.5 %": ([f"{x:.1f} %" for x in TRUTH], TRUTH),
    "$1,234.5": ([f"${x:,.1f}" for x in TRUTH], TRUTH),
}


@pytest.mark.parametrize("way", WRITTEN)
def test_numbers_are_read_as_they_were_meant(way, tmp_path, capsys):
    cells, truth = WRITTEN[way]
    table = whole(write(tmp_path, "x;y\n" + joined(zip(cells, N % 2, strict=True))))
    assert back(table)["x"].to_numpy() == pytest.approx(truth, abs=5e-4 * truth.max())
    said = capsys.readouterr().out
    assert ("numbers are read as" in said) == ("," in way)


def test_what_every_column_says_decides_for_all(tmp_path):
    rows = [(f"{i + 1}.{i:03}", f"{i},5") for i in N]
    table = whole(write(tmp_path, "x;y\n" + joined(rows)))
    assert back(table)["x"].tolist() == pytest.approx((1000 * (N + 1) + N).tolist(), abs=0.1)


@pytest.mark.parametrize(
    ("cells", "options", "first"),
    [
        ([f"{i + 1},250" for i in N], {}, 1250),
        ([f"{i + 1},250" for i in N], {"decimal": ","}, 1.25),
        ([f"{i + 1}.250" for i in N], {}, 1.25),
        ([f"{i + 1}.250" for i in N], {"thousands": "."}, 1250),
        ([f"{i + 1} 250" for i in N], {"thousands": " "}, 1250),
        ([f"{i + 1}\u202f250,5" for i in N], {"thousands": " ", "decimal": ","}, 1250.5),
        ([f"{i + 1}'250" for i in N], {"thousands": "'"}, 1250),
    ],
)
def test_a_mark_that_is_named_is_taken(cells, options, first, tmp_path):
    table = whole(write(tmp_path, "x;y\n" + joined(zip(cells, N % 2, strict=True))), **options)
    assert back(table)["x"][0] == pytest.approx(first, abs=1e-2)


def test_new_rows_are_read_as_the_first_were(tmp_path):
    rows = [(f"{i + 1},250", f"{i},5") for i in N]
    first = whole(write(tmp_path, "x;y\n" + joined(rows)))
    new = whole(write(tmp_path, "x;y\n4,282;3\n", "new.csv"), like=first)
    assert back(new)["x"][0] == pytest.approx(4.282, abs=1e-3)


def test_a_name_of_digits_keeps_its_zero(tmp_path):
    rows = [("01234" if i % 3 else "98765", i) for i in Y]
    table = whole(write(tmp_path, "zip,x\n" + joined(rows, ",")), kinds={"x": "real"})
    assert table.columns[0].values == ("01234", "98765")


def test_marks_alone_among_numbers_are_gaps(tmp_path, capsys):
    rows = [(".." if i % 5 == 0 else Y[i], "+-"[i % 2]) for i in N]
    path = write(tmp_path, "x,sign\n" + joined(rows, ","))
    table = whole(path, missing="keep")
    assert int(table.rows.isnan().sum()) == 8
    assert table.columns[1].values == ("+", "-")
    assert "column 'x' has '..' in 8 cells, read as missing ones" in capsys.readouterr().out


def test_a_column_without_a_cell_is_refused_by_its_name(tmp_path):
    with pytest.raises(ValueError, match="'y' holds no value"):
        load_table(write(tmp_path, "x,y\n" + joined([(i % 2, "NA") for i in N], ",")))


# ---- names, comments, titles ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "rows", "names"),
    [
        ("2019,2020,2021", [(y, y + 0.5, 2 * y) for y in Y], ["2019", "2020", "2021"]),
        ("male,smoker", [("male", "smoker"), ("female", "none at all")] * 20, ["male", "smoker"]),
        ("sex,male", [("m", "male"), ("f", "no")] * 20, ["sex", "male"]),
        ("x,a", [(i, "a" if i % 2 else "x") for i in Y], ["x", "a"]),
    ],
)
def test_names_that_could_be_values(first, rows, names, tmp_path):
    path = write(tmp_path, first + "\n" + joined(rows, ","))
    assert whole(path).names == names
    assert len(whole(path).rows) == 40


def test_a_doubtful_first_line_is_said_and_header_decides(tmp_path, capsys):
    rows = [("male", "smoker"), ("female", "no")] * 20
    path = write(tmp_path, "male,smoker\n" + joined(rows, ","))
    assert whole(path).names == ["male", "smoker"]
    said = capsys.readouterr().out
    assert said.startswith(f"{path}: line 1 (male and smoker) is read as names, and by header=None")
    assert len(whole(path, header=None).rows) == 41
    path = write(tmp_path, joined([(i % 2, 7 * i) for i in N[1:]], ","))
    assert whole(path).names == ["x₁", "x₂"]
    assert "line 1 (1 and 7) is read as a row, and by header=0 as names" in capsys.readouterr().out
    assert whole(path, header=0).names == ["1", "7"]


def test_a_header_further_down_is_found_by_its_number(tmp_path):
    path = write(
        tmp_path, "from,us\nall,rights\nx,y\n" + joined([(i % 2, y) for i, y in enumerate(Y)], ",")
    )
    assert whole(path, header=2).names == ["x", "y"]


@pytest.mark.parametrize(
    "start",
    [
        "# from us, all rights\nx,y\n",
        "#from us\n\n# all rights\nx,y\n",
        "# all of it, here\n# x,y\n",  # as np.savetxt has it
    ],
)
def test_what_stands_above_the_names_is_no_row(start, tmp_path):
    path = write(
        tmp_path,
        start + joined([(i % 2, y) for i, y in enumerate(Y)], ",") + "# the end\n" * ("#" in start),
    )
    table = whole(path)
    assert (table.names, len(table.rows)) == (["x", "y"], 40)


def test_an_error_leads_to_the_line_below_comments_and_cells_of_two_lines(tmp_path):
    rows = joined([(i, "a b") for i in N], ",").replace("a b", '"a\nb"')
    path = write(tmp_path, "# one\n\nx,y\n" + rows + "inf,c\n")
    with pytest.raises(ValueError, match=r"row 41 \(line 84 of the file\), column 'x' holds inf"):
        whole(path)


def test_a_column_of_numbers_of_rows_has_no_name_and_gets_one(tmp_path):
    path = write(tmp_path, ",x\n" + joined(enumerate(Y), ","))  # as pandas writes its index
    with pytest.raises(ValueError, match="'Unnamed: 0' numbers the rows"):
        whole(path)
    assert whole(path, kinds={"Unnamed: 0": "drop"}).names == ["x"]


def test_rows_without_a_cell_are_left_out(tmp_path, capsys):
    path = write(tmp_path, "x;y\n" + joined([(i % 2, y) for i, y in enumerate(Y)]) + ";\n;\n")
    assert len(whole(path).rows) == 40
    assert "2 rows without a cell are left out" in capsys.readouterr().out


# ---- packing, other places, other kinds ----------------------------------------------------------


@pytest.mark.parametrize("ending", [".zip", ".bz2", ".xz", ".GZ"])
def test_packed_files_are_read_as_pandas_reads_them(ending, tmp_path):
    frame = pandas.DataFrame({"x": N % 2, "y": Y})
    path = tmp_path / f"table.csv{ending}"
    frame.to_csv(path, index=False)
    assert back(whole(path)).equals(whole(frame).inverse(whole(frame).rows))


def test_an_address_is_read_and_one_that_does_not_answer_is_said(tmp_path):
    write(tmp_path, "x,y\n" + joined([(i % 2, y) for i, y in enumerate(Y)], ","))
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    handler = functools.partial(quiet, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        assert len(whole(address + "table.csv").rows) == 40
        with pytest.raises(OSError, match="HTTP Error 404"):
            load_table(address + "none.csv")
        server.shutdown()


def test_other_kinds_of_files_are_for_pandas_and_numpy(tmp_path):
    np.save(tmp_path / "t.npy", Y)
    with pytest.raises(ValueError, match=r"(?s)npy cannot be read .*load_table\(numpy.load\(path"):
        load_table(tmp_path / "t.npy")
    with pytest.raises(ValueError, match=r"t.parquet is empty: a table has"):
        load_table(write(tmp_path, "", "t.parquet"))


def test_a_packed_folder_of_files_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as packed:
        packed.writestr("a.csv", "x\n1\n")
        packed.writestr("b.csv", "x\n1\n")
    with pytest.raises(ValueError, match=r"t.zip cannot be read as a table \(Multiple files found"):
        load_table(tmp_path / "t.zip")


# ---- what the owner says of columns --------------------------------------------------------------

HOUSES = pandas.DataFrame(
    {"id": 7 * N, "zip": 94110 + 3 * (N % 3), "rooms": N % 5, "price": 1e3 + Y**2}
)


def test_kinds_are_the_owners():
    table = whole(HOUSES, kinds={"id": "drop", "zip": "classes", "rooms": "real"})
    assert table.names == ["zip", "rooms", "price"]
    assert table.columns[0].values == (94110, 94113, 94116)
    assert not table.columns[1].values
    assert load_table(HOUSES, kinds={"price": "classes"}).columns[3].values[:2] == (1000.0, 1001.0)
    same = whole(HOUSES.iloc[:5], like=table)
    assert same.rows.equal(table.rows[:5])


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        (
            {"size": "real"},
            "kinds has 'real' for 'size': columns are id, zip, rooms and price, and",
        ),
        (
            {"zip": "names"},
            "kinds has 'names' for 'zip': .* each may be classes, real, drop or bound",
        ),
        ({"zip": (9, 1)}, r"kinds has \(9, 1\) for 'zip': .* or bounds, two rising numbers"),
    ],
)
def test_kinds_that_are_none(kinds, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        load_table(HOUSES, kinds=kinds)


def test_what_is_no_number_of_a_real_column_is_missing(capsys):
    cells = [f"{y},5" if y % 9 else "k.A." for y in Y]
    frame = HOUSES.assign(price=cells)
    with pytest.raises(ValueError, match="holds 'k.A.', but .* numbers: kinds={'price': 'real'}"):
        whole(frame, kinds={"id": "drop"})
    table = whole(frame, kinds={"id": "drop", "price": "real"}, missing="keep")
    assert int(table.rows.isnan().sum()) == 5
    assert "column 'price' has 'k.A.' in 5 cells, read as missing ones" in capsys.readouterr().out


def test_new_rows_of_a_real_column_are_read_as_its_owner_said(tmp_path):
    frame = pandas.DataFrame({"a": N % 2, "x": [f"{y},5" if y % 9 else "k.A." for y in Y]})
    first = whole(frame, kinds={"x": "real"}, missing="keep")
    new = whole(frame.head(12), like=first, missing="keep").rows
    assert new.nan_to_num(9).equal(first.rows[:12].nan_to_num(9))
    other = whole(frame.replace("k.A.", "0,5"))
    with pytest.raises(ValueError, match=r"row 0 \(counted from 0\), column 'x' holds 'k.A.', but"):
        whole(frame, like=other)


def test_texts_are_no_real_column():
    frame = HOUSES.assign(rooms=["few", "many"] * 20)
    with pytest.raises(ValueError, match="column 'rooms' holds 'few', which is no finite n"):
        whole(frame, kinds={"rooms": "real"})


# ---- what is said of a table ---------------------------------------------------------------------


def said_of(frame, capsys, **options) -> str:
    load_table(frame, **options)
    return capsys.readouterr().out


def test_an_ordinary_table_is_loaded_in_silence(tmp_path, capsys):
    HOUSES.drop(columns="id").to_csv(tmp_path / "houses.csv", index=False)
    assert said_of(tmp_path / "houses.csv", capsys) == ""


def test_equal_rows_in_two_parts_are_said(capsys):
    frame = pandas.DataFrame({"a": N % 2, "b": N % 2})
    assert said_of(frame, capsys) == (
        "the frame: 40 of 40 rows equal another, and of the 6 test rows 6 stand in training, too\n"
    )


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([0] * 40, "column 'a' is always 0"),
        ([*(13 * N)], "column 'a' goes up from row to row, as numbers of rows do"),
        (["Yes", "yes", "No", "No"] * 10, "column 'a' has 'Yes' and 'yes', as 2 classes"),
        (
            [f"{d % 5 + 1}.3.2024" for d in N],
            "column 'a' holds dates or times, such as '1.3.2024': a model",
        ),
        (["50%", "25%", "30%", "5%"] * 10, "column 'a' is read without its '%': 50% is 50"),
    ],
)
def test_what_a_column_may_not_be_meant_as_is_said(cells, said, capsys):
    assert said in said_of(pandas.DataFrame({"b": (3 * N) ** 2 % 97, "a": cells}), capsys)

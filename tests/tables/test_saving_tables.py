"""A saved model keeps its table, so that new rows get the same codes, or an error."""

import numpy as np
import pandas
import pytest
import torch

from made_course import MADE, evaluate, load_table
from made_course.common.files import read_tensors

N = np.arange(60)
FRAME = pandas.DataFrame(
    {
        "size": np.array(["L", "M", "S"])[N % 3],
        "member": N % 2 == 0,
        "rooms": pandas.Categorical(N % 4, [3, 2, 1, 0]),
        "price": (100 * np.exp(np.sin(N))).round(2),
    }
)


@pytest.fixture
def files(tmp_path):
    """Return the path of a German file, its table and its model."""
    path = tmp_path / "train.csv"
    FRAME.to_csv(path, sep=";", decimal=",", index=False)
    table = load_table(path, split=(0.8, 0.2), kinds={"rooms": "classes"}, sep=";", decimal=",")
    model = MADE(4, (8,), head=table.head, seed=0)
    model.save(tmp_path / "model.pt", table=table)
    return path, table, model


def test_the_table_that_is_read_is_the_one_that_was_written(files):
    path, table, _ = files
    kept = MADE.load(path.with_name("model.pt")).table
    assert repr(kept) == repr(table)
    assert repr(kept.columns) == repr(table.columns)
    assert [*map(len, kept.row_numbers)] == [48, 12]
    assert len(kept.rows) == 0
    again = load_table(path, like=kept, split=None, sep=";", decimal=",").rows
    assert torch.equal(again, table.rows)
    assert torch.equal(again[kept.row_numbers[1]], [*table][1])
    assert kept.inverse(again).equals(table.inverse(table.rows))
    with pytest.raises(TypeError, match="^this table has no parts. .* loaded model has no rows"):
        list(kept)


def test_appended_rows_and_fewer_classes_change_no_code(files):
    path, table, model = files
    more = pandas.concat([FRAME[FRAME["size"] != "L"], FRAME.tail(1).assign(price=1e4)])
    more.to_csv(path, index=False)
    kept = MADE.load(path.with_name("model.pt")).table
    rows = load_table(path, like=kept, split=None).rows
    same = load_table(more, like=table, split=None).rows
    assert torch.equal(rows, same)
    assert evaluate(model, rows) == evaluate(model, same)


def test_a_model_that_is_saved_again_keeps_its_table(files):
    path = files[0].with_name("model.pt")
    MADE.load(path).save(path)
    assert MADE.load(path).table.names == [*FRAME.columns]
    assert read_tensors(path)["table"]["class"] == "made_course.tables.table.Table"
    files[2].save(path)
    assert MADE.load(path).table is None


def test_other_tables_are_refused(files, tmp_path):
    _, table, model = files
    with pytest.raises(ValueError, match="^the table has 4 columns, but the model has 3 variables"):
        MADE(3, (4,)).save(tmp_path / "other.pt", table=table)
    for other in ("train.csv", FRAME):
        with pytest.raises(TypeError, match=f"a result of load_table, got {type(other).__name__}"):
            model.save(tmp_path / "other.pt", table=other)
    cut = load_table(FRAME.assign(size=pandas.cut(FRAME["price"], 3)))
    with pytest.raises(ValueError, match=r"^cannot save Interval\(.*\), .* must be texts or num"):
        model.save(tmp_path / "other.pt", table=cut)
    assert not (tmp_path / "other.pt").exists()


def test_a_file_knows_point_masses_steps_and_bounds(tmp_path):
    draw = np.random.default_rng(0)
    income = np.exp(9 + draw.normal(size=400))
    frame = pandas.DataFrame(
        {
            "income": income,
            "savings": np.where(draw.random(400) < 0.3, 0, income / 9),
            "visits": draw.poisson(draw.gamma(1, 8, 400)),
            "bill": np.where(draw.random(400) < 0.1, np.nan, draw.normal(40, 3, 400).round(1)),
            "share": draw.normal(50, 9, 400),
        }
    )
    table = load_table(frame, missing="keep", kinds={"share": (0, 100)})
    model = MADE(5, (8,), head=table.head, seed=0)
    model.save(tmp_path / "model.pt", table=table)
    kept = MADE.load(tmp_path / "model.pt").table
    assert repr(kept.columns) == repr(table.columns)
    assert [str(column).split(" (")[0] for column in kept.columns] == [
        "income: real from 0",
        "savings: real from 0",
        "visits: whole from 0",
        "bill: multiples of 0.1 from 0",
        "share: real from 0 to 100",
    ]
    few = frame.iloc[5:25].assign(extra=1)
    rows = load_table(few, like=kept, split=None, missing="keep").rows
    torch.testing.assert_close(rows, table.rows[5:25], equal_nan=True, rtol=0, atol=0)
    again = MADE.load(tmp_path / "model.pt")
    torch.testing.assert_close(again.log_prob(rows), model.log_prob(rows))
    assert again.log_prob(rows).isfinite().all()
    drawn = kept.inverse(model.sample(1000))
    assert drawn["share"].between(0, 100).all()
    assert drawn["savings"].eq(0).any()
    assert drawn["visits"].dtype == "int64"
    assert np.allclose(10 * drawn["bill"], (10 * drawn["bill"]).round(), equal_nan=True)
    assert (drawn[["income", "savings", "visits"]] >= 0).all(axis=None)
    with pytest.raises(ValueError, match="column 'share' holds .*101.*, which is not possible"):
        load_table(few.assign(share=101), like=kept, split=None, missing="keep")

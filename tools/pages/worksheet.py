"""Write the worksheet about masks, with its solution: ``python -m tools.pages.worksheet``.

The page is ``docs/worksheet.html``, to be printed from any browser. The package computes every
number of the solution.
"""

from pathlib import Path

import torch

from made_course import build_masks, connectivity, direct_mask, input_degrees
from made_course.common.words import factorization, hat, variable_names

PAGE = Path(__file__).parents[2] / "docs" / "worksheet.html"
ORDERING = [3, 0, 2, 1]
HIDDEN = [1, 3, 1, 3]  # no unit of degree 2, so that no path reaches an allowed pair
STYLE = """
body { font: 11pt/1.35 system-ui, sans-serif; max-width: 46em; margin: 1em auto; }
section + section { break-before: page; }
h1 { font-size: 15pt; }
ol { display: grid; grid-template-columns: 1fr 1fr; gap: 1.2em 3em; padding-left: 1.5em; }
li:nth-child(n + 5) { grid-column: 1 / 3; }
table { border-collapse: collapse; margin-top: 0.5em; }
th, td { border: 1px solid black; width: 2.2em; height: 1.7em; text-align: center; }
th { white-space: nowrap; padding: 0 0.4em; font-weight: normal; background: #eee; }
p.line { border-bottom: 1px solid black; min-height: 1.6em; margin: 0.3em 0; font-weight: bold; }
@page { margin: 15mm; }
@media (max-width: 34em) {
  body { margin: 1em; }
  ol { display: block; }
  th, td { width: 1.7em; }
}
"""


def grid(rows, columns, entries, solved):
    """Return an HTML table with headings; its entries are blank unless ``solved``."""
    head = "".join(f"<th>{column}</th>" for column in ["", *columns])
    body = "".join(
        f"<tr><th>{row}</th>"
        + "".join(f"<td>{int(entry) if solved else ''}</td>" for entry in line)
        + "</tr>"
        for row, line in zip(rows, entries, strict=True)
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def describe_pairs(matrix, verb, names):
    """Return text such as "x̂₁ sees x₂", for the output and input of each true entry."""
    found = matrix.nonzero().tolist()
    return ", ".join(f"{hat(names[i])} {verb} {names[j]}" for i, j in found)


def section(solved):
    """Return the worksheet as HTML, with its solution if ``solved``."""
    names = variable_names(len(ORDERING))
    outputs, units = [hat(name) for name in names], [f"h{'₁₂₃₄'[k]}" for k in range(len(HIDDEN))]
    order, hidden = input_degrees(torch.tensor(ORDERING)), torch.tensor(HIDDEN)
    first, output = build_masks([order, hidden])
    reached, allowed = connectivity([first, output]), direct_mask(order)
    leaking = connectivity([first, order[:, None] >= hidden[None, :]]) & ~allowed
    missing = allowed & ~reached
    repaired = connectivity(build_masks([order, torch.tensor([*HIDDEN, 2])]))
    if not repaired.equal(allowed):
        raise ValueError("a unit of degree 2 must repair the network of the worksheet")

    def answer(text):
        return f'<p class="line">{text if solved else ""}</p>'

    first_rows = [f"{unit}: {degree}" for unit, degree in zip(units, HIDDEN, strict=True)]
    paths = output.int() @ first.int()
    return f"""<section>
<h1>Masks on paper{": solution" if solved else ""}</h1>
<p>Four yes-or-no variables in the ordering {", ".join(names[i] for i in ORDERING)}. One hidden
layer of four units, whose degrees are {", ".join(map(str, HIDDEN))}. A row is a unit that
sees, a column is one that is seen. A hidden unit sees degrees that are not larger than its own. An
output sees only smaller degrees.</p>
<ol>
<li>Write down the degree of each variable: the step, from 1, at which it is generated.
{grid(["degree"], names, [order], solved)}</li>
<li>The first mask: write a 1 where a unit may see an input, else a 0.
{grid(first_rows, names, first, solved)}</li>
<li>The mask of the outputs. The degree of an output is that of its variable.
{grid(outputs, units, output, solved)}</li>
<li>How many paths lead from each input to each output? Each goes through one unit.
{grid(outputs, names, paths, solved)}</li>
<li>Which output may see a variable, but no path leads there?
{answer(describe_pairs(missing, "may see", names))}
Which degree must a fifth unit have to repair it? {answer("2")}</li>
<li>By mistake the mask of the outputs has “not larger” instead of “smaller”. Which outputs see
their own variable now, and why not the others? {answer(describe_pairs(leaking, "sees", names))}
{answer("Only their degrees, 3 and 1, are those of units: no unit has degree 2 or 4.")}
</li>
<li>Write p(x) as a product of conditionals in this ordering.
{answer(factorization(names, [[i] for i in ORDERING]))}</li>
</ol>
</section>
"""


def page():
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">\n'
        f"<title>Masks on paper</title>\n<style>{STYLE}</style></head>\n<body>\n"
        f"{section(solved=False)}{section(solved=True)}</body>\n</html>\n"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote docs/{PAGE.name}")

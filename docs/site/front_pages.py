"""The pages that draw: the front page, one to try the model on, and the museum's first exhibit."""

import json
import re
from base64 import b64decode, b64encode
from io import BytesIO
from pathlib import Path

import nbformat
import numpy as np
import torch
from packed import pack
from PIL import Image, ImageOps
from sphinx.application import Sphinx

from made_course import MaskExplorer, load_binarized_mnist, load_pretrained
from made_course.widgets.shared.base import joined_modules
from made_course.widgets.shared.without_kernel import standalone_html

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
THUMBNAIL = (460, 258)
SHOWN = {
    "00": ("From the top, 8 images", (0.1, 0, 0.548, 1)),
    "01": ("Tree of 20 days", (0, 0.08, 0.8, 0.93)),
    "02": ("How far 16 outputs", (0.09, 0, 0.787, 0.905)),
    "03": ("Of 24 connections", (0.24, 0.07, 1, 0.553)),
    "04": ("From the ordering", (0.21, 0.17, 0.56, 0.82)),
    "05": ("4 images of", (0.336, 0.302, 1, 0.903)),
    "06": ("become final as pixels are drawn", (0.565, 0.075, 1, 0.39)),
    "07": ("Orderings: rows", (0.248, 0.105, 1, 0.485)),
    "08": ("p(x₂ | x₁ = 0)", (0, 0.5, 1, 1)),
    "09": ("pixels before it the output", (0.253, 0.19, 0.748, 0.86)),
    "10": ("Which output sees which input", (0.068, 0.155, 0.678, 0.83)),
    "11": ("Least nats of a board", (0.595, 0.125, 1, 0.87)),
    "12": ("orderings cost less than", (0, 0, 1, 1)),
}
"""Words of the text of each notebook's figure, and its part: left, top, right, bottom."""
EXHIBIT = "<!-- the network that trains in the page -->"
"""Comment in the museum that the widget replaces."""
ROW = re.compile(
    r"^\| \[(\d+) · ([^]]+)\]\((notebooks/\w+)\.ipynb\) \| ([^|]+) \| (\d+ to \d+) \|$",
    re.MULTILINE,
)
"""A notebook in README's table: number, title, path, question, minutes."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Fill the pages, and write the model beside them."""
    app.connect("html-page-context", _fill)
    app.connect("build-finished", _write_model)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _fill(app: Sphinx, name: str, template: str, context: dict, doctree: object) -> None:
    if name == "index":
        packed = np.packbits(_shelf().bool().numpy(), axis=1)
        shown = [b64encode(row.tobytes()).decode() for row in packed]
        context |= {"cards": cards(), "script": _scripts("drawing", shown=shown)}
    elif name == "try":
        context |= {"script": _scripts("try", examples=examples()), "laboratory": _laboratory()}
    elif name == "docs/museum":
        context["body"] = context["body"].replace(EXHIBIT, _laboratory())


def _laboratory() -> str:
    """Return the network that trains in the page, as HTML."""
    return standalone_html(MaskExplorer("boards"))


def _shelf() -> torch.Tensor:
    """Draw the twelve digits that the front page shows until its model is loaded."""
    return load_pretrained().sample(12, generator=torch.Generator().manual_seed(3))


def cards() -> list[dict[str, str]]:
    """Return number, title, address, question, minutes and part of a figure of each notebook."""
    found = ROW.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    keys = ("number", "title", "path", "question", "minutes")
    return [dict(zip(keys, row, strict=True)) | {"image": _thumbnail(row[2])} for row in found]


def _thumbnail(path: str) -> str:
    words, part = SHOWN[Path(path).name[:2]]
    pngs = [
        output.data["image/png"]
        for cell in nbformat.read(ROOT / f"{path}.ipynb", as_version=4).cells
        for output in cell.get("outputs", [])
        if words in output.get("metadata", {}).get("image/png", {}).get("alt", "")
    ]
    if len(pngs) != 1:
        raise ValueError(f"{len(pngs)} figures of {path} say {words!r}: see SHOWN")
    figure = Image.open(BytesIO(b64decode(pngs[0]))).convert("RGBA")
    figure = Image.alpha_composite(Image.new("RGBA", figure.size, "white"), figure).convert("RGB")
    box = tuple(share * size for share, size in zip(part, 2 * figure.size, strict=True))
    file = BytesIO()
    ImageOps.pad(figure.crop(box), THUMBNAIL, color="white").save(file, "WEBP", quality=80)
    return "data:image/webp;base64," + b64encode(file.getvalue()).decode()


def examples() -> list[str]:
    """Return 40 digits of the small test set, as zeros and ones, for completing their halves."""
    digits = load_binarized_mnist("small")[1][:40]
    return ["".join(str(int(pixel)) for pixel in digit) for digit in digits]


def _scripts(name: str, **values: object) -> str:
    """Join the sampler, the parts that both pages share, and a page's own script."""
    parts = [HERE / "scripts" / f"{part}.js" for part in ("unpack", "paint", name)]
    given = [f"const {key} = {json.dumps(value)};\n" for key, value in values.items()]
    sampler = joined_modules("sampler").replace("export ", "")
    return "".join([sampler, *given, *(part.read_text(encoding="utf-8") for part in parts)])


def _write_model(app: Sphinx, problem: Exception | None) -> None:
    """Write the model that draws, as a script, which a page from a disk may load; and a still."""
    if problem is not None or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    text = f"begin({json.dumps(pack(load_pretrained()))});\n"
    (static / "model.js").write_text(text, encoding="utf-8")
    line = _shelf().view(12, 28, 28).transpose(0, 1).reshape(28, 336)
    Image.fromarray((255 * (1 - line)).byte().numpy()).save(static / "still.png")

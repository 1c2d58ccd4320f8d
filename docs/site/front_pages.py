"""The pages that draw: the front page, one to try the model on, and the museum's first exhibit."""

import json
from base64 import b64encode
from pathlib import Path

import numpy as np
import torch
from cards import cards
from packed import pack
from PIL import Image
from sphinx.application import Sphinx

from made_course import MaskExplorer, load_binarized_mnist, load_pretrained
from made_course.widgets.shared.base import joined_modules
from made_course.widgets.shared.without_kernel import standalone_html

HERE = Path(__file__).parent
EXHIBIT = "<!-- the network that trains in the page -->"
"""Comment in the museum that the widget replaces."""


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
        context |= {
            "script": _scripts("try", examples=examples()),
            "laboratory": standalone_html(MaskExplorer(direct=True)),
        }
    elif name == "docs/museum":
        context["body"] = context["body"].replace(EXHIBIT, standalone_html(MaskExplorer("boards")))


def _shelf() -> torch.Tensor:
    """Draw the twelve digits that the front page shows until its model is loaded."""
    return load_pretrained().sample(12, generator=torch.Generator().manual_seed(3))


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

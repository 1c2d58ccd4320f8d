"""The fonts that the pages bring along, cut down to the signs of mathematics that they show."""

from importlib.resources import files
from pathlib import Path

import matplotlib
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

_SHIPPED = Path(matplotlib.get_data_path(), "fonts", "ttf")
FONTS = {
    "formulas": files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf",
    "signs": _SHIPPED / "DejaVuSans.ttf",
    "signs-mono": _SHIPPED / "DejaVuSansMono.ttf",
}
"""Name of a file beside the pages → the font: STIX Two Math (OFL), DejaVu (Bitstream Vera)."""
_ASCII = range(0x20, 0x7F)
_SLANTED = [0x210E, *range(0x1D434, 0x1D468), *range(0x1D6FC, 0x1D71C)]
"""What browsers set for x and σ in a formula."""
_LICENCE = [0, 13, 14]
"""Names that stay in a font: copyright, licence, its address."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the fonts once all pages and scripts are there."""
    app.connect("build-finished", _write, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _keep_low_roots(font: TTFont) -> None:
    """Take tall roots away: browsers leave the room of the widest behind each, however low."""
    variants = font["MATH"].table.MathVariants
    root = variants.VertGlyphConstruction[variants.VertGlyphCoverage.glyphs.index("uni221A")]
    del root.MathGlyphVariantRecord[1:]
    root.GlyphAssembly = None


def _write(app: Sphinx, problem: Exception | None) -> None:
    if problem is not None or app.builder.format != "html":
        return
    written = [*Path(app.outdir).rglob("*.html"), *Path(app.outdir).glob("_static/widget-*.js")]
    signs = set().union(*(file.read_text(encoding="utf-8") for file in written))
    for name, path in FONTS.items():
        options = subset.Options(flavor="woff", name_IDs=_LICENCE)
        font = subset.load_font(str(path), options)
        if name == "formulas":
            _keep_low_roots(font)
        cut = subset.Subsetter(options)
        cut.populate(unicodes={*map(ord, signs), *_ASCII, *_SLANTED})
        cut.subset(font)
        subset.save_font(font, str(Path(app.outdir, "_static", f"{name}.woff")), options)

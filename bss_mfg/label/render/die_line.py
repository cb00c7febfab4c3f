"""The die line of labels that are not cut square, as a print shop expects it: in an ink and a layer of its own.

A hairline along each label's contour, in the spot ink `CutContour`, that overprints; its layer (optional content, ISO
32000-1, 8.11) says by ISO 19593-1 that it is for cutting, so that a press or a cutter takes it off the print.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.label.layout.contour import Contour
from bss_mfg.label.layout.page_layout import PageLayout

if TYPE_CHECKING:
    import pikepdf

INK = "CutContour"
"""The name by which cutters and the programs before a press know the ink."""
RESOURCE = "DieLine"
MIN_VERSION = "1.6"
"""Of PDF: layers came with 1.5, and PDF/X-4 is made of 1.6."""
_LINE_POINTS = 0.25
_KAPPA = 0.5522848
"""How far the handles of a quarter of a circle lie, for a radius of 1."""
_MAGENTA = (48, 74, -3)
"""How the ink is shown, in Lab under D50: a colour that fits any output intent."""
_D50 = (0.9642, 1, 0.8249)


def has_die_line(layout: PageLayout) -> bool:
    """Whether a PDF shows where the labels are cut, and crop marks alone can't say it."""
    media = layout.template.definition.media
    return media.crop_marks and layout.grid.edge_mm > 0 and not Contour.of(media).is_rectangle


def add_die_line(document: pikepdf.Pdf, layout: PageLayout) -> str:
    """Put the die line into a document and into its pages' resources. Gives the operators that show it on a page."""
    import pikepdf

    width, height = layout.page_points
    form = document.make_stream(
        f"/Ink CS 1 SCN /Over gs {_LINE_POINTS:g} w {_paths(layout)}".encode(),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Form,
        BBox=[0, 0, round(width, 4), round(height, 4)],
        OC=_layer(document),
        Resources=_resources(),
    )
    for page in document.pages:
        page.add_resource(form, pikepdf.Name.XObject, pikepdf.Name(f"/{RESOURCE}"), replace_existing=True)
    return f"/{RESOURCE} Do"


def _layer(document: pikepdf.Pdf) -> Any:
    """A layer for cutting, which is shown. PDF/A and PDF/X want the configuration named, and all layers in it."""
    import pikepdf

    cutting = pikepdf.Dictionary(GTS_ProcStepsGroup=pikepdf.Name.Structural, GTS_ProcStepsType=pikepdf.Name.Cutting)
    layer = document.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name=pikepdf.String("Die line"), GTS_Metadata=cutting)
    )
    document.Root.OCProperties = pikepdf.Dictionary(
        OCGs=[layer], D=pikepdf.Dictionary(Name=pikepdf.String("Default"), Order=[layer])
    )
    return layer


def _resources() -> pikepdf.Dictionary:
    import pikepdf

    lab = pikepdf.Dictionary(WhitePoint=list(_D50), Range=[-128, 127, -128, 127])
    shown = pikepdf.Array([pikepdf.Name.Lab, lab])
    tint = pikepdf.Dictionary(FunctionType=2, Domain=[0, 1], C0=[100, 0, 0], C1=list(_MAGENTA), N=1)
    ink = pikepdf.Array([pikepdf.Name.Separation, pikepdf.Name(f"/{INK}"), shown, tint])
    overprint = pikepdf.Dictionary(Type=pikepdf.Name.ExtGState, OP=True, op=True, OPM=1)
    return pikepdf.Dictionary(ColorSpace=pikepdf.Dictionary(Ink=ink), ExtGState=pikepdf.Dictionary(Over=overprint))


def _paths(layout: PageLayout) -> str:
    """The contours of all places as closed paths, in points from the page's lower left corner."""
    return " ".join(_contour(layout, left, top) for left, top in layout.places)


def _contour(layout: PageLayout, left: float, top: float) -> str:
    contour, printer = Contour.of(layout.template.definition.media), layout.printer
    width, height = contour.width, contour.height
    radius_x, radius_y = contour.radius_x, contour.radius_y
    rest_x, rest_y = radius_x * (1 - _KAPPA), radius_y * (1 - _KAPPA)

    def at(*points: tuple[float, float]) -> str:
        return " ".join(
            f"{(left + x * printer.scale_x) * POINTS_PER_MM:.3f} "
            f"{layout.page_points[1] - (top + y * printer.scale_y) * POINTS_PER_MM:.3f}"
            for x, y in points
        )

    right, low = width - radius_x, height - radius_y
    return (
        f"{at((radius_x, 0))} m {at((right, 0))} l "
        f"{at((width - rest_x, 0), (width, rest_y), (width, radius_y))} c {at((width, low))} l "
        f"{at((width, height - rest_y), (width - rest_x, height), (right, height))} c {at((radius_x, height))} l "
        f"{at((rest_x, height), (0, height - rest_y), (0, low))} c {at((0, radius_y))} l "
        f"{at((0, rest_y), (rest_x, 0), (radius_x, 0))} c h S"
    )

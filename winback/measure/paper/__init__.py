"""What reports are written on: pages that need nothing else, their tables and their charts."""

from winback.measure.paper._charts import (
    COLORS,
    MARKERS,
    Chart,
    Drawn,
    as_svg,
    canvas,
    drawing,
    inline,
)
from winback.measure.paper._pages import templates

__all__ = [
    "COLORS",
    "MARKERS",
    "Chart",
    "Drawn",
    "as_svg",
    "canvas",
    "drawing",
    "inline",
    "templates",
]

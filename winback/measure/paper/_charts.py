"""Charts as SVG that stands by itself: no script, no font, no network; on light and dark paper."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# A chart's title, what it says and its SVG.
Drawn = tuple[str, str, str]
# Okabe and Ito's: told apart by color-blind readers; the first two also in gray.
COLORS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")
MARKERS: Final = ("o", "s", "^", "D")
# The page's own color of text, which fits its paper.
_INK: Final = "#010203"
_STYLE: Final[dict[Any, Any]] = {
    # Text stays text: it can be read aloud, searched and copied.
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#88888855",
    "axes.edgecolor": "#888888",
    "xtick.color": "#888888",
    "ytick.color": "#888888",
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "axes.labelcolor": _INK,
    "text.color": _INK,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "savefig.transparent": True,
}


@dataclass(frozen=True)
class Chart:
    """A drawing with what it shows in words."""

    title: str
    says: str
    svg: str


@contextmanager
def drawing(salt: str) -> Iterator[None]:
    """Draw in the style of our pages; the same figures with the same `salt` give the same file."""
    import matplotlib as mpl  # a second, and only a report needs it

    with mpl.rc_context({**_STYLE, "svg.hashsalt": salt}):
        yield


def canvas(title: str, *, height: float) -> tuple[Figure, Axes]:
    """An empty chart, `height` inches high and eight wide."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title)
    axes.grid(visible=False, axis="x")
    return figure, axes


def as_svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def inline(drawn: Iterable[Drawn]) -> list[Chart]:
    """Charts of one page, each from its title, what it says and its SVG."""
    return [
        Chart(title, says, _inline(svg, f"chart{number}", title, says))
        for number, (title, says, svg) in enumerate(drawn, start=1)
    ]


def _inline(svg: str, own: str, title: str, says: str) -> str:
    """One of several drawings in a page: ids of its own, and a text for who can't see it."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="', f'id="{own}-', body)
    body = re.sub(r"url\(#", f"url(#{own}-", body)
    body = re.sub(r'href="#', f'href="#{own}-', body)
    body = body.replace(_INK, "currentColor")
    # The page says how wide it is; the view box keeps the shape.
    body = re.sub(r'<svg ([^>]*?)height="[^"]*"', r"<svg \1", body, count=1)
    body = re.sub(r'<svg ([^>]*?)width="[^"]*"', r"<svg \1", body, count=1)
    words = (
        f'<title id="{own}-title">{escape(title)}</title>'
        f'<desc id="{own}-desc">{escape(says)}</desc>'
    )
    opening = body.index(">") + 1
    described = body[: opening - 1] + f' role="img" aria-labelledby="{own}-title {own}-desc">'
    return described + words + body[opening:]

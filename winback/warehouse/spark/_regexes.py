"""Regular expressions as DuckDB reads them (RE2), for Java's engine, which Spark uses.

A pattern that both would read differently is refused.
"""

from __future__ import annotations

from typing import Final

from winback.base.errors import WinbackError


class Untranslatable(WinbackError):
    """What Spark would do otherwise than DuckDB, or what nobody has compared yet."""


def _refused(text: str, why: str) -> Untranslatable:
    return Untranslatable(
        f"Java would not read as DuckDB does, since it {why}: {text}. Next: write it otherwise"
    )


# Without it, a dot also stops at four other line ends, and `$` stands before the last of them.
_UNIX_LINES: Final = "(?d)"
_ESCAPES: Final = frozenset("\\.+*?()[]{}|^$/-nrtdDwWpP")
_BLANKS: Final = "\\t\\n\\f\\r "


def java_pattern(pattern: str) -> str:
    """The same pattern for Java. Raises Untranslatable."""
    out, at, inside = [], 0, False
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            part, taken = _escaped(pattern, at, inside=inside), 2
        elif inside:
            part, taken = _in_class(pattern, at), 1
            inside = char != "]"
        else:
            part, taken = _outside(pattern, at)
            inside = char == "["
        out.append(part)
        at += taken
    if inside:
        raise _refused(pattern, "does not close a class")
    return _UNIX_LINES + "".join(out)


def _in_class(pattern: str, at: int) -> str:
    """Java nests classes and intersects them; RE2 takes the same signs as they stand."""
    nests = pattern[at] == "[" or pattern[at : at + 2] == "&&"
    return f"\\{pattern[at]}" if nests else pattern[at]


def _outside(pattern: str, at: int) -> tuple[str, int]:
    """What stands outside of a class, and how many signs of the pattern it took."""
    char = pattern[at]
    if char == "[":
        opening = "[^" if pattern[at + 1 : at + 2] == "^" else "["
        if pattern[at + len(opening) : at + len(opening) + 1] in ("]", "["):
            raise _refused(pattern, "begins a class with a bracket")
        return opening, len(opening)
    if pattern[at : at + 2] == "(?" and pattern[at + 2 : at + 3] != ":":
        raise _refused(pattern, "sets a flag or looks around")
    return ("\\z" if char == "$" else char), 1


def _escaped(pattern: str, at: int, *, inside: bool) -> str:
    letter = pattern[at + 1 : at + 2]
    if letter == "s":
        return _BLANKS if inside else f"[{_BLANKS}]"
    if letter == "z" and not inside:
        return "\\z"
    if letter not in _ESCAPES:
        raise _refused(pattern, "has an escape that nobody has compared yet")
    return "\\" + letter


def java_literal(text: str) -> str:
    """A pattern that matches this text alone."""
    return "".join(f"\\{char}" if not (char.isalnum() or char == " ") else char for char in text)


def java_replacement(text: str) -> str:
    """What replaces a match: groups by a backslash in DuckDB, by a dollar in Java."""
    out, at = [], 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            digit = text[at + 1 : at + 2]
            if not digit.isdigit():
                raise _refused(text, "has a backslash without a group")
            out.append(f"${digit}")
            at += 1
            if text[at + 1 : at + 2].isdigit():
                raise _refused(text, "has a digit after a group")
        else:
            out.append("\\$" if char == "$" else char)
        at += 1
    return "".join(out)

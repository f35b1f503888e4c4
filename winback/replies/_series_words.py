"""Check the keywords of series, as an analyst wrote them: none may mean anything else."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Final

from winback.base.content_series import Series, read_series
from winback.base.errors import BuildFailure
from winback.replies._classify import plain_words
from winback.replies._reading import classify

# The intents that a keyword may also have: nothing follows from them.
_FREE: Final = frozenset({"other", "question", "feedback"})


def check_series_words(folder: Path) -> None:
    """Raise BuildFailure where a keyword means stop, start, help or yes, or joins two series."""
    try:
        series = read_series(folder)
    except FileNotFoundError:
        return
    except (ValueError, KeyError, csv.Error) as problem:
        raise _refused(f"can't be read ({type(problem).__name__}: {problem})") from None
    for one in series:
        for word in _words(one):
            _check_word(one, word)
    said = Counter(plain_words(word) for one in series for word in _words(one))
    twice = sorted(word for word, count in said.items() if count > 1)
    if twice:
        raise _refused(f"the word {twice[0]!r} stands there {said[twice[0]]} times")


def _words(series: Series) -> tuple[str, ...]:
    return (*series.keywords, series.leave_keyword)


def _check_word(series: Series, word: str) -> None:
    whose = f"the word {word!r} of the series {series.series_id}"
    if not plain_words(word):
        raise _refused(f"{whose} has no letter")
    meaning = classify(word)
    if meaning not in _FREE:
        raise _refused(f"{whose} means {meaning}")
    if classify(word, is_opted_out=True) == "start":
        raise _refused(f"{whose} means start to who is opted out")


def _refused(what: str) -> BuildFailure:
    return BuildFailure(
        f"seed content_series.csv: {what}. Next: choose words that mean nothing else "
        "(`winback classify` tells), then run it again"
    )

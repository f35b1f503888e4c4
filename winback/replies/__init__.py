"""Replies: find a customer's own words in what came back, and classify what they ask for."""

from winback.replies._classify import (
    Intent,
    is_listed,
    is_one_of,
    lapse_reason,
    lapse_words,
)
from winback.replies._html import text_of
from winback.replies._plain import clean
from winback.replies._quoted import own_words, shortened
from winback.replies._reading import UNREAD, Reading, classify, read_reply, their_words
from winback.replies._series_words import check_series_words
from winback.replies._stops import is_keyword

__all__ = [
    "UNREAD",
    "Intent",
    "Reading",
    "check_series_words",
    "classify",
    "clean",
    "is_keyword",
    "is_listed",
    "is_one_of",
    "lapse_reason",
    "lapse_words",
    "own_words",
    "read_reply",
    "shortened",
    "text_of",
    "their_words",
]

"""Foreign text on a page: names out of a link, messages of errors, sentences of papers."""

from __future__ import annotations


def escape(text: str) -> str:
    """Text as it is, whatever Markdown would make of it."""
    for mark in "\\`*_{}[]<>()#+-!|$~:":
        text = text.replace(mark, "\\" + mark)
    return text

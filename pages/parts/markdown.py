"""Foreign text on a page: names out of a link, of files, messages of errors, sentences of papers."""

from __future__ import annotations

LETTERS = 40  # of a file's name that are shown


def escape(text: str) -> str:
    """Text as it is, whatever Markdown would make of it."""
    for mark in "\\`*_{}[]<>()#+-!|$~:":
        text = text.replace(mark, "\\" + mark)
    return text


def tidy(name: str) -> str:
    """A file's name as a title: it comes from the visitor's computer and may hold anything."""
    plain = "".join(letter for letter in name if letter.isprintable()).strip()
    return plain if len(plain) <= LETTERS else plain[: LETTERS - 1] + "…"

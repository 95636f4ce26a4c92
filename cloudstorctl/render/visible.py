"""Escapes: text that came from a swarm, made safe to print and still telling what it is."""

from __future__ import annotations


def visible(text: str) -> str:
    r"""Give `text` with what a reader would not see as escapes: `\x1b`, `\n`, `\u202e`.

    A volume's name is a directory's name, which may hold anything: a terminal must never obey it,
    and no two names may look alike. So blanks at either end are escaped too (`\x20`).
    """
    bare = text.strip(" ")
    if bare == text:
        return _escaped(text)
    before = len(text) - len(text.lstrip(" "))
    after = len(text) - len(bare) - before
    return r"\x20" * before + _escaped(bare) + r"\x20" * after


def visible_lines(text: str) -> str:
    """Give `text` escaped, but with its line breaks and the blanks around them as they are."""
    return "\n".join(_escaped(line) for line in text.split("\n"))


def _escaped(text: str) -> str:
    # Python's idea of what prints leaves out control, format, separator and surrogate characters.
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )

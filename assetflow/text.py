"""Text from outside, made harmless for a terminal: what would move the cursor, set a title or turn the line around.

`clean` is for a part of a line (a cell, a name, an error), `clean_screen` for whole lines that we have coloured.
"""

from __future__ import annotations

import re
import unicodedata

REPLACED = "\N{REPLACEMENT CHARACTER}"
OBEYED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control, format (bidirectional, zero-width), half a pair, line and paragraph separators."""

OUR_COLOURS = r"(\x1b\[(?:0|1|2|31|32|33|34|35|36)m)"
_IN_JSON = "[\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0001-\U000e007f]"  # fmt: skip  # noqa: E501


def clean(text: str, *, lines: bool = False) -> str:
    """The text with a replacement character for each that a terminal obeys; `lines` leaves line breaks and tabs."""
    if text.isascii() and text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join(
        character if character in kept or unicodedata.category(character) not in OBEYED else REPLACED
        for character in text
    )


def clean_screen(text: str) -> str:
    """Lines for a terminal, with our own colours left in and nothing else that it obeys."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        part if number % 2 else clean(part, lines=True) for number, part in enumerate(re.split(OUR_COLOURS, text))
    )


def clean_json(text: str) -> str:
    r"""JSON with such characters written as `\u202e`: the same document, and harmless on a terminal."""
    return text if text.isascii() else re.sub(_IN_JSON, lambda found: json_escape(found[0]), text)


def ascii_json(text: str) -> str:
    """JSON in ASCII: the same document."""
    return text if text.isascii() else re.sub(r"[^\x00-\x7f]", lambda found: json_escape(found[0]), text)


def printable(text: str) -> str:
    """The text on one line, letter for letter, so that a caret below it stands where it should."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def is_text(path: str) -> bool:
    """False for the name of a file whose bytes are no text here, which no engine can open."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def as_shown(path: str) -> str:
    """A name that is no text, with its bytes written out."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


NOT_TEXT = "Rename it. Or, where names with other letters than a to z look like that: set LC_ALL=C.UTF-8."


def json_escape(character: str) -> str:
    number = ord(character)
    if number < 0x10000:
        return f"\\u{number:04x}"
    number -= 0x10000
    return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"


def display_width(text: str) -> int:
    """Columns of a terminal that a text takes: East Asian wide characters take two, combining ones none."""
    return len(text) if text.isascii() else sum(map(character_width, text))


def character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1

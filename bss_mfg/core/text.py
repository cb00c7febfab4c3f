"""Text made safe and plain: hostile text shown as escapes, numbers of things in words."""

from __future__ import annotations


def printable(text: str, limit: int = 200) -> str:
    """Hostile text made harmless: printable ASCII stays, everything else is shown as an escape."""
    shown = "".join(
        character if " " <= character <= "~" and character != "\\" else _escape(character) for character in text[:limit]
    )
    return shown + ("..." if len(text) > limit else "")


def printable_name(name: str) -> str:
    """A file's name made harmless: letters of any language stay, control and direction marks are shown as escapes."""
    return "".join(character if character.isprintable() else _escape(character) for character in name)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{{{code:x}}}"


def counted(number: int, thing: str) -> str:
    """A number of things in words."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"

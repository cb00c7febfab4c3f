"""A Korean input method to type on: libhangul, through ctypes."""

from __future__ import annotations

import ctypes
import ctypes.util


def type_hangul(text: str) -> str:
    """What a text becomes that a scanner types while Hangul is on (Dubeolsik)."""
    library = ctypes.CDLL(ctypes.util.find_library("hangul"))
    library.hangul_ic_new.restype = ctypes.c_void_p
    library.hangul_ic_process.restype = ctypes.c_bool
    for name in ("hangul_ic_get_commit_string", "hangul_ic_flush"):
        getattr(library, name).restype = ctypes.POINTER(ctypes.c_uint32)
    context = ctypes.c_void_p(library.hangul_ic_new(b"2"))

    def characters(found: ctypes._Pointer[ctypes.c_uint32]) -> str:
        read, place = "", 0
        while found[place]:
            read, place = read + chr(found[place]), place + 1
        return read

    typed = ""
    for character in text:
        used = library.hangul_ic_process(context, ord(character))
        typed += characters(library.hangul_ic_get_commit_string(context))
        if not used:
            typed += character
    typed += characters(library.hangul_ic_flush(context))
    library.hangul_ic_delete(context)
    return typed

"""Two recordings of the session: what differs, and which messages only read otherwise.

The same must be: exit codes, JSON documents, results and tables on standard output, files, rows of ledgers. Only the
wording of messages may differ: prose on standard error and in help, sentences of a report, the members of a document
that hold prose (`detail`, `way_out` ...). Of such a text its facts are held: numbers, names, paths, options, words in
capitals.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch, fnmatchcase
from html import unescape
from itertools import zip_longest
from typing import Any, Literal

PROSE = {
    **dict.fromkeys(("detail", "what", "way_out", "note", "notes", "problems", "fix", "trouble", "next_size", "why",
                     "description", "left_out"), frozenset[str]()),
    "reason": frozenset({"file"}), "text": frozenset({"row"}), "found": frozenset({"fix"}),
}  # fmt: skip
"""Members of JSON documents whose texts are for people, and what stands beside them where they are that."""
PROSE_COMMANDS = ("inspect", "verify", "scan", "reconcile", "preflight", "doctor", "demo", "history", "run", "--check")
"""Commands with sentences among what they print; of all others standard output is the same to the letter."""
PROSE_FILES = ("*report*.html", "*report*.pdf", "*report*.csv", "*report*.json", "verification.html")
"""Files that hold sentences for people, among other things."""

Kind = Literal["difference", "values", "wording"]
"""`values`: a message says other numbers or names than before; for a person to look at."""


@dataclass(frozen=True)
class Found:
    """One thing that is not as before. `where`: standard error, a file, a member of a document ..."""

    command: str
    kind: Kind
    where: str
    before: str
    after: str


@dataclass(frozen=True)
class Expected:
    """Differences that are wanted, and why: patterns of commands (`SCENE: COMMAND`) and of places."""

    command: str
    where: str
    why: str


def compare(before: list[Any], after: list[Any], *, wording: bool = False, expected: Sequence[Expected] = ()) -> int:
    """Print what differs; 0 if nothing does but wording and what is expected, else 1."""
    found, wanted = [], Counter[str]()
    for one in differences(before, after):
        why = next((it.why for it in expected if fnmatchcase(one.command, it.command)
                    and fnmatchcase(one.where, it.where)), "")  # fmt: skip
        if why and one.kind == "difference":
            wanted[why] += 1
        else:
            found.append(one)
    shown: tuple[Kind, ...] = ("difference", "values", "wording") if wording else ("difference", "values")
    for one in found:
        if one.kind in shown:
            print(f"{one.kind.upper()}: {one.command}\n  {one.where}\n  - {one.before}\n  + {one.after}")
    for why, times in wanted.items():
        print(f"EXPECTED: {times} times: {why}")
    counts = Counter(one.kind for one in found)
    print(
        f"{len(before)} commands: {counts['difference']} differences, {counts['values']} messages with other values, "
        f"{counts['wording']} texts with other wording only"
    )
    return 1 if counts["difference"] else 0


def differences(before: list[Any], after: list[Any]) -> Iterator[Found]:
    """All that is not as before, command by command."""
    if [(one["scene"], one["command"]) for one in before] != [(one["scene"], one["command"]) for one in after]:
        yield Found("the session", "difference", "commands", f"{len(before)} commands", f"{len(after)}, or others")
        return
    for old, new in zip(before, after, strict=True):
        command = f"{old['scene']}: {old['command']}"
        for kind, where, was, now in _of_command(old, new):
            yield Found(command, kind, where, was, now)


_Item = tuple[Kind, str, str, str]


def _of_command(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Item]:
    if old["code"] != new["code"]:
        yield "difference", "exit code", str(old["code"]), str(new["code"])
    yield from _document("steps before it", old.get("failed steps"), new.get("failed steps"))
    if "json" in old or "json" in new:
        yield from _document("JSON", old.get("json"), new.get("json"))
        yield from _document("form of JSON", old.get("form"), new.get("form"))
    elif re.search(r"(^| )(-h|--help)$", old["command"]):
        yield from _help(old["stdout"], new["stdout"])
    elif any(name in old["command"].split() for name in PROSE_COMMANDS):
        yield from _lines("stdout", old["stdout"], new["stdout"])
    elif old["stdout"] != new["stdout"]:
        yield "difference", "stdout", *_first(old["stdout"], new["stdout"])
    if old["stderr"] != new["stderr"]:
        same = _facts(old["stderr"]) == _facts(new["stderr"])
        yield "wording" if same else "values", "stderr", old["stderr"], new["stderr"]
    for name in sorted({*old["files"], *new["files"]}):
        yield from _file(name, old["files"].get(name, "not touched"), new["files"].get(name, "not touched"))
    for name in sorted({*old["ledgers"], *new["ledgers"]}):
        yield from _document(f"{name}:", old["ledgers"].get(name), new["ledgers"].get(name))


def _document(where: str, old: Any, new: Any, *, prose: bool = False) -> Iterator[_Item]:
    """Two values of a JSON document: the same members in the same order, the same values."""
    if old == new and (not isinstance(old, dict) or list(old) == list(new)):
        return
    if isinstance(old, dict) and isinstance(new, dict) and list(old) == list(new):
        for key in old:
            yield from _document(f"{where} {key}", old[key], new[key], prose=prose or PROSE.get(key, {""}) <= {*old})
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (was, now) in enumerate(zip(old, new, strict=True)):
            yield from _document(f"{where}[{number}]", was, now, prose=prose)
    elif prose and isinstance(old, str) and isinstance(new, str) and old and new:
        yield "wording" if _facts(old) == _facts(new) else "values", where, old, new
    else:
        yield "difference", where, *_part(old, new)


def _part(old: Any, new: Any) -> tuple[str, str]:
    """The part of two values that tells what differs: members that only one has, else their order; items likewise."""
    if isinstance(old, dict) and isinstance(new, dict):
        only = [{key: of for key, of in one.items() if key not in other} for one, other in ((old, new), (new, old))]
        pair: Sequence[Any] = only if any(only) else [f"members in this order: {list(one)}" for one in (old, new)]
    elif isinstance(old, list) and isinstance(new, list):
        pair = [[item for item in one if item not in other] for one, other in ((old, new), (new, old))]
        pair = [f"{len(one)} items: {_short(part)}" for one, part in zip((old, new), pair, strict=True)]
    else:
        pair = (old, new)
    return _short(pair[0]), _short(pair[1])


def _lines(where: str, old: str, new: str) -> Iterator[_Item]:
    """Two texts: as many lines, and in each line the same facts in the same order."""
    if old == new:
        return
    was, now = old.splitlines(), new.splitlines()
    changed = [pair for pair in zip(was, now, strict=False) if pair[0] != pair[1]]
    wrong = [pair for pair in changed if _words(pair[0]) != _words(pair[1])]
    if len(was) != len(now):
        first = _first(old, new)
        yield "difference", where, f"{len(was)} lines: {first[0]}", f"{len(now)} lines: {first[1]}"
    elif wrong or not changed:
        yield "difference", where, *(wrong[0] if wrong else (_short(old), _short(new)))
    else:
        yield "wording", where, "\n".join(pair[0] for pair in changed), "\n".join(pair[1] for pair in changed)


def _help(old: str, new: str) -> Iterator[_Item]:
    """Two help pages: the same usage, commands, options, choices and defaults."""
    if old == new:
        return
    was, now = _usage(old), _usage(new)
    if was != now:
        yield "difference", "help", _short(sorted(was - now)), _short(sorted(now - was))
    else:
        lines = old.splitlines(), new.splitlines()
        gone, come = ("\n".join(line for line in one if line not in other) for one, other in (lines, lines[::-1]))
        yield "wording", "help", gone, come


def _usage(text: str) -> Counter[str]:
    names = re.findall(r"(?m)^  (-\S+(?:, --\S+)?(?: [A-Z][A-Z. ]*)?|[a-z-]+)(?=  |$)", text)
    plain = " ".join(text.split())
    return Counter([*names, *re.findall(r"\[[^\]]+\]", plain), text.partition("\n")[0]])


def _file(name: str, old: Any, new: Any) -> Iterator[_Item]:
    """Two files: the same bytes, rights and size; of reports the wording may differ."""
    if old == new:
        return
    prose = any(fnmatch(name.rpartition("/")[2], pattern) for pattern in PROSE_FILES)
    if not (isinstance(old, dict) and isinstance(new, dict) and "text" in old and "text" in new):
        yield "difference", name, _short(old), _short(new)
        return
    bare = [{key: value for key, value in one.items() if key not in ("text", "sha256", "size")} for one in (old, new)]
    if bare[0] != bare[1] or old["text"] == new["text"]:  # other rights or pages; or bytes that no text tells of
        yield "difference", name, _short({**old, "text": "..."}), _short({**new, "text": "..."})
    elif not prose:
        yield "difference", name, *_first(old["text"], new["text"])
    else:
        found = list(_report(name, old["text"], new["text"]))
        same: Kind = "wording" if name.endswith(".html") else "difference"  # the same, written otherwise
        was, now = _first(old["text"], new["text"])
        yield from found or [(same, name, was, now)]


def _report(name: str, old: str, new: str) -> Iterator[_Item]:
    if name.endswith(".csv"):
        yield from _document(name, *(list(csv.DictReader(text.splitlines())) for text in (old, new)))
    elif name.endswith(".json"):
        yield from _document(name, json.loads(old), json.loads(new))
    elif name.endswith(".html"):  # as a browser takes it: however a character is written and lines are broken
        yield from _lines(name, *(re.sub(r">\s*<", ">\n<", unescape(text)).strip() for text in (old, new)))
    else:
        yield from _lines(name, old, new)


def _first(old: str, new: str) -> tuple[str, str]:
    """The first lines that are not the same."""
    pairs = zip_longest(old.splitlines(), new.splitlines(), fillvalue="(no more lines)")
    return next((pair for pair in pairs if pair[0] != pair[1]), (ascii(old[-80:]), ascii(new[-80:])))


def _facts(text: str) -> Counter[str]:
    return Counter(_words(text))


def _words(text: str) -> list[str]:
    """The words that are facts: with a digit, a slash or a dot inside, options, capitals, what was masked."""
    words = [word.strip(".,;:!?()'\"`") for word in text.split()]
    return [
        word
        for word in words
        if re.search(r"[0-9/\\<>{}_=]|\w\.\w", word) or word.startswith("--") or (word.isupper() and len(word) > 1)
    ]


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 400 else text[:400] + " ..."

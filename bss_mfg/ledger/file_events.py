"""Events of the files that all stations share."""

from __future__ import annotations

from collections.abc import Sequence

from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.event_record import EventRecord, key


class FilesPublished(EventRecord):
    """The files that all stations draw with were published: from now on these, and no others."""

    kind = EventKind.FILES_PUBLISHED
    files: int = key("how many there are now")
    digest: str = key("SHA-256 of their list: a line for each, `SHA-256  path`, ordered by path")
    changed: Sequence[str] = key("paths of those that are new or otherwise than before")
    withdrawn: Sequence[str] = key("paths of those that are no longer published", default=())

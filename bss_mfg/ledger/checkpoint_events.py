"""Events of the signed history: the site's key, its checkpoints, and what witnesses signed."""

from __future__ import annotations

from collections.abc import Sequence

from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.event_record import EventRecord, key


class SiteKeyMade(EventRecord):
    """The key was made that signs this ledger's checkpoints."""

    kind = EventKind.SITE_KEY_MADE
    site_key: str = key("its public part: a verifier key of C2SP's signed notes", name="key")


class CheckpointSigned(EventRecord):
    """The Merkle tree over all events before this one was signed."""

    kind = EventKind.CHECKPOINT_SIGNED
    size: int = key("how many events")
    site_key: str = key("the verifier key", name="key")
    note: str = key("the checkpoint, a signed note")
    subtrees: Sequence[str] = key("hashes of the tree's complete subtrees, the largest first: it grows from these")
    cause: str = key("`close`, `ship`, `export`, `day`, or `asked`")


class CheckpointCosigned(EventRecord):
    """Witnesses' signatures of a checkpoint came in."""

    kind = EventKind.CHECKPOINT_COSIGNED
    size: int = key("of the checkpoint")
    lines: Sequence[str] = key("lines of a signed note")


class CheckpointTimestamped(EventRecord):
    """An authority's timestamp of a checkpoint came in (RFC 3161)."""

    kind = EventKind.CHECKPOINT_TIMESTAMPED
    size: int = key("of the checkpoint")
    stamped_at: str = key("the time that was signed, UTC")
    authority: str = key("subject of the authority's certificate")
    answer: str = key("the authority's answer, base64 of DER")


class CheckpointWitnessed(EventRecord):
    """This site signed a checkpoint of another ledger as a witness."""

    kind = EventKind.CHECKPOINT_WITNESSED
    origin: str = key("name of that ledger")
    size: int = key("of its tree")
    root: str = key("of its tree, in hex")

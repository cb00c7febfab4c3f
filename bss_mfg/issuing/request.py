"""What a batch is to be, and the digest by which the same request is known when it comes again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bss_mfg.core.clock import UTC_ZONE, TimeZone
from bss_mfg.core.text import count_words, one_or
from bss_mfg.errors import InputError
from bss_mfg.model import REQUIRE_DEVICE, REQUIRE_VAULT_KEY_IN, Batch, Identity
from bss_mfg.payload.spec import SpecFile
from bss_mfg.workspace.product import LoadedProduct
from bss_mfg.workspace.product_fields import batch_facts, field_of_fact

_DEMANDS = (REQUIRE_DEVICE, REQUIRE_VAULT_KEY_IN)
"""Facts that only batches have whose product demands something."""


@dataclass(frozen=True)
class BatchRequest:
    """`units` units of a product, under the product's `spec`. Without a `batch_id` the batch gets the product's name
    and a running number. `identities` are walked more than once (a tuple, an `IdentityFile`), and never held. `zone` is
    the one that people go by: what serials and labels say of the day. `fields` are the batch's own, by name."""

    product: LoadedProduct
    spec: SpecFile
    units: int
    batch_id: str | None = None
    identities: Iterable[Identity] = ()
    zone: TimeZone = UTC_ZONE
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def identities_file(self) -> Path | str:
        """Where the identities come from; in words where that is no file."""
        path = getattr(self.identities, "path", None)
        return path if isinstance(path, Path) else "identities file"

    @property
    def facts(self) -> dict[str, str]:
        """What the batch keeps of its product, and its own fields; `InputError` where these are not the product's."""
        product = self.product.product
        own = batch_facts(product.batch_fields, product.fields, self.fields)
        # What the product says in a language counts no more where the batch has a value of its own.
        told = {name: value for name, value in product.facts.items() if field_of_fact(name) not in self.fields}
        return {**told, **own}


@dataclass(frozen=True)
class ReadRequest:
    """A request whose identities were read once: how many there are, and the SHA-256 (hex) of all that decides the
    batch. A second request with the same digest is the same command typed again."""

    request: BatchRequest
    identity_count: int
    digest: str

    def identities(self) -> Iterator[Identity]:
        """The identities once more; `InputError` at the end where they are not those that were read."""
        digest = _RequestDigest(_settings(self.request))
        for identity in self.request.identities:
            digest.add(identity)
            yield identity
        if digest.finish() != self.digest:
            raise InputError("the identities file was changed while it was read", way_out="Run the command again.")


def read_request(request: BatchRequest) -> ReadRequest:
    """Read the identities of a request; `InputError` where they or the units don't fill the packages."""
    size = request.product.product.units_per_package
    if request.units % size:
        raise InputError(
            f"{count_words(request.units, 'unit')} can't fill packages of {size}", way_out=f"Give a multiple of {size}."
        )
    digest = _RequestDigest(_settings(request))
    for identity in request.identities:
        digest.add(identity)
    if digest.identity_count and digest.identity_count != request.units:
        raise InputError(
            f"the identities file has {count_words(digest.identity_count, 'row')}, and "
            f"{count_words(request.units, 'unit')} {one_or(request.units, 'is', 'are')} to be issued",
            way_out="Make both numbers the same, or leave out --units.",
        )
    return ReadRequest(request, digest.identity_count, digest.finish())


def differences(batch: Batch, read: ReadRequest, issued_digest: str) -> list[str]:
    """What a request says otherwise than the one that a batch was issued with, in words."""
    asked = _settings(read.request)
    issued: dict[str, Any] = {
        "product": batch.product,
        "units": batch.units,
        "units_per_package": batch.units_per_package,
        "facts": {name: text for name, text in batch.facts.items() if name in {*asked["facts"], *_DEMANDS}},
        "stage": batch.stage,
        "key": batch.key_fingerprint,
    }
    before, after = _flat(issued), _flat(asked)
    found = [
        f"{name.replace('_', ' ')}: {value or 'none'}, it was {before.get(name) or 'none'}"
        for name, value in {**dict.fromkeys(_DEMANDS), **after}.items()
        if value != before.get(name)
    ]
    # The batch's own settings with these identities: if that isn't what was issued, the identities aren't.
    digest = _RequestDigest(issued)
    for identity in read.request.identities:
        digest.add(identity)
    if digest.finish() != issued_digest:
        count = count_words(read.identity_count, "identity", "identities") if read.identity_count else "none"
        found.append(f"identities: {count} given now, and they are not those that it was issued with")
    return found


def _settings(request: BatchRequest) -> dict[str, Any]:
    """What decides a batch, identities apart."""
    product = request.product.product
    return {
        "product": request.product.name,
        "units": request.units,
        "units_per_package": product.units_per_package,
        "facts": request.facts,
        "stage": product.stage,
        "key": request.product.key.fingerprint,
    }


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings and facts side by side; `code` is the UPC or EAN again."""
    own = {name: value for name, value in settings.items() if name != "facts"}
    return {**own, **{name: value for name, value in settings["facts"].items() if name != "code"}}


class _RequestDigest:
    """SHA-256 of a JSON object, whose list of identities is written as they come. The ledger keeps it: its text must
    never change."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        fields = {**settings, "identities": []}
        before, list_start, self._after = json.dumps(fields, sort_keys=True).partition('"identities": [')
        self._digest = hashlib.sha256(f"{before}{list_start}".encode())
        self.identity_count = 0

    def add(self, identity: Identity) -> None:
        extra = [dict(identity.extra)] if identity.extra else []
        text = json.dumps([identity.serial, str(identity.uuid or ""), identity.mac or "", *extra], sort_keys=True)
        self._digest.update(f"{', ' if self.identity_count else ''}{text}".encode())
        self.identity_count += 1

    def finish(self) -> str:
        self._digest.update(self._after.encode())
        return self._digest.hexdigest()

"""Events of packages on their way out: into cartons, onto pallets, out of the factory and back.

An act on several batches has one event for each; one on an empty carton or pallet has none of a batch.
"""

from __future__ import annotations

from collections.abc import Sequence

from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.event_record import EventRecord, key


class PackagesMoved(EventRecord):
    """Packages left the factory, or came back."""

    packages: Sequence[Sequence[int]] = key("numbers, as [first, last] of consecutive ones")
    count: int = key("how many")
    reference: str = key("as given", name="for", default="")


class PackagesShipped(PackagesMoved):
    """Packages left the factory."""

    kind = EventKind.PACKAGES_SHIPPED


class PackagesReturned(PackagesMoved):
    """Packages came back. They are in no carton any more."""

    kind = EventKind.PACKAGES_RETURNED


class OnePackage(EventRecord):
    """A package was put into a carton, or taken out."""

    package: int = key("number")
    carton: int = key("number")


class PackagePacked(OnePackage):
    """A package was put into a carton."""

    kind = EventKind.PACKAGE_PACKED
    size: int | None = key("how many packages the carton takes, where this one began it", default=None)


class PackageUnpacked(OnePackage):
    """A package was taken out of a carton."""

    kind = EventKind.PACKAGE_UNPACKED


class PackedTogether(EventRecord):
    """Something happened to a carton or a pallet, and to the packages in it."""

    packages: Sequence[Sequence[int]] = key("those of the batch in it, as [first, last] of consecutive ones")
    count: int = key("how many these are")


class CartonClosed(PackedTogether):
    """A carton was closed."""

    kind = EventKind.CARTON_CLOSED
    carton: int = key("number")
    sscc: str | None = key("its SSCC", default=None)
    reason: str = key("why it was closed before it was full", default="")
    label: str = key("file of its label", default="")
    sha256: str = key("of that file", default="")


class CartonReopened(PackedTogether):
    """A closed carton was opened again."""

    kind = EventKind.CARTON_REOPENED
    carton: int = key("number")
    reason: str = key("why")


class CartonOnPallet(PackedTogether):
    """A carton was put on a pallet."""

    kind = EventKind.CARTON_ON_PALLET
    carton: int = key("number")
    pallet: int = key("number")
    size: int | None = key("how many cartons the pallet takes, where this one began it", default=None)


class CartonOffPallet(PackedTogether):
    """A carton was taken off a pallet."""

    kind = EventKind.CARTON_OFF_PALLET
    carton: int = key("number")
    pallet: int = key("number")


class PalletClosed(PackedTogether):
    """A pallet was closed."""

    kind = EventKind.PALLET_CLOSED
    pallet: int = key("number")
    cartons: int = key("how many are on it")
    sscc: str | None = key("its SSCC", default=None)
    reason: str = key("why it was closed before it was full", default="")
    label: str = key("file of its label", default="")
    sha256: str = key("of that file", default="")


class PalletReopened(PackedTogether):
    """A closed pallet was opened again."""

    kind = EventKind.PALLET_REOPENED
    pallet: int = key("number")
    reason: str = key("why")


class PackingLabelSent(EventRecord):
    """The label of a carton or a pallet was handed over to a printer."""

    kind = EventKind.PACKING_LABEL_SENT
    number: int = key("of the carton or pallet")
    label: str = key("file of the label")
    address: str = key("address of the printer", name="to")

"""`python -m benchmarks.tables`: tables and control logs next to the csv and json modules writing the same bytes.

The yardstick is a plain generator that makes up the same records, and a loop that writes them: no ledger, no checks.
Both sides write a file and flush it to the disk, and the two files must be the same bytes. Medians count.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.memory import alone
from bss_mfg.core.clock import now
from bss_mfg.core.files import build_atomically, sha256_of, write_atomically
from bss_mfg.issuing.identity_files import stream_identities
from bss_mfg.ledger.batches import NewBatch
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.sealed_rows import SealedRows, seal_packages
from bss_mfg.ledger.vault import DataKey
from bss_mfg.manifest.log_builder import control_log
from bss_mfg.manifest.log_mapping import load_mapping
from bss_mfg.manifest.unit_lists import csv_list, jsonl_list
from bss_mfg.model import Actor, Batch, Package, Secret, Unit
from bss_mfg.payload.product_keys import load_public_key, new_development_key
from bss_mfg.payload.spec import packaged_spec
from bss_mfg.tables import DEFAULT_COLUMNS, Table
from bss_mfg.workspace.product import product_from_options
from bss_mfg.workspace.workspace import Workspace

LIMIT = 2.5
MEMORY_LIMIT = 1.15
BYTES_PER_ROW = 48
"""Three hashes of 8 bytes, and one column of them sorted."""
WHO = Actor("benchmark", "benchmark", "0")
PID, UPC = "ebK3", "841667145075"
ENCRYPTED = "A" + "bZ+9/C3xQ7yK1wV5tR8c" * 5 + "Qk"
"""Stands for 103 characters of an encrypted field; the unit's number makes it 112."""


def serial(number: int) -> str:
    return f"{number:012}"


def device_uuid(number: int) -> str:
    return f"70CF7C9732A345B69149{number:012X}"


def encrypted(number: int) -> str:
    return f"{ENCRYPTED}{number:09}"


def payload(number: int) -> str:
    return f"ABV:OB04;UPC:{UPC};PID:{PID};BMU:{device_uuid(number)};BMO:2;BMD:{encrypted(number)};"


def prepared(units: int, first: int) -> Iterator[Package]:
    """Packages of one whose strings were never encrypted."""
    for number in range(1, units + 1):
        n = first + number
        key = Secret(n.to_bytes(16, "big"))
        yield Package(number, payload(n), (Unit(number, serial(n), uuid.UUID(device_uuid(n)), None, key),))


def rows(units: int, first: int, data_key: DataKey) -> Iterator[SealedRows]:
    """The same in slices, as the ledger takes them."""
    packages = prepared(units, first)
    while some := list(islice(packages, 2_048)):
        yield seal_packages(some, data_key)


def issue(root: Path, sizes: tuple[int, ...]) -> None:
    """A workspace with a batch of each size, issued through the ledger itself."""
    workspace = Workspace.create(root, WHO, {})
    _, public = new_development_key("p256")
    product = product_from_options({"format": 1, "pid": PID, "upc": UPC, "public_key": "bulb.pem", "oob_bytes": 16})
    workspace.add_product("bulb", product, load_public_key(public, "bulb"))
    loaded, spec = workspace.product("bulb"), packaged_spec("amazon-bss-ob04")
    vault, first = workspace.open_vault(), 0
    with workspace.open_ledger(WHO) as ledger:
        for units in sizes:
            batch = Batch(
                f"units-{units}", "bulb", "development", units, units, 1, now(), spec.spec.name, spec.text,
                spec.spec.suite, loaded.key.fingerprint, "sheet-a4-24", product.facts, len(payload(1)),
            )  # fmt: skip
            data_key, wrapped = vault.new_data_key(batch.id)
            with ledger.transaction():
                number, _ = ledger.products.register("bulb", PID, loaded.key.fingerprint)
                new = NewBatch(batch, str(units), number, 1, wrapped, None)
                ledger.batches.store(new, rows(units, first, data_key))
            first += units


# --- ours ---------------------------------------------------------------------------------------------------------


def pieces(ledger: Ledger, batch: Batch, kind: str) -> Iterable[bytes]:
    """What bss-mfg writes."""
    if kind == "manifest csv":
        return csv_list(ledger, batch)
    if kind == "manifest jsonl":
        return jsonl_list(ledger, batch)
    if kind == "control log":
        return control_log(ledger, batch, load_mapping(batch.spec, Path("no folder")))
    table = Table(ledger, batch)
    return table.csv() if kind == "table csv" else table.jsonl()


def ours(ledger: Ledger, batch: Batch, kind: str, path: Path) -> None:
    if kind == "table xlsx":
        build_atomically(path, Table(ledger, batch).xlsx)
    elif kind == "table parquet":
        build_atomically(path, Table(ledger, batch).parquet)
    else:
        write_atomically(path, pieces(ledger, batch, kind))


# --- the yardstick ------------------------------------------------------------------------------------------------


def records(kind: str, batch: str, first: int, units: int) -> Iterator[Any]:
    """The same records, made up."""
    for number in range(1, units + 1):
        n = first + number
        if kind == "manifest csv":
            yield (batch, number, serial(n), device_uuid(n), "", payload(n))
        elif kind == "table csv":
            yield (batch, number, serial(n), device_uuid(n), "", payload(n), "issued")
        elif kind == "table jsonl":
            yield {
                "batch": batch, "package": number, "serial": serial(n), "uuid": device_uuid(n), "mac": None,
                "payload": payload(n), "state": "issued",
            }  # fmt: skip
        elif kind == "manifest jsonl":
            units_ = [{"serial": serial(n), "uuid": device_uuid(n)}]
            yield {"batch": batch, "package": number, "payload": payload(n), "units": units_}
        else:
            yield {
                "version": "1-0-0",
                "device": {
                    "serialNumber": serial(n),
                    "productIdentifier": {"advertisedProductId": PID},
                    "radios": {"bluetoothMesh": {"deviceUuid": device_uuid(n)}},
                    "bluetoothMeshData": {"oobType": "static", "encryptedCredentials": encrypted(n)},
                },
            }


def yardstick(kind: str, batch: str, first: int, units: int, path: Path) -> None:
    """Write them with the csv or the json module, and flush the file to the disk."""
    made = records(kind, batch, first, units)
    with path.open("w", newline="") as file:
        if kind.endswith("csv"):
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            writer.writerow(DEFAULT_COLUMNS if kind == "table csv" else DEFAULT_COLUMNS[:-1])
            writer.writerows(made)
        elif kind == "control log":
            file.write('{"controlLogs":[\n')
            comma = ""
            for record in made:
                file.write(comma + json.dumps(record, separators=(",", ":")))
                comma = ",\n"
            file.write("\n]}\n")
        else:
            for record in made:
                file.write(json.dumps(record, separators=(",", ":")) + "\n")
        file.flush()
        os.fsync(file.fileno())


KINDS = ("table csv", "table jsonl", "manifest csv", "manifest jsonl", "control log")
BINARY = ("table xlsx", "table parquet")
"""Kinds whose memory is measured, and their rate told: the modules under them do the work."""


# --- measuring ----------------------------------------------------------------------------------------------------


def seconds(path: Path, work: Callable[[Path], None]) -> float:
    path.unlink(missing_ok=True)
    start = time.perf_counter()
    work(path)
    return time.perf_counter() - start


def speed(root: Path, units: int, first: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Median seconds of ours and of the yardstick, by kind."""
    found: dict[str, tuple[float, float]] = {}
    workspace = Workspace.find(str(root), root, {})
    with workspace.open_ledger(WHO) as ledger:
        batch = ledger.batches.get(f"units-{units}")
        for kind in KINDS:
            mine, theirs = root.parent / "ours", root.parent / "theirs"
            times: list[tuple[float, float]] = []
            for _ in range(rounds):
                times.append(
                    (
                        seconds(mine, partial(ours, ledger, batch, kind)),
                        seconds(theirs, partial(yardstick, kind, batch.id, first, units)),
                    )
                )
            if sha256_of(mine) != sha256_of(theirs):
                raise RuntimeError(f"{kind}: the files differ")
            found[kind] = (median(t[0] for t in times), median(t[1] for t in times))
            mine.unlink()
            theirs.unlink()
    return found


def peak() -> float:
    """This process's highest resident memory in MiB."""
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 2**20


def peak_of(root: Path, units: int, kind: str) -> tuple[float, float]:
    """The peak of writing one table, and the seconds."""
    workspace = Workspace.find(str(root), root, {})
    path = root.parent / "table"
    with workspace.open_ledger(WHO) as ledger:
        took = seconds(path, partial(ours, ledger, ledger.batches.get(f"units-{units}"), kind))
    path.unlink()
    return peak(), took


def identities_csv(path: Path, rows: int) -> None:
    """A file as an ERP writes it."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["serial", "uuid", "mac"])
        writer.writerows((serial(n), device_uuid(n), f"{n:012X}") for n in range(1, rows + 1))


def read_alone(path: Path) -> tuple[float, float, int]:
    """Seconds, peak memory and rows of reading an identities file as a stream."""
    start = time.perf_counter()
    rows = sum(1 for _ in stream_identities(path))
    return time.perf_counter() - start, peak(), rows


def main() -> int:
    """Measure and print; 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables", description=__doc__)
    parser.add_argument("--units", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    few, missed = given.units // 10, False
    with tempfile.TemporaryDirectory(prefix="bss-mfg-tables-") as folder:
        root = Path(folder) / "w"
        alone(issue, root, (few, given.units))
        for kind, (mine, theirs) in alone(speed, root, given.units, few, given.rounds).items():
            ratio = mine / theirs
            missed |= ratio > LIMIT
            print(
                f"{kind:16} {given.units / mine:10,.0f}/s  module alone {given.units / theirs:10,.0f}/s  "
                f"x {ratio:.2f}  <= {LIMIT}  {'ok' if ratio <= LIMIT else 'MISSED'}",
                flush=True,
            )
        for kind in (*KINDS, *BINARY):
            (small, _), (large, took) = alone(peak_of, root, few, kind), alone(peak_of, root, given.units, kind)
            missed |= large > small * MEMORY_LIMIT
            rate = f"  {given.units / took:,.0f}/s" if kind in BINARY else ""
            print(
                f"{kind:16} {small:7.1f} MiB at {few:,}  {large:7.1f} MiB at {given.units:,}  x {large / small:.3f}  "
                f"<= {MEMORY_LIMIT}  {'ok' if large <= small * MEMORY_LIMIT else 'MISSED'}{rate}",
                flush=True,
            )
        peaks = []
        for rows in (few, given.units):
            path = Path(folder) / "identities.csv"
            identities_csv(path, rows)
            took, most, found = alone(read_alone, path)
            if found != rows:
                raise RuntimeError(f"{found} of {rows} rows")
            peaks.append(most)
        each = (peaks[1] - peaks[0]) * 2**20 / (given.units - few)
        missed |= each > BYTES_PER_ROW
        print(
            f"identities       {peaks[0]:7.1f} MiB at {few:,}  {peaks[1]:7.1f} MiB at {given.units:,}  "
            f"{each:.0f} bytes a row  <= {BYTES_PER_ROW}  {'ok' if each <= BYTES_PER_ROW else 'MISSED'}  "
            f"{given.units / took:,.0f}/s"
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())

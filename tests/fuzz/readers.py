"""Every reader of something from outside, as the program calls it: bytes in, a right answer or an error of ours out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.fuzz import corpus
from tests.fuzz.key_readers import KEY_READERS
from tests.fuzz.reader import NOWHERE, FuzzedReader, Read, Seeds, WrongResultError, file_of, use_up
from tests.fuzz.record_readers import RECORD_READERS
from tests.fuzz.wire_readers import WIRE_READERS


def _artwork(name: str) -> Read:
    def read(data: bytes, folder: Path) -> None:
        from bss_mfg.errors import Location
        from bss_mfg.label.template.artwork import check_artwork

        check_artwork(name, data, Location(name))

    return read


def _picture(data: bytes, folder: Path) -> None:
    from bss_mfg.imaging.sources import source_from_bytes

    with source_from_bytes(data, folder / "scan.png") as source:
        page = source.page(1)
        if page.grey.shape != (page.size[1], page.size[0]):
            raise WrongResultError(page.size)


def _font(data: bytes, folder: Path) -> None:
    from bss_mfg.core.toml_files import parse_toml
    from bss_mfg.label.template.fonts import FontFile
    from bss_mfg.label.template.loading import check_fonts

    choice = FontFile(file="f.ttf")
    check_fonts({"f": choice}, {"f": data}, parse_toml("", "t.toml"))


def _profile(data: bytes, folder: Path) -> None:
    from bss_mfg.label.layout.press import open_press

    _ = open_press("PDF/A-2b", file_of(folder, "p.icc", data)).space


def _identities(name: str) -> Read:
    def read(data: bytes, folder: Path) -> None:
        from bss_mfg.issuing.identity_files import IdentityFile

        use_up(IdentityFile(file_of(folder, name, data)))

    return read


def _imported(data: bytes, folder: Path) -> None:
    from bss_mfg.issuing.identity_files import read_imported

    use_up(read_imported(file_of(folder, "i.csv", data)).identities)


def _orders(name: str) -> Read:
    def read(data: bytes, folder: Path) -> None:
        from bss_mfg.integration.orders import Order, read_orders

        for row in read_orders(file_of(folder, name, data)):
            row.name.encode()
            if isinstance(row.order, Order):
                row.order.model_dump_json().encode()
            else:
                str(row.order).encode()

    return read


def _readback(data: bytes, folder: Path) -> None:
    from bss_mfg.programming.readback import read_readback

    use_up(read_readback(file_of(folder, "r.csv", data)))


def _flash(data: bytes, folder: Path) -> None:
    from bss_mfg.programming.flash_reports import read_reports

    for report in read_reports(data, "flash.csv"):
        (report.name + report.detail).encode()


def _feedback(name: str) -> Read:
    def read(data: bytes, folder: Path) -> None:
        from bss_mfg.manifest.feedback import load_feedback_mapping, read_feedback

        found = read_feedback(data, name, load_feedback_mapping(NOWHERE))
        for serial, answer in found.answers.items():
            (serial + answer.reason).encode()
        "".join(found.problems).encode()

    return read


@lru_cache(maxsize=1)
def _log_mapping() -> Any:
    from bss_mfg.manifest.log_mapping import load_mapping

    return load_mapping("amazon-bss-ob04", NOWHERE)


def _control_log(data: bytes, folder: Path) -> None:
    from bss_mfg.manifest.log_reader import read_logs

    with file_of(folder, "c.json", data).open("rb") as file:
        for log in read_logs(file, _log_mapping()):
            repr(log).encode()


def _log_sample(data: bytes, folder: Path) -> None:
    from bss_mfg.manifest.log_check import check_mapping
    from bss_mfg.manifest.log_sample import read_log_sample

    sample = read_log_sample(data, "sample.json")
    _ = (sample, check_mapping)


def _sidecar(data: bytes, folder: Path) -> None:
    from bss_mfg.manifest.sidecar import read_sidecar

    file_of(folder, "a.json", corpus.LOG)
    file_of(folder, "a.json.json", data)
    read_sidecar(folder / "a.json")


def _index(data: bytes, folder: Path) -> None:
    from bss_mfg.programming.index import find_indexes

    file_of(folder, "B1.json", data)
    use_up(find_indexes(folder))


def _plan(data: bytes, folder: Path) -> None:
    from bss_mfg.pipeline.plan import PLAN_FILE, Plan, read_plan

    class _Here:
        def batch_folder(self, batch: str) -> Path:
            return folder

    file_of(folder, PLAN_FILE, data)
    plan = read_plan(_Here(), "B1")  # type: ignore[arg-type]
    if plan:
        assert isinstance(plan, Plan)
        for value in (plan.product, plan.template, plan.printer, plan.symbols, plan.language, plan.version):
            if not isinstance(value, str):
                raise WrongResultError(type(value).__name__)
        for given in (plan.identities, plan.identities_sha256, plan.sheet, plan.send):
            if not isinstance(given, str | None):
                raise WrongResultError(type(given).__name__)
        if not all(isinstance(one, str) for one in (*plan.ignore, *plan.fields, *plan.fields.values())):
            raise WrongResultError("ignore or fields")


def _forwarded(data: bytes, folder: Path) -> None:
    from bss_mfg.integration.forwarding import DeliveryRecord

    DeliveryRecord(file_of(folder, "hook.json", data), "https://example.com/hook").read()


def _verifier(mapping: str, name: str) -> Read:
    def read(data: bytes, folder: Path) -> None:
        from bss_mfg.core.clock import TimeZone
        from bss_mfg.verifier_data.exports import read_export
        from bss_mfg.verifier_data.mapping import load_mapping

        use_up(read_export(file_of(folder, name, data), load_mapping(mapping, None), TimeZone("")))

    return read


def _toml(load: Callable[[Path], object], name: str = "x.toml") -> Read:
    def read(data: bytes, folder: Path) -> None:
        load(file_of(folder, name, data))

    return read


def _load_template(path: Path) -> None:
    from bss_mfg.label.template.loading import load_template

    load_template(path)


def _load_printer(path: Path) -> None:
    from bss_mfg.label.template.printer import load_printer

    load_printer(path)


def _load_product(path: Path) -> None:
    from bss_mfg.workspace.product import load_product

    path.with_name("bulb.pem").write_bytes(_product_key())
    load_product(path)


@lru_cache(maxsize=1)
def _product_key() -> bytes:
    from bss_mfg.payload.product_keys import new_development_key

    return new_development_key("p256")[1]


def _load_spec(path: Path) -> None:
    from bss_mfg.core.toml_files import load_toml
    from bss_mfg.payload.spec import spec_from_document

    spec_from_document(load_toml(path, "spec"), "test")


def _validated(model: Callable[[], Any]) -> Callable[[Path], None]:
    def load(path: Path) -> None:
        from bss_mfg.core.toml_files import load_toml, validate

        validate(load_toml(path, "file"), model())

    return load


def _log_mapping_model() -> Any:
    from bss_mfg.manifest.log_mapping import LogMapping

    return LogMapping


def _feedback_mapping_model() -> Any:
    from bss_mfg.manifest.feedback import FeedbackMapping

    return FeedbackMapping


def _verifier_mapping_model() -> Any:
    from bss_mfg.verifier_data.mapping import Mapping as VerifierMapping

    return VerifierMapping


def _config_model() -> Any:
    from bss_mfg.workspace.config import WorkspaceConfig

    return WorkspaceConfig


def _station_model() -> Any:
    from bss_mfg.workspace.station_settings import StationSettings

    return StationSettings


def _packing_model() -> Any:
    from bss_mfg.workspace.packing_session import PackingSession

    return PackingSession


def _known_names(path: Path) -> None:
    """What is proposed where a name was mistyped, whatever the settings say."""
    from bss_mfg.workspace.known_names import KnownNames

    KnownNames(path.parent).flashers()


def _load_layout(path: Path) -> None:
    from bss_mfg.programming.image_layout import load_layout

    load_layout(path)


def _load_card(path: Path) -> None:
    from bss_mfg.imaging.reflectance_card import load_calibration

    load_calibration(path)


def _load_sample(path: Path) -> None:
    from bss_mfg.workspace.spec_samples import read_sample

    read_sample(path)


def _toml_lines(data: bytes, folder: Path) -> None:
    """Every field that the parser finds has a line."""
    from bss_mfg.core.toml_files import load_toml
    from bss_mfg.core.toml_lines import line_numbers

    document = load_toml(file_of(folder, "x.toml", data), "file")
    lines = line_numbers(document.text)
    for key in document.data:
        if (key,) not in lines:
            raise WrongResultError(key)


def _public_key(data: bytes, folder: Path) -> None:
    from bss_mfg.payload.product_keys import load_public_key

    found = load_public_key(data, "key.pem")
    again = load_public_key(found.pem.encode(), "key.pem")
    if again.fingerprint != found.fingerprint:
        raise WrongResultError(found.kind)


def _private_key(data: bytes, folder: Path) -> None:
    from bss_mfg.payload.product_keys import load_private_key

    load_private_key(data, "key.pem")


def _recipient(data: bytes, folder: Path) -> None:
    from bss_mfg.programming.age_encryption import recipients

    recipients([data.decode("utf-8", "surrogateescape")])


def _vault_key(data: bytes, folder: Path) -> None:
    from bss_mfg.model import Secret
    from bss_mfg.workspace.vault_key_storage import load_vault_key

    vault = load_vault_key(file_of(folder, "vault.key", data), lambda what, new: Secret(corpus.PASSPHRASE))
    if vault.key.reveal() != bytes(range(32)):
        raise WrongResultError("another vault key")


@lru_cache(maxsize=1)
def _specs() -> Any:
    from bss_mfg.payload.spec import packaged_spec
    from bss_mfg.payload.spec_names import packaged_names

    return tuple(packaged_spec(name).spec for name in packaged_names())


def _barcode(data: bytes, folder: Path) -> None:
    from bss_mfg.errors import BssError
    from bss_mfg.payload.parse import device_uuids, find_bare_spec, find_faults, matching_spec, split_fields

    text = data.decode("latin-1")
    for spec in filter(None, (matching_spec(text, _specs()), find_bare_spec(text, _specs()), *_specs())):
        try:
            fields = split_fields(text, spec)
        except BssError:
            continue
        "".join(find_faults(fields, spec)).encode()
        try:
            device_uuids(fields, spec)
        except BssError:
            continue


def _phone(data: bytes, folder: Path) -> None:
    from bss_mfg.station.phone.messages import BadMessageError, parse_reads, parse_token

    for parse in (parse_reads, parse_token):
        try:
            parse(data)
        except BadMessageError:
            continue


def _printer_answer(data: bytes, folder: Path) -> None:
    from bss_mfg.label.printing import status_questions as asked

    for read in (
        asked.read_zpl,
        asked.read_tspl,
        asked.read_epl,
        asked.read_cpcl,
        asked.read_sbpl,
        asked.read_dpl,
        asked.read_escpos,
        asked.read_brother,
    ):
        read(data)


def _all_toml() -> Seeds:
    return (*_templates(), *_spec_files(), *corpus.configs(), *corpus.printers(), *corpus.cards())


def _templates() -> Seeds:
    from bss_mfg.core import resources

    files = sorted(resources.folder("templates").glob("*.toml"))
    return tuple(file.read_bytes() for file in files if b".svg" not in file.read_bytes())[:12]


def _spec_files() -> Seeds:
    found = corpus.packaged("bss_mfg.payload", "specs", ".toml")
    return tuple(one for one in found if b"[[device]]" not in one)


def _beside(package: str, folder: str) -> Callable[[], Seeds]:
    return lambda: corpus.packaged(package, folder, ".toml")


def _log_mappings() -> Seeds:
    return corpus.packaged("bss_mfg.payload", "specs", ".control-log.toml")


READERS: Mapping[str, FuzzedReader] = {
    "svg": FuzzedReader(_artwork("a.svg"), lambda: corpus.drawings("svg"), "text"),
    "pdf-artwork": FuzzedReader(_artwork("a.pdf"), corpus.open_pdfs, "text"),
    "png-artwork": FuzzedReader(_artwork("a.png"), corpus.png, "png"),
    "jpeg-artwork": FuzzedReader(_artwork("a.jpg"), corpus.jpeg),
    "pdf-scan": FuzzedReader(_picture, corpus.open_pdfs, "text"),
    "png-scan": FuzzedReader(_picture, corpus.png, "png"),
    "tiff-scan": FuzzedReader(_picture, corpus.tiff),
    "jpeg-scan": FuzzedReader(_picture, corpus.jpeg),
    "heic-scan": FuzzedReader(_picture, corpus.heic),
    "other-scan": FuzzedReader(_picture, corpus.other_pictures),
    "font": FuzzedReader(_font, corpus.fonts),
    "icc": FuzzedReader(_profile, corpus.profiles),
    "identities-csv": FuzzedReader(_identities("i.csv"), corpus.identities_csv, "text"),
    "identities-xlsx": FuzzedReader(_identities("i.xlsx"), corpus.identities_xlsx, "zip"),
    "imported": FuzzedReader(_imported, corpus.imported_csv, "text"),
    "readback": FuzzedReader(_readback, corpus.readback_csv, "text"),
    "flash-report": FuzzedReader(_flash, corpus.flash_reports, "text"),
    "orders-json": FuzzedReader(_orders("o.json"), corpus.orders_json, "text"),
    "orders-csv": FuzzedReader(_orders("o.csv"), corpus.orders_csv, "text"),
    "feedback-json": FuzzedReader(_feedback("f.json"), corpus.feedback_json, "text"),
    "feedback-csv": FuzzedReader(_feedback("f.csv"), corpus.feedback_csv, "text"),
    "control-log": FuzzedReader(_control_log, corpus.control_logs, "text"),
    "log-sample": FuzzedReader(_log_sample, corpus.control_logs, "text"),
    "sidecar": FuzzedReader(_sidecar, corpus.sidecars, "text"),
    "index": FuzzedReader(_index, corpus.indexes, "text"),
    "plan": FuzzedReader(_plan, corpus.plans, "text"),
    "forwarded": FuzzedReader(_forwarded, corpus.forwarded, "text"),
    "verifier-csv": FuzzedReader(_verifier("example-csv", "v.csv"), corpus.verifier_csv, "text"),
    "verifier-xml": FuzzedReader(_verifier("example-xml", "v.xml"), corpus.verifier_xml, "text"),
    "toml-lines": FuzzedReader(_toml_lines, _all_toml, "text"),
    "template": FuzzedReader(_toml(_load_template), _templates, "text"),
    "printer": FuzzedReader(_toml(_load_printer), corpus.printers, "text"),
    "product": FuzzedReader(_toml(_load_product), corpus.products, "text"),
    "spec": FuzzedReader(_toml(_load_spec), _spec_files, "text"),
    "log-mapping": FuzzedReader(_toml(_validated(_log_mapping_model)), _log_mappings, "text"),
    "feedback-mapping": FuzzedReader(
        _toml(_validated(_feedback_mapping_model)), _beside("bss_mfg.manifest", "."), "text"
    ),
    "verifier-mapping": FuzzedReader(
        _toml(_validated(_verifier_mapping_model)), _beside("bss_mfg.verifier_data", "mappings"), "text"
    ),
    "config": FuzzedReader(_toml(_validated(_config_model)), corpus.configs, "text"),
    "station-settings": FuzzedReader(_toml(_validated(_station_model)), corpus.stations, "text"),
    "packing-session": FuzzedReader(_toml(_validated(_packing_model)), corpus.packing_sessions, "text"),
    "known-names": FuzzedReader(_toml(_known_names, "bss-mfg.toml"), corpus.configs, "text"),
    "image-layout": FuzzedReader(_toml(_load_layout), _beside("bss_mfg.programming", "layouts"), "text"),
    "reflectance-card": FuzzedReader(_toml(_load_card), corpus.cards, "text"),
    "spec-sample": FuzzedReader(_toml(_load_sample), corpus.samples, "text"),
    "public-key": FuzzedReader(_public_key, corpus.public_keys),
    "private-key": FuzzedReader(_private_key, corpus.private_keys),
    "recipient": FuzzedReader(_recipient, corpus.recipients),
    "vault-key": FuzzedReader(_vault_key, corpus.vault_keys, "text"),
    "barcode-string": FuzzedReader(_barcode, corpus.barcode_strings, "text"),
    "phone-message": FuzzedReader(_phone, corpus.phone_messages, "text"),
    "printer-answer": FuzzedReader(_printer_answer, corpus.printer_answers),
    **KEY_READERS,
    **RECORD_READERS,
    **WIRE_READERS,
}

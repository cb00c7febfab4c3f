"""The bill of materials of a bundle: CycloneDX 1.6 as JSON, checked by CycloneDX's own schema. Crates stand inside of
the package that they were compiled into."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path

from archive import epoch
from components import Component
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component as Part
from cyclonedx.model.component import ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL


def write_sbom(components: list[Component], path: Path) -> None:
    """Write it. The same parts give the same bytes."""
    parts = {
        one.name: Part(
            name=one.name,
            version=one.version,
            type=ComponentType.APPLICATION if one.name == "bss-mfg" else ComponentType.LIBRARY,
            licenses=[LicenseExpression(one.license)],
            purl=PackageURL.from_string(one.purl),
            bom_ref=one.purl,
            components=[
                Part(
                    name=crate.name,
                    version=crate.version,
                    type=ComponentType.LIBRARY,
                    licenses=[LicenseExpression(crate.license)],
                    purl=PackageURL.from_string(crate.purl),
                    bom_ref=f"{one.purl}#{crate.purl}",  # another wheel may have the same crate inside
                )
                for crate in one.crates
            ],
        )
        for one in components
    }
    bom = Bom(components=[part for name, part in parts.items() if name != "bss-mfg"])
    bom.metadata.component = parts["bss-mfg"]
    bom.metadata.timestamp = datetime.fromtimestamp(epoch(Path(__file__).resolve().parents[2]), UTC)
    bom.serial_number = uuid.uuid5(
        uuid.NAMESPACE_URL, " ".join(one.purl for part in components for one in (part, *part.crates))
    )
    for one in components:
        needs = {parts[name] for name in one.needs if name in parts}
        if one.name == "bss-mfg":
            needs |= {parts[other.name] for other in components if not other.purl.startswith("pkg:pypi/")}
        bom.register_dependency(parts[one.name], needs)
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    if problem := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise SystemExit(f"The bill of materials is not valid: {problem}")
    path.write_text(json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n", "utf-8", newline="\n")

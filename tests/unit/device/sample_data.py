"""The sample data of the Mesh Protocol specification for both provisioning algorithms, every intermediate value."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from bss_mfg.device.pdu import Algorithm, Capabilities, Invite, Start

PROVISIONER_PRIVATE = 0x06A516693C9AA31A6084545D0C5DB641B48572B97203DDFFB7AC73F7D0457663
PROVISIONER_PUBLIC = bytes.fromhex(
    "2c31a47b5779809ef44cb5eaaf5c3e43d5f8faad4a8794cb987e9b03745c78dd"
    "919512183898dfbecd52e2408e43871fd021109117bd3ed4eaf8437743715d4f"
)
DEVICE_PUBLIC = bytes.fromhex(
    "f465e43ff23d3f1b9dc7dfc04da8758184dbc966204796eccf0d6cf5e16500cc"
    "0201d048bcbbd899eeefc424164e33c201c2b010ca6b4d43a8a155cad8ecb279"
)
ECDH_SECRET = bytes.fromhex("ab85843a2f6d883f62e5684b38e307335fe6e1945ecd19604105c6f23221eb69")


def provisioner_key() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(PROVISIONER_PRIVATE, ec.SECP256R1())


INVITE = Invite(0)


@dataclass(frozen=True)
class Sample:
    algorithm: Algorithm
    capabilities: Capabilities
    start: Start
    head: str
    """The inputs before the keys."""
    auth_value: str
    salt: str
    key: str
    provisioner_random: str
    provisioner_confirmation: str
    device_random: str
    device_confirmation: str


CMAC_SAMPLE = Sample(
    Algorithm.CMAC,
    Capabilities(elements=1, algorithms=1),
    Start(algorithm=0, method=0),
    "0001000100000000000000000000000000",
    "00" * 16,
    "5faabe187337c71cc6c973369dcaa79a",
    "e31fe046c68ec339c425fc6629f0336f",
    "8b19ac31d58b124c946209b5db1021b9",
    "b38a114dfdca1fe153bd2c1e0dc46ac2",
    "55a2a2bca04cd32ff6f346bd0a0c1a3a",
    "eeba521c196b52cc2e37aa40329f554e",
)
HMAC_SAMPLE = Sample(
    Algorithm.HMAC,
    Capabilities(elements=1, algorithms=3, oob_type=1),
    Start(algorithm=1, method=1),
    "0001000300010000000000000100010000",
    "906d73a3c7a7cb3ff730dca68a46b9c18d673f50e078202311473ebbe253669f",
    "a71141ba8cb6b40f4f52b622e1c091614c73fc308f871b78ca775e769bc3ae69",
    "210c3c448152e8d59ef742aa7d22ee5ba59a38648bda6bf05c74f3e46fc2c0bb",
    "36f968b94a13000e64b223576390db6bcc6d62f02617c369ee3f5b3e89df7e1f",
    "c99b54617ae646f5f32cf7e1ea6fcc49fd69066078eba9580fa6c7031833e6c8",
    "5b9b1fc6a64b2de8bece53187ee989c6566db1fc7dc8580a73dafdd6211d56a5",
    "56e3722d291373d38c995d6f942c02928c96abb015c233557d7974b6e2df662b",
)
SAMPLES = [CMAC_SAMPLE, HMAC_SAMPLE]

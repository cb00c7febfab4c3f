"""PKCS#11 tokens: SoftHSM's, and the same behind a library that fails, or kills the process, at a call."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.helpers import ROOT

SOFTHSM = next(
    (path.resolve() for path in Path("/usr/lib").glob("**/softhsm/libsofthsm2.so")), Path("/usr/lib/libsofthsm2.so")
)
"""SoftHSM's library, as Debian installs it."""
PIN = "correct horse battery staple"
"""Also the passphrase of the fixture `phrase`: one file opens both."""
LABEL = "factory"


@dataclass(frozen=True)
class Token:
    """A token of SoftHSM in a folder of its own."""

    folder: Path
    module: Path = SOFTHSM

    @property
    def uri(self) -> str:
        """A key in it, as it is given to `--token-uri`."""
        return f"pkcs11:token={LABEL};object=bss-vault?module-path={self.module}"

    @property
    def env(self) -> dict[str, str]:
        """The environment of who uses it, with its PIN in a file."""
        return {"SOFTHSM2_CONF": str(self.folder / "softhsm2.conf"), "BSS_MFG_PASSPHRASE_FILE": str(self.pin_file)}

    @property
    def pin_file(self) -> Path:
        return self.folder / "pin"

    @contextlib.contextmanager
    def opened(self) -> Iterator[Any]:
        """A session in it, without bss-mfg."""
        import pkcs11

        with using(self.env):
            library = pkcs11.lib(str(SOFTHSM))
            try:
                yield library.get_token(token_label=LABEL).open(True, user_pin=PIN)
            finally:
                library.finalize()

    def keys(self) -> list[bytes]:
        """The ids of the keys in it."""
        import pkcs11

        with self.opened() as session:
            wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY}
            return sorted(key[pkcs11.Attribute.ID] for key in session.get_objects(wanted))

    def emptied(self) -> None:
        """As after its maker's reset: the same token by name, without its keys."""
        with self.opened() as session:
            for key in session.get_objects():
                key.destroy()


def make_token(folder: Path, label: str = LABEL, pin: str = PIN, module: Path = SOFTHSM) -> Token:
    """A new token; in a folder that has one, another one beside it."""
    (folder / "tokens").mkdir(parents=True, exist_ok=True)
    conf = folder / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", "87654321"],
        env={**os.environ, "SOFTHSM2_CONF": str(conf)}, check=True, capture_output=True,
    )  # fmt: skip
    token = Token(folder, module)
    token.pin_file.write_text(pin + "\n")
    return token


@contextlib.contextmanager
def using(env: dict[str, str]) -> Iterator[None]:
    """SoftHSM's library, which is loaded once for a process, works with one configuration at a time."""
    before = {name: os.environ.get(name) for name in env}
    os.environ.update(env)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


FUNCTIONS = re.findall(
    r"\w+",
    """
Initialize Finalize GetInfo GetFunctionList GetSlotList GetSlotInfo GetTokenInfo GetMechanismList GetMechanismInfo
InitToken InitPIN SetPIN OpenSession CloseSession CloseAllSessions GetSessionInfo GetOperationState SetOperationState
Login Logout CreateObject CopyObject DestroyObject GetObjectSize GetAttributeValue SetAttributeValue FindObjectsInit
FindObjects FindObjectsFinal EncryptInit Encrypt EncryptUpdate EncryptFinal DecryptInit Decrypt DecryptUpdate
DecryptFinal DigestInit Digest DigestUpdate DigestKey DigestFinal SignInit Sign SignUpdate SignFinal SignRecoverInit
SignRecover VerifyInit Verify VerifyUpdate VerifyFinal VerifyRecoverInit VerifyRecover DigestEncryptUpdate
DecryptDigestUpdate SignEncryptUpdate DecryptVerifyUpdate GenerateKey GenerateKeyPair WrapKey UnwrapKey DeriveKey
SeedRandom GenerateRandom GetFunctionStatus CancelFunction WaitForSlotEvent
""",
)
"""Of PKCS#11 2.40, in the order of its CK_FUNCTION_LIST."""
_SOURCE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
typedef unsigned long ul;
typedef ul (*fn)(ul, ul, ul, ul, ul, ul, ul, ul);
typedef struct {{ unsigned char major, minor; fn f[{count}]; }} List;
static List *real, ours;
static const char *names[] = {{ {names} }};
static char run[64];
static long calls;
static int gone;

static ul call(int index, ul a, ul b, ul c, ul d, ul e, ul f, ul g, ul h) {{
    const char *now = getenv("TOKEN_RUN"), *at = getenv("TOKEN_AT"), *act = getenv("TOKEN_ACT");
    const char *log = getenv("TOKEN_LOG"), *only = getenv("TOKEN_CALL"), *flags = getenv("TOKEN_FLAGS");
    if (!now) return real->f[index](a, b, c, d, e, f, g, h);
    if (strncmp(run, now, 63)) {{ strncpy(run, now, 63); calls = 0; gone = 0; }}
    int counted = !only || !strcmp(only, names[index]);
    if (counted) calls++;
    if (log) {{ FILE *file = fopen(log, "a"); fprintf(file, "%s\\n", names[index]); fclose(file); }}
    int here = counted && at && calls == atol(at);
    if (here && act && !strcmp(act, "kill")) kill(getpid(), SIGKILL);
    if (here && act && !strcmp(act, "gone")) gone = 1;
    if (gone && strcmp(names[index], "Finalize") && strcmp(names[index], "Initialize"))
        return strcmp(names[index], "GetSlotList") ? 0x32 : 0xe0;
    if (here && act && strtoul(act, 0, 0)) return strtoul(act, 0, 0);
    ul said = real->f[index](a, b, c, d, e, f, g, h);
    if (here && act && !strcmp(act, "kill after")) kill(getpid(), SIGKILL);
    if (flags && !strcmp(names[index], "GetTokenInfo") && !said) *(ul *)(b + 96) |= strtoul(flags, 0, 0);
    return said;
}}
{wrappers}
ul C_GetFunctionList(List **list) {{
    if (!real) {{
        void *library = dlopen("{library}", RTLD_NOW);
        ul (*get)(List **) = library ? (ul (*)(List **))dlsym(library, "C_GetFunctionList") : 0;
        if (!get || get(&real)) return 5;
        ours.major = real->major; ours.minor = real->minor;
        {fills}
    }}
    *list = &ours;
    return 0;
}}
"""


def faulty_library(folder: Path) -> Path:
    """SoftHSM behind a library that obeys the environment: TOKEN_AT, at which call TOKEN_ACT is done ("kill", "kill
    after", "gone" from there on, or the number that is answered); TOKEN_CALL, the calls that count; TOKEN_FLAGS, which
    tokens have besides; TOKEN_RUN, by which it begins to count anew; TOKEN_LOG, where the calls are written."""
    parameters = ", ".join(f"ul {letter}" for letter in "abcdefgh")
    wrappers = "\n".join(
        f"static ul w{number}({parameters}) {{ return call({number}, a, b, c, d, e, f, g, h); }}"
        for number in range(len(FUNCTIONS))
    )
    source = folder / "faulty.c"
    source.write_text(
        _SOURCE.format(
            count=len(FUNCTIONS), names=", ".join(f'"{name}"' for name in FUNCTIONS), wrappers=wrappers,
            library=SOFTHSM, fills=" ".join(f"ours.f[{number}] = w{number};" for number in range(len(FUNCTIONS))),
        )
    )  # fmt: skip
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", folder / "faulty.so", source, "-ldl"], check=True, cwd=ROOT)
    return folder / "faulty.so"

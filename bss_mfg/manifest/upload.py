"""Finished files into an S3 bucket or a folder: never over something else, resumed where a run broke off, verified.

A file that is there with the same octets is left alone, one with others stops the run before anything is sent. What
was sent is read back and hashed; where a bucket may only be written to, the checksum of its answer counts.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Protocol
from urllib.parse import urlsplit

from bss_mfg.core.files import checked_name, sha256_of, write_atomically
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.errors import BssError, InputError, MissingError, RefusedError, from_os_error

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

MAX_PUT = 5 << 30
"""Octets that S3 takes in one piece."""
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9._=/-]*")

RemoteState = Literal["absent", "same", "other", "unknown"]


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that lies at its target: `where` is its address, `sent` is false where it lay there already."""

    path: Path
    where: str
    sha256: str
    size: int
    sent: bool


@dataclass(frozen=True, slots=True)
class _UploadFile:
    path: Path
    sha256: str
    size: int


class _Target(Protocol):
    def where(self, name: str) -> str:
        """The address of a file, for people."""

    def state_of(self, file: _UploadFile) -> RemoteState:
        """Whether the file is there; `unknown` where the target does not let us look."""

    def put(self, file: _UploadFile, seen: RemoteState) -> Literal["put", "verified", "taken"]:
        """Send it, never over another one: `taken` if one appeared meanwhile, `verified` if the answer proves it."""


def upload(
    files: Sequence[Path],
    target: str,
    *,
    endpoint: str | None = None,
    progress: Progress = no_progress,
) -> Iterator[Uploaded]:
    """Bring files to `s3://BUCKET/PREFIX` or into an existing folder; yields each once it lies there, in order.

    Credentials come from boto3's own chain (environment, ~/.aws, role); `endpoint` is for servers other than Amazon's,
    by default that of `AWS_ENDPOINT_URL`. `RefusedError` before anything is sent where other content is in the way.
    """
    place_ = _target(target, endpoint)
    listed = [_UploadFile(path, sha256_of(path), path.stat().st_size) for path in files]
    names = [checked_name(path.name, "name of an uploaded file") for path in files]
    if len({name.casefold() for name in names}) != len(names):
        raise InputError("two of the files have the same name", way_out="Upload them one after the other.")
    seen = [place_.state_of(file) for file in listed]
    if blocked := [place_.where(file.path.name) for file, state in zip(listed, seen, strict=True) if state == "other"]:
        raise _in_the_way(blocked)
    for number, (file, state) in enumerate(zip(listed, seen, strict=True), 1):
        if state != "same":
            _send(place_, file, state)
        progress(number, len(listed))
        yield Uploaded(file.path, place_.where(file.path.name), file.sha256, file.size, state != "same")


def _send(target: _Target, file: _UploadFile, seen: RemoteState) -> None:
    answer = target.put(file, seen)
    after = target.state_of(file)
    if after == "same" or (after == "unknown" and answer == "verified"):
        return
    if answer == "taken" and after == "absent":
        raise MissingError(
            "someone else is sending a file of that name just now",
            where=target.where(file.path.name),
            way_out="Wait until that is done, then run the same command again.",
        )
    if answer == "taken":
        raise _in_the_way([target.where(file.path.name)])
    raise InputError(
        "can't be read back, and the server's answer holds no checksum"
        if after == "unknown"
        else "what lies there after the upload is not what was sent",
        where=target.where(file.path.name),
        way_out="Look at it there, delete it if it is damaged, and run the same command again.",
    )


def _in_the_way(addresses: Sequence[str]) -> RefusedError:
    return RefusedError(
        "other content is there already under the same name, or can't be compared",
        problems=addresses[:10],
        way_out="Nothing was overwritten. Make the control log anew (it gets a new name), or name another place.",
    )


def _target(target: str, endpoint: str | None) -> _Target:
    scheme, separator, rest = target.partition("://")
    if not separator:
        return _FolderTarget(Path(target))
    bucket, _, prefix = rest.partition("/")
    prefix = prefix.strip("/")
    if scheme != "s3" or not _BUCKET.fullmatch(bucket) or not _PREFIX.fullmatch(prefix) or "//" in prefix:
        raise InputError(
            f"{scheme[:16]!a} target of that form is not known",
            way_out="Give s3://BUCKET/PREFIX (no spaces, no password in it), or a folder.",
        )
    return _BucketTarget(bucket, f"{prefix}/" if prefix else "", endpoint)


class _FolderTarget:
    """A folder of this machine or of a file server."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise InputError("is no folder", where=str(folder), way_out="Make it, or connect the file server, first.")
        self._folder = folder

    def where(self, name: str) -> str:
        return str(self._folder / name)

    def state_of(self, file: _UploadFile) -> RemoteState:
        path = self._folder / file.path.name
        try:
            if not path.exists():
                return "absent"
            same = path.stat().st_size == file.size and sha256_of(path) == file.sha256
        except OSError as error:
            raise from_os_error(error, "looking for what is there", path) from error
        return "same" if same else "other"

    def put(self, file: _UploadFile, seen: RemoteState) -> Literal["put", "verified", "taken"]:
        try:
            write_atomically(self._folder / file.path.name, _pieces(file.path))
        except RefusedError:
            return "taken"
        return "put"


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece


class _BucketTarget:
    """A prefix of an S3 bucket."""

    def __init__(self, bucket: str, prefix: str, endpoint: str | None) -> None:
        self._bucket, self._prefix = bucket, prefix
        self._s3 = _client(endpoint)

    def where(self, name: str) -> str:
        return f"s3://{self._bucket}/{self._prefix}{name}"

    def state_of(self, file: _UploadFile) -> RemoteState:
        from botocore.exceptions import ClientError

        name = file.path.name
        with _translated_errors(self.where(name)):
            try:
                head = self._s3.head_object(Bucket=self._bucket, Key=self._prefix + name)
                if head["ContentLength"] != file.size:
                    return "other"
                digest = hashlib.sha256()
                for piece in self._s3.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"].iter_chunks(
                    1 << 20
                ):
                    digest.update(piece)
            except ClientError as error:
                # A HEAD's answer has a status only; whether the bucket is there, and why not, the PUT will say.
                status = _status(error)
                if status == 404:
                    return "absent"
                if status in (400, 403):
                    return "unknown"
                raise
        return "same" if digest.hexdigest() == file.sha256 else "other"

    def put(self, file: _UploadFile, seen: RemoteState) -> Literal["put", "verified", "taken"]:
        from botocore.exceptions import ClientError

        if file.size > MAX_PUT:
            raise InputError(
                f"has {file.size:,} octets, more than the {MAX_PUT:,} that S3 takes in one piece",
                where=str(file.path),
                way_out="Split the control log into smaller files.",
            )
        checksum = base64.b64encode(bytes.fromhex(file.sha256)).decode("ascii")
        with _translated_errors(self.where(file.path.name)):
            try:
                answer = self._put(file, checksum, {"IfNoneMatch": "*"})
            except ClientError as error:
                if _status(error) in (409, 412):
                    return "taken"
                if _status(error) != 501:
                    raise
                if seen != "absent":
                    return "taken"  # neither can we look nor does the server: it may be there
                answer = self._put(file, checksum, {})
        return "verified" if answer.get("ChecksumSHA256") == checksum else "put"

    def _put(self, file: _UploadFile, checksum: str, condition: dict[str, str]) -> dict[str, Any]:
        with file.path.open("rb") as body:
            answer: dict[str, Any] = self._s3.put_object(
                Bucket=self._bucket,
                Key=self._prefix + file.path.name,
                Body=body,
                ContentLength=file.size,
                ContentType="application/json",
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
                **condition,
            )
        return answer


def _client(endpoint: str | None) -> Any:
    if endpoint is not None:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise InputError("the endpoint is no http(s) address without a password", way_out="Give https://HOST:PORT.")
    try:
        from boto3.session import Session
        from botocore.config import Config
    except ImportError:
        raise MissingError(
            "uploading to S3 needs the library boto3", way_out="Install it: pip install 'bss-mfg[s3]'."
        ) from None
    with _translated_errors("s3"):
        return Session().client(
            "s3",
            endpoint_url=endpoint,
            config=Config(
                connect_timeout=10,
                read_timeout=60,
                response_checksum_validation="when_required",  # what is read back is hashed here
                retries={"mode": "standard", "total_max_attempts": 4},
                s3={"addressing_style": "path"} if endpoint else {},
            ),
        )


_ERRORS_BY_CODE: dict[str, tuple[type[BssError], str, str]] = {
    "NoSuchBucket": (InputError, "there is no such bucket", "Check its name, and the account and region."),
    "RequestTimeTooSkewed": (
        MissingError,
        "this machine's clock is wrong by more than the server allows",
        "Set the clock, then run the same command again.",
    ),
    "AccessDenied": (
        InputError,
        "the server denies access with these credentials",
        "Ask the bucket's owner for the right to put objects there.",
    ),
    "InvalidAccessKeyId": (InputError, "the server does not know the access key", "Check the credentials."),
    "SignatureDoesNotMatch": (InputError, "the server refuses the secret key", "Check the credentials."),
    "ExpiredToken": (InputError, "the credentials have expired", "Get new ones, then run the same command again."),
    "BadDigest": (InputError, "what arrived is not what was sent", "Nothing was stored. Run the same command again."),
    "PermanentRedirect": (InputError, "the bucket lies in another region", "Set AWS_DEFAULT_REGION to its region."),
    "SlowDown": (MissingError, "the server is too busy", "Run the same command again later."),
}
_CODE_ALIASES = {
    "403": "AccessDenied",
    "AllAccessDisabled": "AccessDenied",
    "AccountProblem": "AccessDenied",
    "InvalidToken": "ExpiredToken",
    "TokenRefreshRequired": "ExpiredToken",
    "ExpiredTokenException": "ExpiredToken",
    "XAmzContentSHA256Mismatch": "BadDigest",
    "InvalidDigest": "BadDigest",
    "XAmzContentChecksumMismatch": "BadDigest",
    "301": "PermanentRedirect",
    "AuthorizationHeaderMalformed": "PermanentRedirect",
    "IllegalLocationConstraintException": "PermanentRedirect",
    "ServiceUnavailable": "SlowDown",
    "503": "SlowDown",
    "InternalError": "SlowDown",
    "500": "SlowDown",
    "RequestTimeout": "SlowDown",
}


@contextmanager
def _translated_errors(where: str) -> Iterator[None]:
    """botocore's errors as ours. None of its texts is quoted: they hold addresses, key ids, what a server sent."""
    from botocore import exceptions as aws

    try:
        yield
    except aws.ClientError as error:
        _fail(str(error.response.get("Error", {}).get("Code", "")), where)
    except (
        aws.NoCredentialsError,
        aws.PartialCredentialsError,
        aws.CredentialRetrievalError,
        aws.ProfileNotFound,
        aws.NoAuthTokenError,
        aws.TokenRetrievalError,
        aws.SSOError,
    ):
        raise MissingError(
            "no credentials were found, or they are incomplete",
            where=where,
            way_out="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE for a profile in ~/.aws.",
        ) from None
    except (aws.ConnectionError, aws.HTTPClientError, aws.IncompleteReadError, aws.ResponseStreamingError):
        raise MissingError(
            "the server can't be reached, or the connection broke off",
            where=where,
            way_out="Check the network, a proxy, and the endpoint's address, then run the same command again: what "
            "lies there already is left.",
        ) from None
    except aws.BotoCoreError as error:
        raise InputError(
            f"boto3 refuses the request ({type(error).__name__})",
            where=where,
            way_out="Check the AWS settings of this machine: region, endpoint, ~/.aws/config.",
        ) from None
    except OSError as error:
        raise from_os_error(error, "uploading", where) from error


def _fail(code: str, where: str) -> NoReturn:
    if known := _ERRORS_BY_CODE.get(_CODE_ALIASES.get(code, code)):
        kind, what, way_out = known
        raise kind(what, where=where, way_out=way_out) from None
    safe = code if re.fullmatch(r"[A-Za-z0-9.]{1,64}", code) else "without a code"
    raise InputError(
        f"the server refuses the request ({safe})",
        where=where,
        way_out="Look that code up in the server's manual, or ask its operator.",
    ) from None


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))

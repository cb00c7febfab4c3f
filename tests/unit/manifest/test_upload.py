"""Upload over HTTP against moto's server on this machine, with a meddler in front of it, and into folders."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.errors import BssError, InputError, MissingError, RefusedError
from bss_mfg.manifest import upload_targets
from bss_mfg.manifest.upload import UploadResult, upload

Respond = Callable[[str, list[tuple[str, str]]], Any]
SECRET = "verySecretKey0123456789"


class Meddler:
    """A WSGI layer: counts what goes through, and does what a test asks of the requests that a method names."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.reset()

    def reset(self) -> None:
        self.puts: list[str] = []
        self.acts: dict[str, Callable[[dict[str, Any], Respond], Iterable[bytes] | None]] = {}

    def __call__(self, environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if act := self.acts.get(method):
            answer = act(environ, respond)
            if answer is not None:
                return answer
        if method == "PUT":
            self.puts.append(environ["PATH_INFO"].rsplit("/", 1)[-1])
        answered: Iterable[bytes] = self.app(environ, respond)
        return answered


def error(status: str, code: str, detail: str = "") -> Callable[[dict[str, Any], Respond], list[bytes]]:
    def act(environ: dict[str, Any], respond: Respond) -> list[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        body = f"<Error><Code>{code}</Code><Message>{SECRET} {detail}</Message></Error>".encode()
        respond(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return act


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Meddler, str]]:
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *_: Any) -> None:
            pass

    meddler = Meddler(DomainDispatcherApplication(create_backend_app))
    running = make_server("127.0.0.1", 0, meddler, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield meddler, f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()


ENV = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_MAX_ATTEMPTS": "1", "NO_PROXY": "127.0.0.1",
}  # fmt: skip


class Bucket:
    """An empty bucket of the server, looked at by a client of its own."""

    def __init__(self, meddler: Meddler, endpoint: str) -> None:
        from boto3.session import Session

        self.meddler, self.endpoint = meddler, endpoint
        self.client = Session().client("s3", endpoint_url=endpoint)
        meddler.reset()
        self.client.create_bucket(Bucket="factory")
        for item in self.client.list_objects_v2(Bucket="factory").get("Contents", []):
            self.client.delete_object(Bucket="factory", Key=item["Key"])
        meddler.reset()

    def upload(self, files: list[Path], target: str = "s3://factory/logs/2026") -> list[UploadResult]:
        return list(upload(files, target, endpoint=self.endpoint))

    @property
    def content(self) -> dict[str, bytes]:
        listed = self.client.list_objects_v2(Bucket="factory").get("Contents", [])
        keys = [item["Key"] for item in listed]
        return {key: self.client.get_object(Bucket="factory", Key=key)["Body"].read() for key in keys}

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket="factory", Key=key, Body=data)
        self.meddler.reset()


@pytest.fixture
def bucket(server: tuple[Meddler, str], monkeypatch: pytest.MonkeyPatch) -> Bucket:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    return Bucket(*server)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    (tmp_path / "out").mkdir()
    paths = [tmp_path / "out" / f"C_CONTROL_LOG_2026013123595{n}.txt" for n in range(4)]
    for number, path in enumerate(paths):
        path.write_bytes(f'{{"controlLogs":[\n{number}\n]}}\n'.encode() * 1000)
    return paths


def contents(files: list[Path], prefix: str = "logs/2026/") -> dict[str, bytes]:
    return {prefix + path.name: path.read_bytes() for path in files}


# --- S3 -------------------------------------------------------------------------------------------------------------


def test_files_arrive_whole_and_a_second_run_sends_nothing(bucket: Bucket, files: list[Path]) -> None:
    first = bucket.upload(files)
    assert bucket.content == contents(files)
    assert [item.where for item in first] == [f"s3://factory/logs/2026/{path.name}" for path in files]
    assert [item.sha256 for item in first] == [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    assert all(item.sent for item in first)
    second = bucket.upload(files)
    assert [item.sent for item in second] == [False] * 4
    assert bucket.meddler.puts == [path.name for path in files]
    head = bucket.client.head_object(Bucket="factory", Key=f"logs/2026/{files[0].name}", ChecksumMode="ENABLED")
    assert bytes.fromhex(first[0].sha256) == b64decode(head["ChecksumSHA256"])


def test_the_whole_bucket_may_be_the_target(bucket: Bucket, files: list[Path]) -> None:
    for target in ("s3://factory", "s3://factory/"):
        bucket.upload(files[:1], target)
    assert bucket.content == contents(files[:1], "")


def test_progress_counts_files_and_each_is_told_once_it_is_there(bucket: Bucket, files: list[Path]) -> None:
    counted: list[tuple[int, int]] = []
    for number, item in enumerate(
        upload(files, "s3://factory/x", endpoint=bucket.endpoint, progress=lambda *of: counted.append(of)), 1
    ):
        assert len(bucket.content) == number
        assert item.path == files[number - 1]
    assert counted == [(n, 4) for n in range(1, 5)]


@pytest.mark.parametrize("change", [lambda data: data + b" ", lambda data: b"X" + data[1:]], ids=["longer", "altered"])
def test_other_content_in_the_way_stops_the_run_before_anything_is_sent(
    bucket: Bucket, files: list[Path], change: Callable[[bytes], bytes]
) -> None:
    other = change(files[2].read_bytes())
    bucket.put(f"logs/2026/{files[2].name}", other)
    with pytest.raises(RefusedError, match=f"other content .*{files[2].name}"):
        bucket.upload(files)
    assert bucket.content == {f"logs/2026/{files[2].name}": other}
    assert bucket.meddler.puts == []


@pytest.mark.parametrize("same", [True, False], ids=["same", "other"])
def test_what_appears_between_looking_and_sending_is_not_overwritten(
    bucket: Bucket, files: list[Path], same: bool
) -> None:
    """The conditional put: someone else was faster."""
    theirs = files[0].read_bytes() if same else b"theirs"

    def appear(environ: dict[str, Any], respond: Respond) -> None:
        bucket.meddler.acts.clear()
        bucket.client.put_object(Bucket="factory", Key=f"logs/2026/{files[0].name}", Body=theirs)

    bucket.meddler.acts["PUT"] = appear
    if same:
        assert bucket.upload(files[:1])[0].sent
    else:
        with pytest.raises(RefusedError, match="other content"):
            bucket.upload(files[:1])
    assert bucket.content == {f"logs/2026/{files[0].name}": theirs}


def test_an_upload_that_someone_else_is_at_is_waited_for(bucket: Bucket, files: list[Path]) -> None:
    bucket.meddler.acts["PUT"] = error("409 Conflict", "ConditionalRequestConflict")
    with pytest.raises(MissingError, match="someone else is sending"):
        bucket.upload(files)


def test_a_server_without_conditional_puts_is_served_too(bucket: Bucket, files: list[Path]) -> None:
    def unconditional(environ: dict[str, Any], respond: Respond) -> Any:
        if "HTTP_IF_NONE_MATCH" not in environ:
            return None
        return error("501 Not Implemented", "NotImplemented")(environ, respond)

    bucket.meddler.acts["PUT"] = unconditional
    bucket.upload(files)
    assert bucket.content == contents(files)


def test_a_bucket_that_may_only_be_written_to(bucket: Bucket, files: list[Path]) -> None:
    """The server's checksum is the proof, and a second run can't tell what is there: refused, nothing overwritten."""
    bucket.meddler.acts["HEAD"] = error("403 Forbidden", "AccessDenied")
    bucket.meddler.acts["GET"] = error("403 Forbidden", "AccessDenied")
    assert all(item.sent for item in bucket.upload(files))
    with pytest.raises(RefusedError, match="can't be compared"):
        bucket.upload(files)
    bucket.meddler.acts["PUT"] = error("501 Not Implemented", "NotImplemented")
    with pytest.raises(RefusedError, match="can't be compared"):
        bucket.upload(files)
    bucket.meddler.reset()
    assert bucket.content == contents(files)


def test_what_was_altered_on_the_way_is_found(bucket: Bucket, files: list[Path]) -> None:
    """A server that believes the checksum it is told: reading back finds the altered octet."""

    def alter(environ: dict[str, Any], respond: Respond) -> None:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = BytesIO(b"?" + body[1:])

    bucket.meddler.acts["PUT"] = alter
    with pytest.raises(InputError, match="what is there after the upload is not what was sent") as caught:
        bucket.upload(files)
    assert caught.value.where.endswith(files[0].name)
    assert bucket.meddler.puts == [files[0].name]


SCRIPT = """
import sys
from pathlib import Path
from bss_mfg.manifest.upload import upload
for item in upload([Path(name) for name in sys.argv[3:]], sys.argv[1], endpoint=sys.argv[2] or None):
    print(item.path.name, item.sent, flush=True)
"""


@pytest.mark.parametrize("at", [0, 2, 3])
def test_killed_half_way_and_run_again(bucket: Bucket, files: list[Path], at: int) -> None:
    reached = threading.Event()
    held = threading.Event()

    def hang(environ: dict[str, Any], respond: Respond) -> list[bytes] | None:
        if len(bucket.meddler.puts) < at:
            return None
        reached.set()
        held.wait(10)
        return error("500 Internal Server Error", "InternalError")(environ, respond)

    bucket.meddler.acts["PUT"] = hang
    command = [sys.executable, "-c", SCRIPT, "s3://factory/logs/2026", bucket.endpoint, *map(str, files)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE) as running:
        assert reached.wait(15)
        running.kill()
    held.set()
    bucket.meddler.acts.clear()
    assert bucket.content == contents(files[:at])
    again = bucket.upload(files)
    assert [item.sent for item in again] == [number >= at for number in range(4)]
    assert bucket.content == contents(files)
    assert bucket.meddler.puts == [path.name for path in files]


def refused(files: list[Path], bucket: Bucket, target: str = "s3://factory/logs") -> BssError:
    with pytest.raises(BssError) as caught:
        bucket.upload(files, target)
    assert SECRET not in str(caught.value) + repr(caught.value) + str(caught.value.__cause__)
    assert "AKID" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        ("403 Forbidden", "RequestTimeTooSkewed", MissingError, "clock is wrong"),
        ("403 Forbidden", "AccessDenied", InputError, "denies access"),
        ("403 Forbidden", "InvalidAccessKeyId", InputError, "does not know the access key"),
        ("403 Forbidden", "SignatureDoesNotMatch", InputError, "secret key"),
        ("400 Bad Request", "ExpiredToken", InputError, "have expired"),
        ("400 Bad Request", "BadDigest", InputError, "what arrived is not what was sent"),
        ("400 Bad Request", "AuthorizationHeaderMalformed", InputError, "another region"),
        ("503 Slow Down", "SlowDown", MissingError, "too busy"),
        ("400 Bad Request", "SomethingNew", InputError, r"refuses the request \(SomethingNew\)"),
        ("400 Bad Request", "bad\x1b[2J", InputError, r"refuses the request"),
    ],
)
def test_what_the_server_refuses_is_said_in_plain_words(
    bucket: Bucket, files: list[Path], monkeypatch: pytest.MonkeyPatch, status: str, code: str, kind: Any, words: str
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the pauses of boto3's retries
    bucket.meddler.acts["PUT"] = error(status, code)
    found = refused(files, bucket)
    assert isinstance(found, kind)
    assert re.search(words, str(found))
    assert str(found).isprintable()


def test_no_such_bucket(bucket: Bucket, files: list[Path]) -> None:
    assert "no such bucket" in str(refused(files, bucket, "s3://elsewhere/logs"))


def test_no_credentials(bucket: Bucket, files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "no credentials" in str(refused(files, bucket))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("HOME", "/nonexistent")
    assert "no credentials" in str(refused(files, bucket))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "no credentials" in str(refused(files, bucket))


def test_no_network(bucket: Bucket, files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr(bucket, "endpoint", "http://127.0.0.1:9")
    assert "can't be reached" in str(refused(files, bucket))
    with pytest.raises(InputError, match="endpoint") as caught:
        list(upload(files, "s3://factory", endpoint=f"https://me:{SECRET}@host"))
    assert SECRET not in str(caught.value)


def test_the_endpoint_may_come_from_the_environment(
    bucket: Bucket, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", bucket.endpoint)
    monkeypatch.setattr(bucket, "endpoint", None)
    bucket.upload(files[:1])
    assert bucket.content == contents(files[:1])


@pytest.mark.parametrize(
    "target", ["s3://", "s3://ab/x", "s3:///x", "s3://user:pw@bucket/x", "s3://bucket/a//b",
               "s3://bucket/a b", "https://bucket.s3.amazonaws.com/x", "ftp://host/x", "s3://bucket/x\n"],
)  # fmt: skip
def test_a_target_of_another_form_is_refused(target: str, files: list[Path]) -> None:
    with pytest.raises(InputError, match="not known") as caught:
        list(upload(files, target))
    assert "pw" not in str(caught.value).replace("password", "")


def test_without_boto3_the_way_out_is_its_install(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("boto3", "boto3.session"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingError, match=r'pip install "bss-mfg\[s3\]"'):
        list(upload(files, "s3://factory/x"))


def test_a_file_too_large_for_one_put_is_refused(
    bucket: Bucket, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_targets, "MAX_PUT", 100)
    assert "Split the control log" in str(refused(files, bucket))


# --- folders --------------------------------------------------------------------------------------------------------


def test_a_folder_gets_the_files_and_a_second_run_copies_nothing(files: list[Path], tmp_path: Path) -> None:
    share = tmp_path / "a share"
    share.mkdir()
    assert all(item.sent for item in upload(files, str(share)))
    before = {path.name: path.stat().st_mtime_ns for path in share.iterdir()}
    assert {path.name: path.read_bytes() for path in share.iterdir()} == contents(files, "")
    assert not any(item.sent for item in upload(files, str(share)))
    assert {path.name: path.stat().st_mtime_ns for path in share.iterdir()} == before


def test_in_a_folder_nothing_is_overwritten(files: list[Path], tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (share / files[3].name).write_bytes(b"theirs")
    with pytest.raises(RefusedError, match="other content"):
        list(upload(files, str(share)))
    assert [path.name for path in share.iterdir()] == [files[3].name]


def test_a_folder_that_is_not_connected_is_not_made(files: list[Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="connect the file server"):
        list(upload(files, str(tmp_path / "mnt")))
    assert not (tmp_path / "mnt").exists()


def test_a_folder_upload_killed_at_any_moment_and_run_again(files: list[Path], tmp_path: Path) -> None:
    for path in files:
        path.write_bytes(path.read_bytes() * 300)
    for number, wait in enumerate((0.0, 0.01, 0.02, 0.04, 0.08)):
        share = tmp_path / f"share{number}"
        share.mkdir()
        command = [sys.executable, "-c", SCRIPT, str(share), "", *map(str, files)]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE) as running:
            while running.poll() is None and not any(share.iterdir()):
                time.sleep(0.001)
            time.sleep(wait)
            running.kill()
        for path in share.glob("C_*"):
            assert path.read_bytes() == (path.parent.parent / "out" / path.name).read_bytes()
        list(upload(files, str(share)))
        assert {path.name: path.read_bytes() for path in share.glob("C_*")} == contents(files, "")


def test_files_that_are_missing_or_named_alike_are_refused_before_anything(files: list[Path], tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (tmp_path / "more").mkdir()
    twin = tmp_path / "more" / files[0].name
    twin.write_bytes(b"x")
    with pytest.raises(InputError, match="same name"):
        list(upload([*files, twin], str(share)))
    with pytest.raises(InputError, match="not found"):
        list(upload([*files, tmp_path / "none.txt"], str(share)))
    assert not list(share.iterdir())

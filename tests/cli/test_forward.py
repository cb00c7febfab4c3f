"""Events are sent to receivers: signed, once by their id, and where it stopped it goes on."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess

import pytest
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks import WebhookVerificationError

from tests.helpers.commands import real_environment
from tests.helpers.factory import Factory
from tests.helpers.webhook_receiver import BUSY, CUT, REFUSE, TAKE, WRONG, webhook_receiver


@pytest.fixture
def line(factory: Factory) -> Factory:
    factory.add()
    factory.issue(2)
    return factory


def test_a_webhook_gets_all_events_signed(line: Factory) -> None:
    secret = line.root / "erp.secret"
    with webhook_receiver() as erp:
        sent = line.cli("forward", erp.address, "--secret-file", secret, "--once")
        assert sent.code == 0, sent.err
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600 or os.name == "nt"
        assert secret.read_text().strip() not in sent.err + sent.out
        checker = StandardWebhook(secret.read_text().strip())
        events = [checker.verify(one.body, one.headers) for one in erp.taken]
        with pytest.raises(WebhookVerificationError):
            checker.verify(erp.taken[0].body.replace(b"1", b"2"), erp.taken[0].headers)
        assert [event["data"]["seq"] for event in events] == list(range(1, len(events) + 1))
        assert [event["data"] for event in events] == [json.loads(one) for one in line.cli("events").out.splitlines()]

        line.issue(2, "B2")
        assert line.cli("forward", erp.address, "--secret-file", secret, "--once").code == 0
        assert {json.loads(one.body)["subject"] for one in erp.taken[len(events) :]} == {"batches/B2"}


def test_who_answers_badly_is_asked_again_and_one_who_refuses_is_told(line: Factory) -> None:
    secret = line.root / "erp.secret"
    with webhook_receiver(TAKE, CUT, REFUSE, TAKE, WRONG) as erp:
        stopped = line.cli("forward", erp.address, "--secret-file", secret, "--once")
        assert stopped.code == 3
        assert "401" in stopped.err
        assert "Event 2 waits" in stopped.err
        assert "Event 2 was taken" in stopped.err
        assert line.cli("forward", erp.address, "--secret-file", secret, "--once").code == 0
        ids = [json.loads(one.body)["id"] for one in erp.taken]
        assert len(ids) == len(set(ids)) == len(line.cli("events").out.splitlines())


def test_a_receiver_that_is_away_is_given_up_and_gets_it_later(line: Factory) -> None:
    secret = line.root / "erp.secret"
    with webhook_receiver() as erp:
        address = erp.address
    gone = line.cli("forward", address, "--secret-file", secret, "--once", "--give-up", "0")
    assert gone.code == 6
    assert "event 1 was not taken" in gone.err


@pytest.mark.sqlite
def test_a_ledger_that_is_away_for_a_moment_is_waited_for(line: Factory) -> None:
    secret, ledger = line.root / "erp.secret", line.root / "ledger.db"
    with webhook_receiver() as erp:
        running = subprocess.Popen(
            line.command("forward", erp.address, "--secret-file", secret),
            stderr=subprocess.PIPE, text=True, env=real_environment(),
        )  # fmt: skip
        assert running.stderr
        while "as they happen" not in running.stderr.readline():
            assert running.poll() is None
        ledger.rename(line.root / "away.db")
        assert "is waited for" in running.stderr.readline()
        (line.root / "away.db").rename(ledger)
        assert "can be read again" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=60)
        assert running.returncode == 0, told


def test_how_long_a_receiver_wants_to_be_left_alone(line: Factory) -> None:
    with webhook_receiver(BUSY) as erp:
        told = line.cli("forward", erp.address, "--secret-file", line.root / "s", "--once", "--give-up", "0")
        assert told.code == 6
        assert "429" in told.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["http://example.invalid/x", "--secret-file", "s"], 3, "https://example.invalid"),
        (["https://user:geheim@example.invalid/x", "--secret-file", "s"], 3, "--secret-file"),
        (["ftp://example.invalid/x"], 3, "https://HOST/PATH"),
        (["https://"], 3, "https://HOST/PATH"),
        (["https://example.invalid/x"], 2, "--secret-file"),
        (["https://example.invalid/x", "--user", "me", "--secret-file", "s"], 2, "MQTT"),
        (["mqtts://example.invalid/x", "--user", "me"], 2, "go together"),
        (["mqtts://example.invalid/a/#"], 3, "topic"),
        (["https://example.invalid:99999/x", "--secret-file", "s"], 3, "https://HOST/PATH"),
        (["https://example.invalid/x", "--secret-file", "s", "--name", "../x"], 3, "name of a receiver"),
        (["https://example.invalid/x", "--secret-file", "s", "--authority", "nothing.pem"], 3, "PEM"),
    ],
)
def test_what_can_not_be_sent_to_is_refused_before(line: Factory, arguments: list[str], code: int, words: str) -> None:
    told = line.cli("forward", *arguments, "--once", cwd=line.root)
    assert (told.code, words in told.err) == (code, True), told.err
    assert "geheim" not in told.err


def test_a_secret_that_others_may_read_or_that_is_none_is_refused(line: Factory) -> None:
    secret = line.root / "erp.secret"
    for content, mode, words in (
        ("whsec_AAAA\n", 0o600, "24 to 64 bytes"),
        ("hallo\n", 0o600, "24 to 64 bytes"),
        ("\n", 0o600, "no secret"),
        ("whsec_" + "A" * 44, 0o644, "chmod 600"),
    ):
        secret.write_text(content)
        secret.chmod(mode)
        told = line.cli("forward", "http://127.0.0.1:9/", "--secret-file", secret, "--once")
        assert told.code == 3
        assert words in told.err
        assert content.strip() == "" or content.strip() not in told.err


def test_a_name_belongs_to_one_receiver(line: Factory) -> None:
    secret = line.root / "s"
    with webhook_receiver() as one, webhook_receiver() as other:
        assert line.cli("forward", one.address, "--secret-file", secret, "--name", "erp", "--once").code == 0
        told = line.cli("forward", other.address, "--secret-file", secret, "--name", "erp", "--once")
        assert told.code == 3
        assert "--name" in told.err
        assert not other.taken
        again = line.cli("forward", one.address, "--secret-file", secret, "--name", "erp", "--once", "--since", "0")
        assert again.code == 0
        assert len(one.taken) == 2 * len({json.loads(request.body)["id"] for request in one.taken})
    (record,) = (line.root / "forwarding").glob("*.json")
    record.write_text("{")
    damaged = line.cli("forward", one.address, "--secret-file", secret, "--name", "erp", "--once")
    assert damaged.code == 3
    assert "--since" in damaged.err

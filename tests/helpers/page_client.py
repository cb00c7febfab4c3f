"""A client of a page that this computer serves: it trusts the page's certificate, and nothing else."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bss_mfg.lan.page_server import PageServer
from tests.helpers.pace import PATIENCE


class PageClient:
    """Asks one server; without a certificate's file in plain HTTP."""

    def __init__(self, server: PageServer, file: Path | None = None) -> None:
        self.origin, self.cookie = server.origin, ""
        self.http = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=PATIENCE)
        if file:
            certificate = "-----BEGIN CERT" + file.read_text().partition("-----BEGIN CERT")[2]
            context = ssl.create_default_context(cadata=certificate)
            self.http = http.client.HTTPSConnection("127.0.0.1", server.server_port, context=context, timeout=PATIENCE)

    def ask(
        self, method: str, path: str, document: object = None, **headers: str
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Status, JSON or bytes, headers; headers may be replaced, by `-` left out."""
        body = None if document is None else document if isinstance(document, bytes) else json.dumps(document).encode()
        own = {"Host": self.origin.partition("://")[2], "Cookie": self.cookie}
        if body is not None:
            own |= {"Content-Type": "application/json", "Origin": self.origin, "Content-Length": str(len(body))}
        own |= {name.replace("_", "-"): value for name, value in headers.items()}
        self.http.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in own.items():
            if value != "-":
                self.http.putheader(name, value)
        self.http.endheaders(body)
        answer = self.http.getresponse()
        data = answer.read()
        if answer.headers.get_content_type() == "application/json":
            return answer.status, json.loads(data or b"null"), answer.headers
        return answer.status, data, answer.headers

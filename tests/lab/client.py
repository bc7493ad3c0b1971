"""A small client of the API server: one kept connection a thread, and where each kind lives."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

JSON = "application/json"
YAML = "application/yaml"
APPLY = "application/apply-patch+yaml"  # JSON is YAML, and is what we send
MERGE = "application/merge-patch+json"

TRIES = 3  # a kept connection may have been closed meanwhile; 429 asks to come again


@dataclass(frozen=True)
class Response:
    """What came back: `data` is decoded JSON, or the text under `message` where it was none."""

    status: int
    data: dict[str, Any]
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Resource:
    """Where the objects of a kind live."""

    prefix: str
    name: str
    namespaced: bool

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        scope = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
        return f"{self.prefix}{scope}/{self.name}" + (f"/{quote(name, safe='')}" if name else "")


class Client:
    """Requests to `https://127.0.0.1:<port>`. May be used by several threads: each gets its own connection."""

    def __init__(self, port: int, token: str, ca_file: Path) -> None:
        self.port = port
        self._headers = {"Authorization": f"Bearer {token}", "Accept": JSON}
        self._tls = ssl.create_default_context(cafile=str(ca_file))
        self._tls.verify_flags &= ~ssl.VERIFY_X509_STRICT  # the server's own certificate names no key of its authority
        self._local = threading.local()
        self._open: set[http.client.HTTPSConnection] = set()
        self._resources: dict[str, dict[str, Resource]] = {}

    @classmethod
    def of(cls, kubeconfig: Path) -> Client:
        """A client as a kubeconfig of the lab says."""
        config = json.loads(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        return cls(int(cluster["server"].rpartition(":")[2]), user["token"], Path(cluster["certificate-authority"]))

    def request(
        self, method: str, path: str, body: object = None, content: str = JSON, query: dict[str, str] | None = None
    ) -> Response:
        """Send `body` (bytes as they are, anything else as JSON). Raises OSError if the server cannot be reached."""
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        where = f"{path}?{urlencode(query)}" if query else path
        for again in reversed(range(TRIES)):
            try:
                response = self._send(method, where, data, content)
            except (http.client.HTTPException, ConnectionError):
                self._close_own()
                if not again:
                    raise
                continue
            if response.status != 429 or not again:
                return response
            time.sleep(1)
        raise AssertionError("the last try returns or raises")

    def _send(self, method: str, where: str, data: bytes | None, content: str) -> Response:
        connection = self._connection()
        connection.request(method, where, data, self._headers | ({"Content-Type": content} if data is not None else {}))
        answer = connection.getresponse()
        raw = answer.read()
        warnings = tuple(answer.headers.get_all("Warning") or ())
        return Response(answer.status, _decoded(raw), warnings)

    def _connection(self) -> http.client.HTTPSConnection:
        connection: http.client.HTTPSConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self._tls)
            self._local.connection = connection
            self._open.add(connection)
        return connection

    def _close_own(self) -> None:
        connection = self._local.connection
        self._local.connection = None
        self._open.discard(connection)
        connection.close()

    def close(self) -> None:
        """Close the connections of all threads."""
        for connection in self._open:
            connection.close()
        self._open.clear()
        self._local = threading.local()

    def resource(self, api_version: str, kind: str) -> Resource | None:
        """Where that kind lives, by discovery; None if the server does not serve it. What is served is remembered."""
        if kind not in self._resources.get(api_version, {}):
            self._resources[api_version] = self._discover(api_version)
        return self._resources[api_version].get(kind)

    def _discover(self, api_version: str) -> dict[str, Resource]:
        prefix = quote(f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}")
        listed = self.request("GET", prefix).data.get("resources") or []
        return {
            one["kind"]: Resource(prefix, one["name"], one["namespaced"]) for one in listed if "/" not in one["name"]
        }


def _decoded(raw: bytes) -> dict[str, Any]:
    try:
        data = json.loads(raw)
    except ValueError:
        return {"message": raw.decode(errors="replace").strip()}
    return data if isinstance(data, dict) else {"message": str(data)}

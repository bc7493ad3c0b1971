"""A real API server with the real admission webhooks of KServe and Knative Kafka, on loopback, for as long as a block lasts.

    with running() as judge:
        judge.verdict({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}).accepted

`python -m tests.lab.cluster` starts one, prints how its administrator reaches it, and waits for Ctrl-C. With LAB_KUBECONFIG set to
what it printed, tests use that one instead of starting their own.

What is real: etcd, kube-apiserver, and KServe's and Knative's own programs as released, with their CRDs, settings,
webhook configurations and built-in runtimes. What is not: nodes, pods, controllers. KServe's managers bring controllers along, but
act as a user who may read and not write, so an object stays as it was sent.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from tests.lab import upstream, wiring
from tests.lab.client import Client
from tests.lab.programs import LabError, Programs, free_ports, listens, missing
from tests.lab.verdicts import Judge, Object, Operation, Verdict
from tests.lab.wiring import ADMIN, KNATIVE, KNATIVE_NAMESPACE, KNATIVE_USER, KSERVE, READER

NAMESPACES = ("kserve", KNATIVE_NAMESPACE)

# The kinds that others need, that begin to judge, and that are judged; objects are installed in that order, all others with the first.
FIRST, WEBHOOKS, LAST = (
    {"CustomResourceDefinition"},
    {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"},
    {"ClusterServingRuntime", "ClusterStorageContainer", "LLMInferenceServiceConfig"},
)

# The webhooks stored last, and objects by whose verdicts one sees that they answer.
PROBED = "inferenceservice.serving.kserve.io"
PROBE_SERVICE: Object = {
    "apiVersion": "serving.kserve.io/v1beta1",
    "kind": "InferenceService",
    "metadata": {"name": "probe"},
    "spec": {"predictor": {"sklearn": {"storageUri": "s3://a/b"}}},
}
PROBE_SOURCE: Object = {
    "apiVersion": "sources.knative.dev/v1",
    "kind": "KafkaSource",
    "metadata": {"name": "probe"},
    "spec": {"topics": ["a"], "bootstrapServers": ["a:9092"], "sink": {"uri": "http://a"}},
}
WRONG_SERVICE = {**PROBE_SERVICE, "spec": {"predictor": {}}}
WRONG_SOURCE = {**PROBE_SOURCE, "spec": {**PROBE_SOURCE["spec"], "initialOffset": "bogus"}}


class Cluster:
    """A context manager; its methods may be called from several threads.

    Raises LabError, with the ends of the logs, if something does not start. Logs and data are kept in `folder`, if one is given.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._given = folder
        self._stack = ExitStack()
        self._tokens = {user: secrets.token_hex(16) for user in (ADMIN, READER, KNATIVE_USER)}

    def __enter__(self) -> Self:
        if absent := missing():
            raise LabError(f"not here: {', '.join(absent)}; run make lab-tools")
        with ExitStack() as stack:
            self.folder = self._given or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lab-")))
            self.folder.mkdir(parents=True, exist_ok=True)
            self._programs = Programs(self.folder)
            stack.callback(self._programs.stop)
            self._start_server()
            stack.callback(self.client.close)
            self._install()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def verdict(self, manifest: Object | bytes, *, operation: Operation = "create") -> Verdict:
        """See `Judge.verdict`."""
        return self.judge.verdict(manifest, operation=operation)

    def verdict_update(
        self, live: Object, new: Object, *, status: Object | None = None, operation: Operation = "apply"
    ) -> Verdict:
        """See `Judge.verdict_update`."""
        return self.judge.verdict_update(live, new, status=status, operation=operation)

    def kubeconfig(self, user: str = ADMIN) -> Path:
        """A kubeconfig file of a user of the lab (in JSON, which is YAML)."""
        file = self.folder / f"{user.rpartition(':')[2]}.kubeconfig"
        file.touch(0o600)
        content = wiring.kubeconfig(self.client.port, self._certificate, user, self._tokens[user])
        file.write_text(json.dumps(content))
        return file

    def _start_server(self) -> None:
        store, peer, port = free_ports(3)
        tokens = self.folder / "tokens.csv"
        tokens.touch(0o600)
        lines = (f'{token},{user},{user},"{wiring.GROUPS.get(user, "")}"\n' for user, token in self._tokens.items())
        tokens.write_text("".join(lines))
        self._programs.start("etcd", *wiring.etcd(self.folder, store, peer))
        # Definitions of megabytes make much garbage: a third less CPU to start, for half a gigabyte.
        arguments = wiring.kube_apiserver(self.folder, store, port, tokens)
        self._programs.start("kube-apiserver", *arguments, env={"GOGC": "200"})
        self._programs.wait(lambda: listens(port), "the API server listens")
        self._certificate = self.folder / "certificates" / "apiserver.crt"
        self.client = Client(port, self._tokens[ADMIN], self._certificate)
        self.judge = Judge(self.client)
        self._programs.wait(lambda: self.client.request("GET", "/readyz").ok, "the API server is ready")

    def _install(self) -> None:
        """What the releases install, in the order in which one part needs the other."""
        ports = dict(zip([*KSERVE.values(), KNATIVE], free_ports(len(KSERVE) + 1), strict=True))
        bundle = base64.b64encode(self._certificate.read_bytes()).decode()
        objects = [wiring.reached_at(item, ports, bundle) for item in upstream.installed()]
        definitions = [item for item in objects if item["kind"] in FIRST]
        rest = [item for item in objects if item["kind"] not in FIRST | WEBHOOKS | LAST]
        self.judge.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in NAMESPACES)
        self.judge.apply([*definitions, *rest, *wiring.own_objects(ports[KNATIVE])])
        self._programs.wait(lambda: all(map(self._served, definitions)), "the custom resources are served")
        webhooks = [item for item in objects if item["kind"] in WEBHOOKS]
        for item in sorted(webhooks, key=lambda item: bool(item["metadata"]["name"] == PROBED)):
            self.judge.apply([item])
        self._start_webhooks(ports)
        self._programs.wait(lambda: all(map(listens, ports.values())), "the webhooks listen")
        self._programs.wait(self._webhooks_answer, "the webhooks answer")
        self.judge.apply(item for item in objects if item["kind"] in LAST)

    def _start_webhooks(self, ports: dict[str, int]) -> None:
        for name, service in KSERVE.items():
            env = {"KUBECONFIG": str(self.kubeconfig(READER)), "TMPDIR": str(self._serving_certificate(name))}
            self._programs.start(name, *wiring.kserve(ports[service]), env=env)
        env = {"KUBECONFIG": str(self.kubeconfig(KNATIVE_USER)), **wiring.knative(ports[KNATIVE])}
        self._programs.start("knative-kafka", "--disable-ha", env=env)

    def _serving_certificate(self, name: str) -> Path:
        """A temporary folder for a manager, with the certificate where controller-runtime looks for it: the API server's own."""
        folder = self.folder / name
        serving = folder / "k8s-webhook-server" / "serving-certs"
        serving.mkdir(parents=True)
        for suffix in ("crt", "key"):
            shutil.copy(self._certificate.with_suffix(f".{suffix}"), serving / f"tls.{suffix}")
        return folder

    def _served(self, definition: Object) -> bool:
        spec = definition["spec"]
        versions = (f"{spec['group']}/{version['name']}" for version in spec["versions"] if version["served"])
        return all(self.client.resource(version, spec["names"]["kind"]) for version in versions)

    def _webhooks_answer(self) -> bool:
        """Whether the API server knows all webhooks by now; it learns of them after they were stored, in that order."""
        try:
            filled = [self.verdict(PROBE_SERVICE), self.verdict(PROBE_SOURCE)]
            told = [self.verdict(WRONG_SERVICE), self.verdict(WRONG_SOURCE)]
        except LabError:
            return False
        service, source = ((verdict.object or {}).get("spec", {}) for verdict in filled)
        mutated = "model" in service.get("predictor", {}) and "consumerGroup" in source
        return mutated and all("admission webhook" in verdict.message for verdict in told)


@contextmanager
def running() -> Iterator[Judge]:
    """The cluster that LAB_KUBECONFIG names, else one that lasts as long as the block. Raises LabError as `Cluster` does."""
    with ExitStack() as stack:
        if named := os.environ.get("LAB_KUBECONFIG"):
            client = Client.of(Path(named))
            stack.callback(client.close)
            yield Judge(client)
        else:
            yield stack.enter_context(Cluster()).judge


def main() -> None:
    """Start a cluster, say how to reach it, and wait for Ctrl-C or a SIGTERM, even as a background job that ignores the first."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit())
    with Cluster() as cluster:
        file = cluster.kubeconfig()
        sys.stdout.write(f"export KUBECONFIG={file} LAB_KUBECONFIG={file}\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main()

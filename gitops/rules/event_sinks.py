"""Where the events of a KafkaSource end up: how Knative puts `ref` and `uri` together, which no webhook looks at."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Fix
from gitops.objects import Object
from gitops.rules.base import Cluster, at, rule
from gitops.rules.golang import url
from gitops.rules.kafka import KAFKA_SOURCE, destinations, words


@rule("controller", KAFKA_SOURCE, needs="ref")
def sink_keeps_its_host(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """A `uri` beside a `ref` does not begin with `//`.

    Why: two slashes begin a host, as in every URL: `//models/mnist` sends all events to a host called `models`, and the object in `ref`
    gets none. Nothing refuses it.

    Fix: write one slash.

    Source: knative.dev/pkg `resolver/addressable_resolver.go`, Go `net/url` ResolveReference.
    """
    for to in destinations(source):
        read = url(to.uri) if to.ref is not None and to.uri else None
        if read and read.host and not read.absolute:
            path = (*to.path, "uri")
            yield Fault(
                "sink-keeps-its-host",
                path,
                f"{words(*path)} begins with two slashes, and so replaces the host of `ref`",
                found=to.uri or "",
                expected="a path that begins with one slash",
                why=f"events would go to the host `{read.host}`, not to `{(to.ref or {}).get('name', '')}`.",
                hint=f"write `/{(to.uri or '').lstrip('/')}`",
                fix=Fix("set", path, "/" + (to.uri or "").lstrip("/")),
            )


@rule("controller", KAFKA_SOURCE, level="warning", needs="ref")
def sink_path_from_root(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """A `uri` beside a `ref` begins with a slash.

    Why: without it the path is put in place of the last part of the address that the object states: right for an address without a
    path, another path for one with it.

    Fix: begin it with one slash.

    Source: knative.dev/pkg `resolver/addressable_resolver.go`, Go `net/url` ResolveReference.
    """
    for to in destinations(source):
        read = url(to.uri) if to.ref is not None and to.uri else None
        if read and read.path and not read.absolute and not read.path.startswith("/"):
            path = (*to.path, "uri")
            yield Fault(
                "sink-path-from-root",
                path,
                f"{words(*path)} does not begin with a slash",
                found=to.uri or "",
                expected=f"`/{to.uri}`",
                why="where the address of `ref` has a path of its own, the two are joined.",
                hint="begin it with one slash",
                fix=Fix("set", path, f"/{to.uri}"),
            )


@rule("controller", KAFKA_SOURCE, needs="ref")
def sink_version_served(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """A `ref` to a kind that the cluster has names a version that it serves.

    Why: the resolver asks the API server for exactly that version; where it is not served, condition SinkProvided stays False, for ever.

    Fix: write the version that the object's own apiVersion has.

    Source: knative.dev/pkg `resolver/addressable_resolver.go`; the schemas of the environment.
    """
    for to in destinations(source):
        version, kind = at(to.ref, "apiVersion"), at(to.ref, "kind")
        if not version or not kind or cluster.schemas.scope(version, kind):
            continue
        group = version.rpartition("/")[0]
        if served := cluster.schemas.versions(group, kind):
            path = (*to.path, "ref", "apiVersion")
            right = f"{group}/{served[0]}" if group else served[0]
            yield Fault(
                "sink-version-served",
                path,
                f"{words(*path)} is a version of {kind} that this cluster does not serve",
                found=version,
                expected=" or ".join(f"`{group}/{each}`" if group else f"`{each}`" for each in served),
                why="Knative cannot look the object up: condition SinkProvided stays False.",
                hint=f"write `{right}`",
                fix=Fix("set", path, right) if len(served) == 1 else None,
            )

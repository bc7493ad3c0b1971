"""Configurations of admission webhooks beyond their schemas."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, rule
from gitops.rules.core_forms import (
    LABEL,
    QUALIFIED,
    SUBDOMAIN,
    Wrongs,
    each,
    known,
    lacking,
    named,
    once,
    part,
    port,
    required,
    texts,
    within,
    wrong,
)
from gitops.rules.core_selectors import selector_wrongs
from gitops.rules.golang import url

_GROUP = "admissionregistration.k8s.io"
WEBHOOKS = ((_GROUP, "MutatingWebhookConfiguration"), (_GROUP, "ValidatingWebhookConfiguration"))
_WORDS = {
    "failurePolicy": ("Fail", "Ignore"),
    "matchPolicy": ("Equivalent", "Exact"),
    "reinvocationPolicy": ("IfNeeded", "Never"),
}
_OPERATIONS = ("*", "CREATE", "UPDATE", "DELETE", "CONNECT")


@rule("admission", *WEBHOOKS)
def webhook_reached(configuration: Object, cluster: Cluster) -> Iterator[Fault]:
    """A webhook is called at one place: a Service with name and namespace, or an https URL.

    Why: the API server refuses the configuration (`exactly one of url or service is required`).

    Fix: give `clientConfig.service`; `caBundle` alone does not say where to call, also where cert-manager fills it in.

    Source: kubernetes `pkg/apis/admissionregistration/validation/validation.go`; k8s.io/apiserver `pkg/util/webhook/validation.go`.
    """
    for path, webhook in each(configuration, (), "webhooks"):
        for fault in _reached((*path, "clientConfig"), webhook.get("clientConfig") or {}):
            yield Fault("webhook-reached", *fault)


def _reached(path: Path, client: Object) -> Wrongs:
    address, service = client.get("url"), client.get("service")
    if (address is None) == (service is None):
        if address is None:
            yield lacking((*path, "service"), "a service, or `url`")
        else:
            yield wrong((*path, "url"), "stands beside `service`", None, "one of the two")
    elif address is not None:
        read = url(address)
        if read is None or read.scheme != "https" or not read.host or "@" in address.partition("/")[2].split("/")[1]:
            yield wrong((*path, "url"), "is no URL of a webhook", address, "https://host/path")
        elif "?" in address.rstrip("?") or "#" in address.rstrip("#"):
            yield wrong((*path, "url"), "has a query or a fragment", address, "https://host/path")
    else:
        found = part(client, "service")
        yield from required((*path, "service"), found, "name", "namespace")
        if found.get("port") is not None:
            yield from port((*path, "service", "port"), found["port"], name=False)
        yield from _segments((*path, "service", "path"), found.get("path") or "/")


def _segments(path: Path, text: str) -> Wrongs:
    if text == "/":
        return
    segments = text[1:].removesuffix("/").split("/")
    if not text.startswith("/") or not all(map(SUBDOMAIN.fits, segments)):
        yield wrong(path, "is no path of a webhook", text, "`/`, and parts of lower-case letters, digits, `-` and `.`")


@rule("admission", *WEBHOOKS)
def webhook_complete(configuration: Object, cluster: Cluster) -> Iterator[Fault]:
    """A webhook has a name with two dots, says that it has no side effects, which reviews it reads, and what it judges.

    Why: the API server refuses the configuration.

    Fix: write `sideEffects: None` and `admissionReviewVersions: [v1]`; `*` in a list stands alone.

    Source: kubernetes `pkg/apis/admissionregistration/validation/validation.go`, validateValidatingWebhook, validateMutatingWebhook.
    """
    found = list(each(configuration, (), "webhooks"))
    for path, webhook in found:
        for fault in (*_form(path, webhook), *_versions(path, webhook), *_conditions(path, webhook)):
            yield Fault("webhook-complete", *fault)
        for place, judged in each(webhook, path, "rules"):
            for fault in (*_lists(place, judged), *_resources(place, judged)):
                yield Fault("webhook-complete", *fault)
    for fault in once(((*path, "name"), webhook.get("name")) for path, webhook in found):
        yield Fault("webhook-complete", *fault)


def _form(path: Path, webhook: Object) -> Wrongs:
    yield from named(path, webhook, "name", SUBDOMAIN)
    name = webhook.get("name") or ""
    if SUBDOMAIN.fits(name) and name.count(".") < 2:
        yield wrong((*path, "name"), "has too few parts", name, "three parts with dots between, such as a.example.com")
    for field, options in _WORDS.items():
        if webhook.get(field) is not None:
            yield from known((*path, field), webhook[field], options)
    if webhook.get("sideEffects") is None:
        yield lacking((*path, "sideEffects"), "None or NoneOnDryRun")
    else:
        yield from known((*path, "sideEffects"), webhook["sideEffects"], ("None", "NoneOnDryRun"))
    yield from within(path, webhook, "timeoutSeconds", 1, 30)
    for field in ("namespaceSelector", "objectSelector"):
        yield from selector_wrongs((*path, field), webhook.get(field))


def _versions(path: Path, webhook: Object) -> Wrongs:
    versions = list(texts(webhook, path, "admissionReviewVersions"))
    for place, version in versions:
        if not LABEL.fits(version) or not version[0].isalpha():
            yield wrong(place, "is no version", version, "v1 or v1beta1")
    yield from once(iter(versions))
    if not {"v1", "v1beta1"} & {version for _, version in versions}:
        yield lacking((*path, "admissionReviewVersions"), "v1 or v1beta1 among them")


def _conditions(path: Path, webhook: Object) -> Wrongs:
    """Their expressions aside, which are CEL."""
    found = list(each(webhook, path, "matchConditions"))
    for place, condition in found:
        yield from named(place, condition, "name", QUALIFIED)
        if not (condition.get("expression") or "").strip():
            yield lacking((*place, "expression"), "a CEL expression")
    yield from once(((*place, "name"), condition.get("name")) for place, condition in found)
    if len(found) > 64:
        yield wrong((*path, "matchConditions"), "has too many", None, "at most 64")


def _lists(path: Path, judged: Object) -> Wrongs:
    for field in ("operations", "apiGroups", "apiVersions"):
        values = list(texts(judged, path, field))
        if not values:
            yield lacking((*path, field), "one value at least, or `*`")
        if len(values) > 1 and "*" in [value for _, value in values]:
            yield wrong((*path, field), "has others beside `*`", None, "`*` alone")
        for place, value in values:
            if field == "operations":
                yield from known(place, value, _OPERATIONS)
            elif field == "apiVersions" and not value:
                yield lacking(place)
    if judged.get("scope") is not None:
        yield from known((*path, "scope"), judged["scope"], ("*", "Cluster", "Namespaced"))


def _resources(path: Path, judged: Object) -> Wrongs:
    places = list(texts(judged, path, "resources"))
    values = [value for _, value in places]
    if not values:
        yield lacking((*path, "resources"), "one value at least, or `*`")
    whole: set[tuple[str, str]] = set()
    for place, value in places:
        resource, slash, of = value.partition("/")
        if not value:
            yield lacking(place)
        elif slash and {(resource, "*"), ("*", of)} & whole:
            yield wrong(place, "is among those of another entry", value, "each one once")
        if slash and "*" in (resource, of):
            whole |= {each for each in ((resource, "*"), ("*", of)) if each == (resource, of) or "*" in (resource, of)}
    if "*/*" in values and len(values) > 1:
        yield wrong((*path, "resources"), "has others beside `*/*`", None, "`*/*` alone")
    # The API server looks at the last of those without a subresource, and no further.
    plain = [value for value in values if value and "/" not in value]
    if "*" in plain and plain[-1] != "*":
        yield wrong((*path, "resources"), "has others beside `*`", None, "`*` alone")

"""The environment variables of containers in pods that the API server judges."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, rule
from gitops.rules.core_downward import VARIABLE_FIELDS, amount_wrongs, field_wrongs
from gitops.rules.core_forms import DATA_KEY, SUBDOMAIN, VARIABLE, Wrongs, alone, each, if_named, lacking, named, wrong
from gitops.rules.core_pods import CORE_PODS, containers, core_pod
from gitops.rules.once import once as kept

_KEYS = ("secretKeyRef", "configMapKeyRef")
_SOURCES = ("fieldRef", "resourceFieldRef", *_KEYS, "fileKeyRef")
_WHOLES = ("configMapRef", "secretRef")


@kept
def _variables(obj: Object) -> list[tuple[Path, Object]]:
    """The variables of all containers."""
    return [found for container in containers(core_pod(obj)) for found in each(container.spec, container.path, "env")]


@kept
def _entries(obj: Object) -> list[tuple[Path, Object]]:
    """What containers take variables from, several at once."""
    every = containers(core_pod(obj))
    return [found for container in every for found in each(container.spec, container.path, "envFrom")]


@rule("admission", *CORE_PODS, needs=("env", "envFrom"))
def variable_named(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Each environment variable of a container has a name, without `=`.

    Why: the API server refuses the pod, and every workload with such a template.

    Fix: give the name; a list item that is empty is a variable without one.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, ValidateEnv and ValidateEnvFrom.
    """
    for path, variable in _variables(obj):
        for fault in named(path, variable, "name", VARIABLE):
            yield Fault("variable-named", *fault)
    for path, entry in _entries(obj):
        for fault in if_named(path, entry, "prefix", VARIABLE):
            yield Fault("variable-named", *fault)


@rule("admission", *CORE_PODS, needs=("env", "envFrom"))
def variable_source(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """An environment variable has a value or one source, and the source says what to take.

    Why: the API server refuses `value` beside `valueFrom`, a `valueFrom` with nothing in it, and a reference to a Secret or ConfigMap
    without name or key.

    Fix: keep one; a reference has `name` and `key`, an entry of `envFrom` a `name`.

    Source: kubernetes `pkg/apis/core/validation/validation.go`, validateEnvVarValueFrom and ValidateEnvFrom.
    """
    for path, variable in _variables(obj):
        for fault in _variable(path, variable) if variable.get("valueFrom") is not None else ():
            yield Fault("variable-source", *fault)
    for path, entry in _entries(obj):
        for fault in _whole(path, entry):
            yield Fault("variable-source", *fault)


def _variable(path: Path, variable: Object) -> Wrongs:
    source = variable["valueFrom"]
    here = (*path, "valueFrom")
    given = [field for field in _SOURCES if source.get(field) is not None]
    if not given:
        yield wrong(here, "has no source", None, f"one of: {', '.join(_SOURCES[:-1])}")
    elif variable.get("value"):
        yield wrong(here, "stands beside `value`", None, "one of the two", "remove one of the two")
    if len(given) > 1:
        yield from alone(here, source, given, "source")
    for field in given:
        yield from _reference((*here, field), field, source[field])


def _reference(path: Path, field: str, reference: Object) -> Wrongs:
    if field in _KEYS:
        yield from named(path, reference, "name", SUBDOMAIN)
        yield from named(path, reference, "key", DATA_KEY)
    elif field == "fieldRef":
        yield from field_wrongs(path, reference, VARIABLE_FIELDS)
    elif field == "resourceFieldRef":
        yield from amount_wrongs(path, reference, of_another=False)


def _whole(path: Path, entry: Object) -> Wrongs:
    given = [field for field in _WHOLES if entry.get(field) is not None]
    if not given:
        yield lacking((*path, "secretRef"), "secretRef or configMapRef")
    yield from alone(path, entry, given, "source")
    for field in given:
        yield from named((*path, field), entry[field], "name", SUBDOMAIN)

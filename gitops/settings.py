"""An application's values as a person asks for them: what is set, where it comes from, what differs, and how to change it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from gitops import yaml
from gitops.execute import load_application
from gitops.load import LoadedEnvironment, Yaml, load_settings
from gitops.location import Location
from gitops.problems import InvalidInput, UsageError, did_you_mean
from gitops.project import Sources
from gitops.values import RESERVED_KEYS, Layers, Values


class Setting(NamedTuple):
    """One setting of an application in an environment, and where its value stands; `origin` has no line for the spec's default."""

    name: str
    value: Any
    origin: Location


class Edit(NamedTuple):
    """A values file as it would be."""

    path: str
    text: str


def settings(
    read: Yaml, environments: Mapping[str, LoadedEnvironment], application: str, environment: str
) -> list[Setting]:
    """All settings of an application in an environment, `enabled` first. Raises InvalidInput if a value is wrong."""
    values_type = load_application(read.sources, application).values_type
    layers, values = _validated(read, environments, application, environment, values_type)
    enabled = Setting(
        "enabled", layers.merged.get("enabled", True), _origin(read.sources, layers, "enabled", application)
    )
    rows = [
        Setting(name, value, _origin(read.sources, layers, name, application))
        for name, value in values.model_dump(mode="json").items()
    ]
    return [enabled, *rows]


def _validated(
    read: Yaml,
    environments: Mapping[str, LoadedEnvironment],
    application: str,
    environment: str,
    values_type: type[Values],
) -> tuple[Layers, Values]:
    from gitops.explain import invalid_values

    found = load_settings(read, application, environments[environment].chain)
    if read.problems:
        raise InvalidInput(read.problems)
    try:
        return found.layers, values_type.model_validate(found.values)
    except ValidationError as error:
        raise InvalidInput(invalid_values(error, found.layers, read.sources, values_type, application)) from error


def _origin(sources: Sources, layers: Layers, name: str, application: str) -> Location:
    if name not in layers.merged:
        return Location(sources.specs[application])
    file = layers.origin((name,))
    return Location(file, *yaml.positions(sources.text(file)).of((name,)))


def differences(left: Iterable[Setting], right: Iterable[Setting]) -> list[tuple[str, Any, Any]]:
    """Settings whose values differ: name, left, right."""
    others = {setting.name: setting.value for setting in right}
    return [
        (setting.name, setting.value, others.get(setting.name))
        for setting in left
        if setting.value != others.get(setting.name)
    ]


def edited(sources: Sources, application: str, environment: str, changes: Mapping[str, str]) -> Edit:
    """The values file of an environment with `changes` (dotted name -> YAML text of the value), comments and order kept.

    Raises UsageError for what is not a setting, InvalidInput for a value that the application does not take anywhere it counts.
    """
    values_type = load_application(sources, application).values_type
    path = sources.project.values_file(environment, application)
    text = sources.text(path) if path in sources.files else ""
    for name, value in changes.items():
        parts = _checked_name(name, values_type)
        text = yaml.set_value(text, parts, _typed(value, parts, values_type))
    return Edit(path, text)


def _checked_name(name: str, values_type: type[Values]) -> list[str]:
    parts = name.split(".")
    if parts[0] == "secrets":
        raise UsageError("secrets are not set from the command line, where shells remember them; edit the values file")
    known = [*values_type.model_fields, *RESERVED_KEYS[:1]]
    if parts[0] not in known:
        raise UsageError(f"`{parts[0]}` is not a setting of this application; {did_you_mean(parts[0], known)}")
    return parts


def _typed(value: str, parts: list[str], values_type: type[Values]) -> Any:
    """The value as YAML reads it, or as the text it is where the setting is text: an image tag `1.10` stays one."""
    try:
        parsed = yaml.parse(value, "the value")
    except InvalidInput:
        return value
    annotation = _annotation(values_type, parts)
    return (
        value if annotation is not None and not isinstance(parsed, str) and not _takes(annotation, parsed) else parsed
    )


def _annotation(within: Any, parts: list[str]) -> Any:
    """The type of the setting that `parts` lead to; None where types say nothing of it."""
    for part in parts:
        if isinstance(within, type) and issubclass(within, BaseModel):
            field = within.model_fields.get(part)
            within = field.annotation if field else None
        else:
            within = get_args(within)[1] if get_origin(within) is dict else None
    return within


def _takes(annotation: Any, value: Any) -> bool:
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True

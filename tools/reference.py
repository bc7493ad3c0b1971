"""Write docs/reference/ from the code: commands, settings of environments, spec classes, problem rules.

    python -m tools.reference

tests/test_docs.py fails while a page is not what the code says.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

import gitops
from gitops.cli.main import cli
from gitops.environments import Environment
from gitops.model import Closed
from gitops.resources.base import Part, Resource
from gitops.resources.predictor import Protocol
from gitops.rules.table import BY_ID
from tools import rule_pages
from tools.rules import GAP, Finding, rules

PROJECT = Path(__file__).parent.parent
FOLDER = PROJECT / "docs/reference"
NOTE = "<!-- Written by `python -m tools.reference` from the code: edit that. -->\n"

LIMITS = {
    "ge": "≥ {}",
    "gt": "> {}",
    "le": "≤ {}",
    "lt": "< {}",
    "min_length": "at least {} long",
    "max_length": "at most {} long",
}
WORDS = {str: "text", SecretStr: "text", int: "whole number", float: "number", bool: "true or false"}
USED = {
    "Bucket": ("topic", "uri"),
    "Environment": ("scales_to_zero", "runs", "does_provide"),
    "InferenceService": ("predict_url", "address"),
    "KafkaNotification": ("target_id",),
}
"""Properties and methods that a spec may use; the others are the tool's own."""


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = pages()
    for old in FOLDER.rglob("*.md"):
        if old.relative_to(FOLDER).as_posix() not in made:
            old.unlink()
    for name, text in made.items():
        (FOLDER / name).parent.mkdir(exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """Name -> text of every page."""
    return {
        "commands.md": _page("Commands", _commands(cli, "gitops")),
        "environments.md": _page("Settings of an environment", [ENVIRONMENTS, *_settings(Environment, "")]),
        "problems.md": _page("Problems", [PROBLEMS, *_problems()]),
        "specs.md": _page("What a spec imports", [SPECS.format(protocols=_yaml_type(Protocol)), *_specs()]),
        **{name: f"{NOTE}\n{text}" for name, text in rule_pages.pages().items()},
    }


def _page(title: str, parts: Iterable[str]) -> str:
    return "\n\n".join([f"{NOTE}\n# {title}", *parts]) + "\n"


# commands


def _commands(command: click.Command, path: str) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    yield f"## `{path}`"
    yield f"    {' '.join([path, *command.collect_usage_pieces(context)])}"
    yield inspect.cleandoc(command.help or "")
    options = [option for option in command.params if isinstance(option, click.Option)]
    if options:
        yield _table(["option", "meaning"], [(_option(option), _option_help(option)) for option in options])
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner:
                yield from _commands(inner, f"{path} {name}")


def _option(option: click.Option) -> str:
    value = "" if option.is_flag else f" {option.metavar or _choices(option.type)}"
    return f"`{', '.join(option.opts)}{value}`"


def _option_help(option: click.Option) -> str:
    return f"{option.help or ''}{' Required.' if option.required else ''}".strip()


def _choices(kind: Any) -> str:
    return f"[{'|'.join(map(str, kind.choices))}]" if isinstance(kind, click.Choice) else kind.name.upper()


# environments

ENVIRONMENTS = """\
`environments/<env>/environment.yaml` says where applications run. Files are merged: `base` first, then what `extends:` names (a name
or a list), then the environment's own; maps are merged, anything else is replaced, and `null` removes. `name` is the folder's, and is
not written. Only `base` must have the required settings, if the others do not.

`environments/<env>/<app>.yaml` holds an application's values there, merged along the same chain. Its keys are the fields of the
spec's own `Values` class, and two more: `enabled: false` leaves the application out of an environment (in `base` it is a default), and
`secrets: {<Secret>: {<key>: <text>}}` gives values in clear where the environment allows it."""


def _settings(model: type[BaseModel], path: str) -> Iterator[str]:
    """A section for a model's settings, then one for each model inside it."""
    if path:
        yield f"## `{path}`"
    yield _doc(model)
    fields = {name: field for name, field in model.model_fields.items() if (path or name != "name")}
    rows = [
        (f"`{name}`", _yaml_type(field.annotation), _limits(field), _yaml_default(field))
        for name, field in fields.items()
    ]
    yield _table(["setting", "type", "limits", "default"], rows)
    for name, field in fields.items():
        for inner, suffix in _models(field.annotation):
            yield from _settings(inner, f"{path}.{name}{suffix}".removeprefix("."))


def _models(annotation: Any, suffix: str = "") -> Iterator[tuple[type[BaseModel], str]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, suffix
    inner = "[]" if get_origin(annotation) is tuple else suffix
    for argument in get_args(annotation):
        yield from _models(argument, inner)


def _yaml_type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _yaml_type(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{each}`" for each in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(_yaml_type(each) for each in arguments if each is not type(None))
    if origin is tuple:
        return f"list of {_yaml_type(arguments[0])}"
    if origin is dict:
        return f"map of {_yaml_type(arguments[1])}"
    return WORDS.get(annotation, "map")


def _yaml_default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return "see below" if isinstance(default, BaseModel) else "" if default in (None, (), {}) else f"`{default}`"


# specs

SPECS = """\
`from gitops import …` offers these names; the classes at the end are the common ground of others. All take keyword arguments (External
its name as well without), cannot be changed, and refuse fields that they do not have. Names are upstream's, in snake_case; what has no
keyword of its own goes into `fields`, in upstream's own spelling.

Lists may be given as lists or tuples. A `Quantity` is text or a number, such as `"500m"`, `2`, `"4Gi"`. A `Protocol` is one of
{protocols}. `PodSpec`, `Volume` and other types that are not on this page are maps in upstream's spelling, which editors know from
`gitops/k8s.pyi`."""


def _specs() -> Iterator[str]:
    public = {name: getattr(gitops, name) for name in gitops.__all__ if name != "__version__"}
    yield f"## `application`\n\n{_doc(public.pop('application'))}"
    shared = [base for each in public.values() for base in each.__mro__[1:] if _documented(base)]
    for model in dict.fromkeys(
        [*sorted(public.values(), key=lambda each: (not issubclass(each, Resource), each.__name__)), *shared]
    ):
        yield from _spec(model)


def _documented(model: type) -> bool:
    return issubclass(model, Closed) and model not in (Closed, Part) and bool(inspect.get_annotations(model))


def _spec(model: type[BaseModel]) -> Iterator[str]:
    yield f"## `{model.__name__}`"
    yield _doc(model)
    if model is Environment:
        yield "Its settings are those of [environment.yaml](environments.md), as attributes."
    else:
        rows = [
            (f"`{name}`", f"`{_python_type(model, name)}`", _limits(field), _python_default(field))
            for name, field in _own(model)
        ]
        if rows:
            yield _table(["field", "type", "limits", "default"], rows)
    bases = [f"[{base.__name__}](#{base.__name__.lower()})" for base in model.__mro__[1:] if _documented(base)]
    if bases:
        yield f"And the fields of {', '.join(bases)}."
    yield from (_member(model, name) for name in USED.get(model.__name__, ()))


def _own(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    return [(name, field) for name, field in model.model_fields.items() if name in inspect.get_annotations(model)]


def _python_type(model: type[BaseModel], name: str) -> str:
    """As the code spells it: `tuple[Port, ...]` is what a list becomes."""
    written = str(inspect.get_annotations(model)[name])
    return re.sub(r"tuple\[(.*), \.\.\.\]", r"list[\1]", re.sub(r"\bk8s\.", "", written))


def _python_default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    if isinstance(default, tuple):
        default = list(default)
    return f"`{default!r}`"


def _member(model: type, name: str) -> str:
    member: Any = model.__dict__[name]
    function: Any = member.fget if isinstance(member, property) else member
    signature = (
        ""
        if isinstance(member, property)
        else str(inspect.signature(function)).replace("(self, ", "(").replace("'", "")
    )
    return f"**`.{name}{signature}`** {_doc(function)}"


def _doc(thing: Any) -> str:
    text = inspect.getdoc(thing) or ""
    parts = text.replace("\nRaises:\n    ", "\nRaises ").split("`")
    parts[::2] = [part.replace("<", "&lt;").replace("*", "\\*") for part in parts[::2]]  # not in what is code
    return "`".join(parts)


def _limits(field: FieldInfo) -> str:
    found = [(name, getattr(each, name, None)) for each in field.metadata for name in (*LIMITS, "pattern")]
    words = [
        f"`{limit}`" if name == "pattern" else LIMITS[name].format(limit) for name, limit in found if limit is not None
    ]
    return ", ".join(words)


# problems

PROBLEMS = f"""\
A problem's first line ends with its rule in brackets. Each rule is here with the messages, reasons and remedies that the code spells
out; `{GAP}` stands for what the problem itself names. While there is an error, nothing is written. What admission webhooks, controllers,
references and policies demand has [pages of its own](rules/README.md)."""


def _problems() -> Iterator[str]:
    for rule, found in rules(PROJECT / "gitops").items():
        if rule in BY_ID:
            continue
        yield f"## {rule}"
        yield "\n".join(_finding(each) for each in found)


def _finding(finding: Finding) -> str:
    said = finding.message if finding.message.strip(GAP + "`:;, ") else "The message says what is wrong."
    more = [f"  {name}: {text}" for name, text in (("Why", finding.why), ("Remedy", finding.hint)) if text]
    return "\n".join([f"- {said} ({finding.module})", *more])


def _table(heads: list[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown, without columns that are empty throughout."""
    cells = [list(row) for row in rows]
    kept = [index for index in range(len(heads)) if any(row[index] for row in cells)]
    lines = [
        [heads[index] for index in kept],
        ["---"] * len(kept),
        *([row[index].replace("|", "\\|") for index in kept] for row in cells),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()

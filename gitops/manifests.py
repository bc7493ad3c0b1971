"""The objects in a text of manifests, read as kubectl reads them, save that what it loses in silence is a problem.

Rules: yaml-syntax, yaml-key, yaml-tag, yaml-alias, yaml-depth, yaml-documents, duplicate-key, json-syntax, too-large,
not-an-object, missing-field, wrong-type, encrypted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gitops.faults import Path
from gitops.given import SECRET, Given, Text
from gitops.location import Location
from gitops.objects import Object, pointer
from gitops.problems import InvalidInput, Problem
from gitops.yaml import kubectl
from gitops.yaml.from_json import parse_json
from gitops.yaml.parts import Part, moved, parts

MAX_CAREFUL = 4 << 20
"""Characters of one file that are read carefully, which takes some 10 s a MiB. An object in etcd has 1.5 MiB at most."""
MAX_DOCUMENTS = 1_000_000
"""Documents of one file, empty ones too."""

_SHOULD_BE = re.compile(r"apiVersion|\bkind\b")
_TEMPLATE = re.compile(r"\{\{|\{%")
_NAMED = re.compile(r"`[^`\n]*`|'[^'\n]{4,}'|\"[^\"\n]*\"")
_RENDER = "it looks like a template: render it first, as in `helm template … | gitops validate -`"
_REFUSES = "kubectl, Argo CD and kustomize refuse such a file"
_TYPES = ("apiVersion", "kind")
_KUSTOMIZE = "kustomize.config.k8s.io/"


def read(text: str, file: str, *, named: bool = True, codec: str = "utf-8") -> tuple[list[Given], list[Problem]]:
    """The objects in the text of a file, in their order, and what is wrong with all else. Raises nothing.

    Lists are unwrapped. What a user named must be a manifest; in a file that was only found (`named=False`) whatever
    has neither apiVersion nor kind is passed over, broken or not. `codec` is how the file is encoded.
    """
    reading = _Reading(Text(file, text, codec), named)
    reading.read()
    return reading.given, reading.problems


def laid_out(text: str, file: str) -> Text:
    """A text with the documents in it, as `Given.document` counts them."""
    reading = _Reading(Text(file, text), named=False)
    reading.read()
    return reading.text


def judged(
    objects: Sequence[Any], file: str, origin: Callable[[Object], Given | None]
) -> tuple[list[Given], list[Problem]]:
    """What kustomize built, with what leads back to its sources, and what of it is no object."""
    given: list[Given] = []
    problems: list[Problem] = []
    for number, found in enumerate(objects):
        if (wrong := _judged(found)) is None:
            given.append(Given(found, file, number, origin=origin))
        else:
            problems.append(wrong[0]._replace(location=Location(file), pointer=pointer(wrong[1])))
    return given, problems


class _Reading:
    """One reading of one file."""

    def __init__(self, text: Text, named: bool) -> None:
        self.text, self.named, self.file = text, named, text.file
        self.given: list[Given] = []
        self.problems: list[Problem] = []
        self.careful = 0

    def read(self) -> None:
        """A text that begins with a brace is JSON if it can be, as kubectl has it; a file so named has to be."""
        whole = self.text.text
        is_json = self.file.endswith(".json")
        if is_json or whole.lstrip(" \t\r\n\ufeff").startswith("{"):
            found, problems = parse_json(whole, self.file)
            if is_json or not any(problem.rule == "json-syntax" for problem in problems):
                self.text.is_json = True
                self.report(problems, whole)
                for part, value in found:
                    self.take(part, value)
                return
        if whole.count("\n---") > MAX_DOCUMENTS:
            self.problems.append(_too_many(self.file))
            return
        for part in parts(whole):
            self.read_part(part)

    def read_part(self, part: Part) -> None:
        """One document of YAML, whatever the others are."""
        text = part.of(self.text.text)
        try:
            value = self.parsed(text)
        except InvalidInput as error:
            self.text.documents.append(part)
            self.report([moved(problem, part.line) for problem in error.problems], text)
        else:
            self.take(part, value)

    def parsed(self, text: str) -> Any:
        """The value of one document. Raises InvalidInput."""
        if text.startswith(("---", "%")):
            _check_start(text, self.file)
        documents = kubectl.fast(text)
        if documents is not None and len(documents) < 2:
            return documents[0] if documents else None
        self.careful += len(text)
        if self.careful <= MAX_CAREFUL:
            return kubectl.careful(text, self.file)
        is_first = self.careful - len(text) <= MAX_CAREFUL
        raise InvalidInput([_too_large(self.file)] if is_first else [])

    def take(self, part: Part, value: Any) -> None:
        """The objects in the value of one document."""
        if value is None:
            return
        document = len(self.text.documents)
        self.text.documents.append(part)
        for path, found in _unwrapped(value, ()):
            if (wrong := _judged(found)) is None:
                self.given.append(Given(found, self.file, document, path, self.text))
            elif self.named or path or wrong[0].rule != "not-an-object":
                problem, field = wrong
                where = Location(self.file, *self.text.place(document, (*path, *field)))
                secret = self.text.is_secret(document, (*path, *field))
                self.problems.append(problem._replace(location=where, pointer=pointer(field), quotable=not secret))

    def report(self, problems: list[Problem], text: str) -> None:
        """What is wrong with a piece of text, unless it is none of our business."""
        if not self.named and not _SHOULD_BE.search(text):
            return
        if problems and _TEMPLATE.search(text):
            problems = [problems[0]._replace(hint=_RENDER)]
        if SECRET.search(text):
            problems = [_without_quotes(problem) for problem in problems]
        self.problems += problems


def _check_start(text: str, file: str) -> None:
    """What YAML allows and the tools of Kubernetes do not. Source: kubectl 1.32, kustomize 5.8.1."""
    behind = text.partition("\n")[0][3:].strip()
    if text.startswith("%"):
        message, column, hint = "a directive of YAML", 1, "remove the line"
    elif behind and not behind.startswith("#"):
        message, column, hint = "a document begins on the line of its `---`", 5, "begin it on the next line"
    else:
        return
    raise InvalidInput([Problem("yaml-syntax", message, Location(file, 1, column), why=_REFUSES, hint=hint)])


def _too_many(file: str) -> Problem:
    message = f"`{file}` has more than {MAX_DOCUMENTS:,} documents"
    return Problem("too-large", message, Location(file), hint="no cluster takes as many objects: is it the right file?")


def _too_large(file: str) -> Problem:
    """Said once of a file: the documents that follow and are not plain either are not read."""
    message = f"`{file}` has more than {MAX_CAREFUL >> 20} MiB of YAML that is not plain enough to be read fast"
    hint = "split it, or write it with one value a line and no anchors, tags, tabs or quoted text over several lines"
    return Problem("too-large", message, Location(file, 1), hint=hint)


def _without_quotes(problem: Problem) -> Problem:
    """Nothing of what is written in a Secret is shown, neither the line nor a word of it."""
    message = _NAMED.sub("`…`", problem.message)
    hint = problem.hint if problem.hint == _RENDER else _NAMED.sub("`…`", problem.hint)
    return problem._replace(message=message, hint=hint, quotable=False)


# What is an object


def _unwrapped(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """A value, or the objects of a list of objects, each with its path; those of a typed list know what they are."""
    if not _is_list(value):
        yield path, value
        return
    for index, item in enumerate(value["items"]):
        yield from _unwrapped(_typed(item, value), (*path, "items", index))


def _is_list(value: Any) -> bool:
    kind = value.get("kind") if isinstance(value, dict) else None
    return isinstance(kind, str) and kind.endswith("List") and isinstance(value.get("items"), list)


def _typed(item: Any, parent: dict[str, Any]) -> Any:
    """An item of a ConfigMapList that does not say so is a ConfigMap. Source: `UnstructuredList` of apimachinery."""
    kind = parent["kind"].removesuffix("List")
    if not kind or not isinstance(item, dict) or item.get("kind") or item.get("apiVersion"):
        return item
    return {**item, "apiVersion": parent.get("apiVersion"), "kind": kind}


def _judged(value: Any) -> tuple[Problem, Path] | None:
    """Why a value is no object to judge, and at which of its fields."""
    if not isinstance(value, dict):
        found = "a list" if isinstance(value, list) else "a single value"
        return _no_object(f"this is {found}, not an object", "wrap objects in `kind: List`, or separate them by `---`")
    if not any(value.get(name) for name in _TYPES):
        return _no_object("this has neither apiVersion nor kind", "is it a values file, or part of a manifest?")
    for name in _TYPES:
        if not isinstance(value.get(name), str) or not value[name]:
            return _mistyped(name, value.get(name)), (name,)
    if value["apiVersion"].startswith(_KUSTOMIZE):
        return _no_object(f"a {value['kind']} is for kustomize, not for a cluster", "name the folder it is in")
    if "sops" in value and isinstance(value["sops"], dict):
        return _encrypted(value["kind"]), ("sops",)
    return None


def _no_object(message: str, hint: str) -> tuple[Problem, Path]:
    expected = "an object with apiVersion, kind and metadata"
    return Problem("not-an-object", message, expected=expected, why="no API server takes it", hint=hint), ()


def _mistyped(name: str, found: Any) -> Problem:
    why = "nobody can tell what it is: kubectl and Argo CD refuse it"
    if not found:
        return Problem("missing-field", f"`{name}` is missing", found="nothing", expected="text", why=why)
    return Problem("wrong-type", f"`{name}` must be text", found=type(found).__name__, expected="text", why=why)


def _encrypted(kind: str) -> Problem:
    message = f"this {kind} is encrypted with SOPS, and is not judged"
    hint = "to judge it, pass it on decrypted: `sops decrypt FILE | gitops validate -`"
    why = "its values stand there as ciphertext, which no cluster would get"
    return Problem("encrypted", message, severity="warning", why=why, hint=hint)

"""Problems for programs: JSON, SARIF, JUnit and GitHub's workflow commands. Pure functions from problems to text.

Whatever the names of files and the user's own words hold, each output is well-formed and can be written to any stream.
Lines of the user's files are quoted in none of them, and nor are values of Secrets, as in all problems.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gitops import __version__
from gitops.location import Location
from gitops.objects import pointer
from gitops.problems import Problem

_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
_DETAILS = ("found", "expected", "why", "hint")
NOWHERE = "pyproject.toml"
"""Where a problem of no file is shown by what shows problems in files only."""
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def as_json(problems: Sequence[Problem]) -> str:
    """`{"version": 1, "summary": {"errors", "warnings"}, "problems": […]}`: fields are added in a version, never renamed or removed.

    A problem has `rule`, `severity` (error or warning), `message`, `object` (`Kind.group/name`), `environments`, `pointer` (JSON
    pointer in the object), `location` (`file`, and `line` and `column` from 1, 0 where unknown; null without a file), `found`,
    `expected`, `why`, `hint` (empty where there is none to tell), and `fix`: null, or an edit that is safe to make unasked:
    `op` (set, rename, remove), `path` (JSON pointer), `value` (the new value, or the new name).
    """
    return _dumped({"version": 1, "summary": _summary(problems), "problems": [_record(each) for each in problems]})


def _summary(problems: Iterable[Problem]) -> Mapping[str, int]:
    levels = [problem.severity for problem in problems]
    return {"errors": levels.count("error"), "warnings": levels.count("warning")}


def _record(problem: Problem) -> Mapping[str, Any]:
    place = problem.location or Location("")
    return {
        "rule": problem.rule,
        "severity": problem.severity,
        "message": problem.message,
        "object": problem.object,
        "environments": list(problem.environments),
        "pointer": problem.pointer,
        "location": {"file": place.file, "line": place.line, "column": place.column} if place.file else None,
        **{name: getattr(problem, name) for name in _DETAILS},
        "fix": {**problem.fix._asdict(), "path": pointer(problem.fix.path)} if problem.fix else None,
    }


def as_sarif(problems: Sequence[Problem]) -> str:
    """SARIF 2.1.0, as code scanning takes it.

    Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
    """
    rules = sorted({problem.rule for problem in problems})
    driver = {"name": "gitops", "version": __version__, "rules": list(map(_described, rules))}
    results = [_result(problem, rules.index(problem.rule)) for problem in problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return _dumped({"$schema": _SARIF, "version": "2.1.0", "runs": [run]})


def _described(rule: str) -> Mapping[str, Any]:
    """A rule as code scanning shows it beside its findings."""
    from gitops.rules.table import BY_ID

    if rule not in BY_ID:
        return {"id": rule}
    told = BY_ID[rule].told
    return {
        "id": rule,
        "shortDescription": {"text": BY_ID[rule].summary},
        "fullDescription": {"text": told["Why"]},
        "help": {"text": f"{told['Fix']}\n\nSource: {told['Source']}"},
        "properties": {"tags": [BY_ID[rule].layer]},
    }


def _result(problem: Problem, index: int) -> Mapping[str, Any]:
    """A result with a place and a line in any case: GitHub takes no file with a result that has none (codeql-action #1738)."""
    place = problem.location or Location(NOWHERE)
    region = {"startLine": max(place.line, 1), "startColumn": max(place.column, 1)}
    physical = {"artifactLocation": {"uri": _uri(place.file)}, "region": region}
    location: dict[str, Any] = {"physicalLocation": physical}
    if problem.object:
        location["logicalLocations"] = [{"fullyQualifiedName": f"{problem.object}#{problem.pointer}"}]
    return {
        "ruleId": problem.rule,
        "ruleIndex": index,
        "level": problem.severity,
        "message": {"text": _whole(problem)},
        "locations": [location],
    }


def _uri(file: str) -> str:
    """A path as relative URI reference (RFC 3986)."""
    return "".join(each if each in _SAFE else _percent(each) for each in file)


def _percent(character: str) -> str:
    """The bytes of a character; half of a surrogate pair is a byte that the file system has and no text."""
    try:
        encoded = character.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        encoded = "\N{REPLACEMENT CHARACTER}".encode()
    return "".join(f"%{byte:02X}" for byte in encoded)


def as_junit(problems: Sequence[Problem]) -> str:
    """JUnit XML: a test case for each file that has problems; a warning does not fail it. Without any, one case that passed."""
    by_file: dict[str, list[Problem]] = {}
    for problem in problems:
        by_file.setdefault(problem.location.file if problem.location else "project", []).append(problem)
    cases = [_case(file, found) for file, found in by_file.items()] or [_element("testcase", {"name": "all"})]
    failed = sum(any(each.severity == "error" for each in found) for found in by_file.values())
    suite = {"name": "gitops validate", "tests": str(len(cases)), "failures": str(failed)}
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_element("testsuite", suite, "".join(cases))}\n'


def _case(file: str, problems: Sequence[Problem]) -> str:
    failures = [
        _element(
            "failure", {"type": each.rule, "message": each.message}, _xml(f"{each.location or file}: {_whole(each)}")
        )
        for each in problems
        if each.severity == "error"
    ]
    warnings = [f"{each.location or file}: {_whole(each)}" for each in problems if each.severity == "warning"]
    output = [_element("system-out", {}, _xml("\n".join(warnings)))] if warnings else []
    return _element("testcase", {"name": file, "classname": "gitops"}, "".join([*failures, *output]))


def _element(name: str, attributes: Mapping[str, str], content: str = "") -> str:
    written = "".join(f' {key}="{_xml(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{content}</{name}>"


def _xml(text: str) -> str:
    from xml.sax.saxutils import escape

    return escape(_clean(text), {'"': "&quot;", "\n": "&#10;"})


def _clean(text: str) -> str:
    """Without what XML has no way to say, a terminal would act upon, or no stream takes."""
    return "".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text)


def as_github(problems: Sequence[Problem]) -> str:
    """GitHub's workflow commands: each problem becomes an annotation of the pull request.

    Source: actions/toolkit packages/core/src/command.ts (what is escaped in a property and in a message).
    """
    return "".join(f"{_command(problem)}\n" for problem in problems)


def _command(problem: Problem) -> str:
    properties = {"title": problem.rule}
    if place := problem.location:
        properties |= {"file": place.file}
        if place.line:
            properties |= {"line": str(place.line), "col": str(max(place.column, 1))}
    written = ",".join(f"{name}={_escaped(value, ',:')}" for name, value in properties.items())
    return f"::{problem.severity} {written}::{_escaped(_whole(problem))}"


def _escaped(text: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return _clean(text)


def _whole(problem: Problem) -> str:
    """The message with all that teaches, on lines of their own."""
    where = f" ({', '.join(problem.environments)})" if problem.environments else ""
    details = (f"{name}: {getattr(problem, name)}" for name in _DETAILS if getattr(problem, name))
    return "\n".join([f"{problem.message}{where}", *details])


def _dumped(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _told(write: Callable[[Sequence[Problem]], str]) -> Callable[[Sequence[Problem]], str]:
    return lambda problems: write([problem.told() for problem in problems])


FORMATS: Mapping[str, Callable[[Sequence[Problem]], str]] = {
    "json": _told(as_json),
    "sarif": _told(as_sarif),
    "junit": _told(as_junit),
    "github": _told(as_github),
}

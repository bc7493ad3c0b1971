"""Problems for programs: well-formed whatever is in them, and what was told comes out again."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops import report
from gitops.formats import FORMATS, NOWHERE
from gitops.location import Location
from gitops.problems import Fix, Problem

SCHEMA = os.environ.get("GITOPS_TEST_SARIF_SCHEMA", "")
"""The path of sarif-schema-2.1.0.json, of https://github.com/oasis-tcs/sarif-spec."""

PLAIN = Problem(
    "replicas-in-order",
    "`spec.predictor.maxReplicas` is below `minReplicas`",
    Location("a b/é.yaml", 16, 18),
    object="InferenceService.serving.kserve.io/iris",
    environments=("dev", "prod"),
    pointer="/spec/predictor/maxReplicas",
    found="2",
    expected="at least 3",
    why="the webhook refuses it.",
    hint="raise it",
    fix=Fix("set", ("spec", "a/b", 0), 3),
)
ALONE = Problem("no-objects", "there is no object", severity="warning")

NASTY = (
    "", " ", "%", "%0A", "a\nb", "a\r\nb", "\r", "::error ::x", "a:b,c", "]]>", "<![CDATA[", "&amp;<>\"'", "\x00", "\x1b[31m", "\x85", "\u2028", "\ufffe", "\uffff",
    "\ud800", "\udcff", "💥", "\U0010ffff", "\t", "e\u0301", "\u202e", "-->", "<?xml?>", "$(x)", "C:\\x", "/abs", "../up", "-",
)  # fmt: skip
TEXTS = st.sampled_from(NASTY) | st.text(st.characters(codec=None), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=3,
)
PLACES = st.builds(Location, TEXTS.map(lambda text: text or "a"), st.integers(0, 99), st.integers(0, 99))
FIXES = st.builds(
    Fix, st.sampled_from(["set", "rename", "remove"]), st.lists(TEXTS | st.integers(0, 9)).map(tuple), JSON
)
PROBLEMS = st.builds(
    Problem,
    st.sampled_from(["wrong-type", "no-objects", "secret-exists"]),
    TEXTS,
    st.none() | PLACES,
    st.sampled_from(["error", "warning"]),
    TEXTS,
    st.lists(TEXTS, max_size=2).map(tuple),
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
    st.booleans(),
    st.none() | FIXES,
)
some = settings(max_examples=150, deadline=None)


def strict(text: str) -> Any:
    """JSON as every reader takes it, on any stream."""
    assert text.isascii()
    return json.loads(text, parse_constant=pytest.fail)


def clean(text: str, kept: str = "\n\t") -> str:
    return "".join(each if each.isprintable() or each in kept else "\ufffd" for each in text)


# ---- JSON ------------------------------------------------------------------------------------------------------------


def test_the_envelope_is_this_one() -> None:
    assert strict(FORMATS["json"]([PLAIN, ALONE])) == {
        "version": 1,
        "summary": {"errors": 1, "warnings": 1},
        "problems": [
            {
                "rule": "replicas-in-order",
                "severity": "error",
                "message": "`spec.predictor.maxReplicas` is below `minReplicas`",
                "object": "InferenceService.serving.kserve.io/iris",
                "environments": ["dev", "prod"],
                "pointer": "/spec/predictor/maxReplicas",
                "location": {"file": "a b/é.yaml", "line": 16, "column": 18},
                "found": "2",
                "expected": "at least 3",
                "why": "the webhook refuses it.",
                "hint": "raise it",
                "fix": {"op": "set", "path": "/spec/a~1b/0", "value": 3},
            },
            {
                "rule": "no-objects",
                "severity": "warning",
                "message": "there is no object",
                "object": "",
                "environments": [],
                "pointer": "",
                "location": None,
                "found": "",
                "expected": "",
                "why": "",
                "hint": "",
                "fix": None,
            },
        ],
    }


@some
@given(st.lists(PROBLEMS, max_size=3))
def test_json_gives_back_every_text(problems: list[Problem]) -> None:
    found = strict(FORMATS["json"](problems))

    assert [(each["message"], each["found"], each["hint"]) for each in found["problems"]] == [
        (each.message, each.found, each.hint) for each in problems
    ]
    assert sum(found["summary"].values()) == len(problems)


# ---- SARIF -----------------------------------------------------------------------------------------------------------

REFERENCE = re.compile(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+")
"""The characters of a relative reference (RFC 3986); without a colon, it cannot begin with a scheme."""


@some
@given(st.lists(PROBLEMS, max_size=3))
def test_sarif_has_what_its_specification_requires(problems: list[Problem]) -> None:
    """Sections 3.13 (log), 3.14 (run), 3.18 and 3.19 (tool), 3.27 (result), 3.28 to 3.30 (location, region)."""
    log = strict(FORMATS["sarif"](problems))
    (run,) = log["runs"]
    driver = run["tool"]["driver"]

    assert log["version"] == "2.1.0"
    assert driver["name"] == "gitops"
    assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"])
    assert len(run["results"]) == len(problems)
    for result, problem in zip(run["results"], problems, strict=True):
        assert result["message"]["text"].startswith(problem.message)
        assert result["level"] == problem.severity
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == problem.rule
        (location,) = result["locations"]  # without one, GitHub refuses the whole file
        assert_is_place(location["physicalLocation"], problem)


def assert_is_place(physical: dict[str, Any], problem: Problem) -> None:
    place = problem.location or Location(NOWHERE)
    uri = physical["artifactLocation"]["uri"]
    assert REFERENCE.fullmatch(uri)
    assert unquote_to_bytes(uri) == bytes_of(place.file)
    assert physical["region"] == {"startLine": max(place.line, 1), "startColumn": max(place.column, 1)}


def bytes_of(name: str) -> bytes:
    """What the file system has for a name; no file has one with a surrogate that stands for no byte."""
    return b"".join(
        each.encode("utf-8", "surrogateescape")
        if not "\ud800" <= each <= "\udfff" or "\udc80" <= each <= "\udcff"
        else "\ufffd".encode()
        for each in name
    )


@pytest.mark.skipif(not SCHEMA, reason="GITOPS_TEST_SARIF_SCHEMA does not name the schema of SARIF 2.1.0")
@some
@given(st.lists(PROBLEMS, max_size=3))
def test_sarif_fits_its_official_schema(problems: list[Problem]) -> None:
    import jsonschema_rs

    schema = json.loads(Path(SCHEMA).read_text(encoding="utf-8"))
    jsonschema_rs.validator_for(schema, validate_formats=True).validate(strict(FORMATS["sarif"](problems)))


# ---- JUnit -----------------------------------------------------------------------------------------------------------


@some
@given(st.lists(PROBLEMS, max_size=4))
def test_junit_is_xml_and_tells_all(problems: list[Problem]) -> None:
    text = FORMATS["junit"](problems)
    suite = ElementTree.fromstring(text.encode())
    failures = suite.findall("testcase/failure")
    errors = [each for each in problems if each.severity == "error"]

    assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
    assert int(suite.attrib["failures"]) == len([case for case in suite.findall("testcase") if case.findall("failure")])
    assert sorted(each.attrib["message"].replace("\t", " ") for each in failures) == sorted(
        clean(each.message).replace("\t", " ") for each in errors
    )
    assert all(each.text and each.attrib["type"] for each in failures)


def test_without_problems_one_case_has_passed() -> None:
    suite = ElementTree.fromstring(FORMATS["junit"]([]))

    assert [(case.attrib["name"], list(case)) for case in suite] == [("all", [])]


# ---- GitHub ----------------------------------------------------------------------------------------------------------

COMMAND = re.compile(r"::(error|warning) title=([^,:]*)(?:,file=([^,:]+))?(?:,line=(\d+),col=(\d+))?::(.*)")


def unescaped(text: str) -> str:
    """As the runner reads it. Source: actions/runner src/Runner.Common/ActionCommand.cs."""
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


@some
@given(st.lists(PROBLEMS, max_size=3))
def test_each_problem_is_one_command_on_one_line(problems: list[Problem]) -> None:
    text = FORMATS["github"](problems)
    lines = text.split("\n")[:-1]
    text.encode()  # no half characters, which no stream takes

    assert len(lines) == len(problems)
    for line, problem in zip(lines, problems, strict=True):
        command = COMMAND.fullmatch(line)
        assert command
        assert command[1] == problem.severity
        assert unescaped(command[6]).startswith(clean(problem.message, "\r\n\t"))
        assert problem.location is None or unescaped(command[3]) == clean(problem.location.file, "\r\n\t")


def test_commands_are_escaped() -> None:
    problem = Problem("wrong-type", "50%\r\n::a", Location("a,b:c%", 3), hint="x")

    assert (
        FORMATS["github"]([problem])
        == "::error title=wrong-type,file=a%2Cb%3Ac%25,line=3,col=1::50%25%0D%0A::a%0Ahint: x\n"
    )


# ---- text ------------------------------------------------------------------------------------------------------------


def shown(lines: list[str], line: int, column: int = 1) -> str:
    return report.text(Problem("wrong-type", "x", Location("values.yaml", line, column)), lambda _: lines).split(
        "\n", 1
    )[1]


def test_of_a_long_line_only_what_is_near_is_quoted() -> None:
    lines = ["x" * 1_000_000, "y" * 500 + "here" + "y" * 500]

    assert len(shown(lines, 1)) < 300
    assert "here" in shown(lines, 2, 501)
    assert len(shown(lines, 2, 501)) < 300


@pytest.mark.parametrize(
    ("text", "is_shown"),
    [
        ("a:\n  secrets: {x: canary}", False),
        ("secrets:\n  x: canary", False),
        ("secrets:\n- x: canary", False),
        ("secrets:\n\n  a:\n    b: 1\n  x:\n    - y: canary", False),
        ("secrets:\n  x: 1\nb: canary", True),
        ("a: 1\n" * 5000 + "x: canary", True),
        ("- a: 1\n" * 5000 + "- x: canary", False),
    ],
)
def test_lines_of_a_block_of_secrets_are_not_quoted(text: str, is_shown: bool) -> None:
    lines = text.split("\n")

    assert ("canary" in shown(lines, len(lines))) is is_shown


def test_quoting_costs_the_same_in_a_long_file() -> None:
    class Counted(list[str]):
        asked = 0

        def __getitem__(self, index: Any) -> Any:
            self.asked += len(range(len(self))[index]) if isinstance(index, slice) else 1
            return super().__getitem__(index)

    lines = Counted(["items:", *["- a: 1"] * 100_000])
    report.text(Problem("x", "x", Location("f.yaml", 90_000, 1)), lambda _: lines)

    assert lines.asked < 5000

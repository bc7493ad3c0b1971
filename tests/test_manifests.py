"""Reading what a user gives: every object with its place, every obstacle one problem, and never a traceback."""

from __future__ import annotations

import io
import json
import math
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, settings
from hypothesis import given as given_by
from hypothesis import strategies as st

from gitops import kustomize, manifests
from gitops.disk import given as given_bytes
from gitops.disk.manifests import given_in, read_given
from gitops.given import Given, misread, place, quotable
from gitops.problems import Problem
from gitops.yaml import kubectl
from tests.command_line import REPOSITORY
from tests.yaml_corpus import TRICKY

KUSTOMIZE = kustomize.find(REPOSITORY)
real_kustomize = pytest.mark.skipif(KUSTOMIZE is None, reason="no kustomize on PATH or in .tools/bin")


def config_map(name: str = "a") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n"


def names(given: list[Given]) -> list[str]:
    return [each.object["metadata"]["name"] for each in given]


def rules(problems: list[Problem]) -> list[str]:
    return [problem.rule for problem in problems]


def put(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")
    return folder


def read(text: str, file: str = "f.yaml", *, named: bool = True) -> tuple[list[Given], list[Problem]]:
    return given_in(text.encode(), file, named=named)


# ---- one text --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (config_map("a"), [("a", 0, ())]),
        (config_map("a").rstrip(), [("a", 0, ())]),
        (f"---\n{config_map('a')}---\n# only this\n---\n---\n{config_map('b')}...\n", [("a", 0, ()), ("b", 1, ())]),
        (f"--- # first\n{config_map('a')}--- \n{config_map('b')}", [("a", 0, ()), ("b", 1, ())]),
        (f"{config_map('a')}---\n{config_map('b')}".replace("\n", "\r\n"), [("a", 0, ()), ("b", 1, ())]),
        ("\ufeff" + config_map("a"), [("a", 0, ())]),
        (f"kind: List\napiVersion: v1\nitems:\n- {json.dumps({'a': 1})}\n", []),
        (
            "apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n",
            [("a", 0, ("items", 0)), ("b", 0, ("items", 1))],
        ),
        (
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n"
            "  - {apiVersion: v1, kind: Secret, metadata: {name: a}}\n",
            [("a", 0, ("items", 0, "items", 0))],
        ),
        ("apiVersion: v1\nkind: AllowList\nmetadata: {name: a}\n", [("a", 0, ())]),
        ("apiVersion: v1\nkind: List\nitems: []\n", []),
    ],
)
def test_every_object_of_a_text_is_found_with_its_way(text: str, found: list[Any]) -> None:
    given, _ = read(text)
    assert [(each.object["metadata"]["name"], each.document, each.path) for each in given] == found


def test_what_an_item_of_a_typed_list_is_needs_no_saying() -> None:
    ((found,), problems) = read("apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- metadata: {name: a}\n")
    assert problems == []
    assert found.object == {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_texts_are_decoded_as_kubectl_does_and_encoded_back(codec: str) -> None:
    content = config_map("né").encode(codec)
    ((found,), problems) = given_in(content, "f.yaml")
    assert problems == []
    assert names([found]) == ["né"]
    assert found.text is not None
    assert found.text.encoded(found.text.text) == content


def test_json_is_read_as_json_and_several_may_follow_one_another() -> None:
    text = '\n{"apiVersion":"v1",\t"kind":"ConfigMap","metadata":{"name":"a\\/b"}}\n {"apiVersion":"v1","kind":"ConfigMap",\n\t"metadata":{"name":"c"}}'
    for file in ("f.json", "f.yaml", "<stdin>"):
        given, problems = read(text, file)
        assert problems == []
        assert names(given) == ["a/b", "c"]
        assert [place(each, ("metadata", "name"))[1:] for each in given] == [(2, 59), (4, 21)]


def test_yaml_that_begins_with_a_brace_is_yaml() -> None:
    given, problems = read("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\n" + config_map("b"))
    assert (names(given), problems) == (["a", "b"], [])


def test_a_broken_document_hides_no_other() -> None:
    text = (
        f"{config_map('a')}---\nkind: [\n---\n{config_map('b')}---\nkind: ConfigMap\nx: 1\nx: 2\n---\n{config_map('c')}"
    )
    given, problems = read(text)
    assert names(given) == ["a", "b", "c"]
    assert [each.document for each in given] == [0, 2, 4]
    assert [(problem.rule, problem.location[1] if problem.location else 0) for problem in problems] == [
        ("yaml-syntax", 7),
        ("duplicate-key", 15),
    ]
    assert problems[1].found == "first on line 14"
    assert [place(each, ("metadata", "name"))[1] for each in given] == [4, 11, 20]


KIND = "apiVersion: v1\nkind: ConfigMap\n"

BAD = {
    "a list": ("- a\n", ["not-an-object"]),
    "a word": ("hello\n", ["not-an-object"]),
    "values": ("replicas: 2\n", ["not-an-object"]),
    "no apiVersion": ("kind: ConfigMap\n", ["missing-field"]),
    "no kind": ("apiVersion: v1\n", ["missing-field"]),
    "an empty kind": ('apiVersion: v1\nkind: ""\n', ["missing-field"]),
    "a number for a version": ("apiVersion: 1\nkind: ConfigMap\n", ["wrong-type"]),
    "items that are no objects": ("apiVersion: v1\nkind: List\nitems: [1, {a: b}]\n", ["not-an-object"] * 2),
    "a kustomization": ("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", ["not-an-object"]),
    "encrypted": (KIND + "sops: {mac: x}\n", ["encrypted"]),
    "a tab": ("a:\n\tb: 1\n", ["yaml-syntax"]),
    "truncated": ("apiVersion: v1\nkind: ConfigMap\ndata: {a: 'b", ["yaml-syntax"]),
    "a key twice": (KIND + "a: 1\na: 2\n", ["duplicate-key"]),
    "a number as key": (KIND + "data: {8080: x}\n", ["yaml-key"]),
    "a bool of YAML 1.1 as key": (KIND + "data: {on: x}\n", ["yaml-key"]),
    "a list as key": (KIND + "? [a]\n: b\n", ["yaml-key"]),
    "a tag": (KIND + "a: !Ref b\n", ["yaml-tag"]),
    "no anchor": (KIND + "a: *b\n", ["yaml-alias"]),
    "a bomb": (
        "a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(9)),
        ["yaml-alias"],
    ),
    "1,000 levels": (f"a: {'[' * 1000}{']' * 1000}\n", ["yaml-depth"]),
    "1,000 levels in blocks": ("".join(f"{' ' * n}a:\n" for n in range(1000)), ["yaml-depth"]),
    "1,000 levels of JSON": (f'{{"a": {"[" * 1000}{"]" * 1000}}}', ["yaml-depth"]),
    "100,000 levels of JSON": (f'{{"a": {"[" * 100_000}', ["yaml-depth"]),
    "JSON cut off": ('{"apiVersion": "v1", "kind": "List", "items": [', ["yaml-syntax"]),
    "NaN in JSON": ('{"a": NaN}', ["not-an-object"]),
    "a key twice in JSON": ('{"kind": "a",\n\t"kind": "b"}', ["duplicate-key"]),
    "a directive": ("%YAML 1.2\n---\n" + KIND, ["yaml-syntax"]),
    "an object beside its marker": ("--- {apiVersion: v1, kind: ConfigMap}\n", ["yaml-syntax"]),
    "a document that no marker begins": (KIND + "...\n" + KIND, ["yaml-documents"]),
    "old line breaks": ("a: 1\r---\rb: 2\r", ["yaml-documents"]),
    "a template": ("apiVersion: v1\nkind: {{ .Values.kind }}\nx: {{ .y }}\n", ["yaml-key"]),
    "a template's block": ("{{- if .Values.on }}\nkind: A\n{{- end }}\n", ["yaml-syntax"]),
    "a control character": (KIND + "a: \x07\n", ["yaml-syntax"]),
    "half a surrogate pair": (KIND + 'a: "\\udfff"\n', ["yaml-syntax"]),
    "both halves, which YAML does not join": (KIND + 'a: {"\\ud83d\\udca5": 1}\n', ["yaml-syntax"]),
    "an escape for no character": (KIND + 'a: "\\Uffffffff"\n', ["yaml-syntax"]),
    "no number": (KIND + "a: .nan\n", ["yaml-syntax"]),
    "no number among others": (KIND + "a: [1, -.inf]\n", ["yaml-syntax"]),
    "a number of many digits": (KIND + f"a: {'9' * 5000}\n", ["yaml-syntax"]),
    "a number of many digits in JSON": (f'{{"kind": {"9" * 5000}}}', ["yaml-syntax"]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told_with_its_place(name: str) -> None:
    text, expected = BAD[name]
    _, problems = read(text)
    assert rules(problems) == expected
    for problem in problems:
        assert problem.location is not None
        assert problem.location.line > 0


@pytest.mark.parametrize(
    ("text", "rule", "place"),
    [
        ('{"a": 1,}', "json-syntax", (1, 9)),
        ('{"a": NaN}', "json-syntax", (1, 1)),
        ('{"a": 1}\n\n [1,\n', "json-syntax", (4, 1)),
        ('{"kind": "a",\n\t"kind": "b"}', "duplicate-key", (2, 2)),
        ('{"a": ' * 300 + "1" + "}" * 300, "yaml-depth", (1, 1)),
        (f'{{"a": {"9" * 401}}}', "json-syntax", (1, 1)),
        ('{"a": 1e999}', "json-syntax", (1, 1)),
        ('{"\\ud83d\\udca5": 1,\n "a": "\\ud83d"}', "json-syntax", (2, 8)),
    ],
)
def test_a_file_named_json_has_to_be_json(text: str, rule: str, place: tuple[int, int]) -> None:
    _, problems = read(text, "f.json")
    found = [(problem.rule, problem.location and problem.location[1:]) for problem in problems]
    assert (rule, place) in found


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"a: b\0c\n", "binary-file"),
        (b"\x7fELF\x02\x00", "binary-file"),
        (b"a: \xff\n", "not-utf8"),
        (b"\xff\xfea", "not-utf8"),
        (config_map().encode("utf-32"), "not-utf8"),
    ],
)
def test_bytes_that_are_no_text(content: bytes, rule: str) -> None:
    for named in (True, False):
        given, problems = given_in(content, "f.yaml", named=named)
        assert (given, rules(problems)) == ([], [rule])


def test_a_template_is_told_what_to_do() -> None:
    for name in ("a template", "a template's block"):
        ((problem,), _) = (read(BAD[name][0])[1], None)
        assert "helm template" in problem.hint


def test_what_is_only_found_and_nobodys_manifest_is_passed_over() -> None:
    for text in ("replicas: 2\n", "- a\n", "nav: !!python/name:x\n", "a: [\n", '{"compilerOptions": {}, // no\n}', ""):
        assert read(text, "f.yaml", named=False) == ([], [])
    assert rules(read("kind: [\n", named=False)[1]) == ["yaml-syntax"]
    assert rules(read("kind: A\n", named=False)[1]) == ["missing-field"]
    assert rules(read("apiVersion: v1\nkind: List\nitems: [1]\n", named=False)[1]) == ["not-an-object"]


def test_careful_reading_is_bounded_and_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "MAX_CAREFUL", 500)
    text = (
        "---\n".join(config_map(f"n{number}") + "data: {a: &x b}\n" for number in range(20)) + "---\n" + config_map("z")
    )
    given, problems = read(text)
    assert 3 < len(given) < 15
    assert names(given)[-1] == "z"
    assert rules(problems) == ["too-large"]


# ---- scalars, as kubectl reads them ------------------------------------------------------------------------------------

SCALARS = {
    "yes": True,
    "Y": True,
    "on": True,
    "No": False,
    "off": False,
    "n": False,
    "nO": "nO",
    "true": True,
    "~": None,
    "0644": 420,
    "0o17": 15,
    "-0777": -511,
    "08": 8,
    "+0o7": 7,
    "0O7": 7,
    "0b11": 3,
    "-0b11": -3,
    "0b12": "0b12",
    "1_000": 1000,
    "1_": 1,
    "_1": "_1",
    "-_1": -1,
    "0x_1": 1,
    "0X1F": 31,
    "0.1_0": 0.1,
    "1__0": 10,
    "++3": "++3",
    "1:30": "1:30",
    "2024-01-01": "2024-01-01",
    "12e4567": "12e4567",
    "1e3": 1000,
    ".5": 0.5,
    "1.": 1,
    "=": "=",
    "18446744073709551615": 2**64 - 1,
    "18446744073709551616": 2.0**64,
    "0x1ffffffffffffffff": "0x1ffffffffffffffff",
}


def alike(a: Any, b: Any) -> bool:
    numbers = (int, float)
    if type(a) in numbers and type(b) in numbers:
        return math.isclose(a, b, rel_tol=1e-12)
    return type(a) is type(b) and bool(a == b)


@pytest.mark.parametrize("text", SCALARS)
def test_scalars_mean_what_they_mean_to_kubectl(text: str) -> None:
    for written in (f"a: {text}\n", f"a:\n- {text} # c\n", f"a: [{text}]\n", f"a: {text}", f"a: &x {text}\n"):
        value = kubectl.parse(written, "f")["a"]
        assert alike(value[0] if isinstance(value, list) else value, SCALARS[text])
    for quoted in (f'a: "{text}"\n', f"a: '{text}'\n", f"a: !!str {text}\n"):
        assert kubectl.parse(quoted, "f") == {"a": text}


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl on PATH")
def test_the_real_kubectl_agrees() -> None:
    """Over every tricky string that can stand as a plain scalar."""
    unfit = set("#:{}[],&*!|>'\"%@`?\n\t\\")
    texts = [
        text for text in (*TRICKY, *SCALARS) if text.isprintable() and text == text.strip() and not set(text) & unfit
    ]
    texts = [text for text in texts if text not in ("", "-", "<<", "---", "...") and text[:2] not in ("- ", "--")]
    texts = [text for text in texts if "inf" not in text.lower() and "nan" not in text.lower() and text.isascii()]
    document = "".join(f"{config_map(f'n{n}')}data:\n  v: {text}\n---\n" for n, text in enumerate(texts))
    command = ["kubectl", "label", "--local", "-f", "-", "x=y", "-o", "json"]
    done = subprocess.run(command, input=document, capture_output=True, text=True, check=True, timeout=60)
    decoder, rest, theirs = json.JSONDecoder(), done.stdout, []
    while rest:
        value, end = decoder.raw_decode(rest)
        theirs.append(value["data"]["v"])
        rest = rest[end:].lstrip()
    ours = [each.object["data"]["v"] for each in read(document)[0]]
    assert len(ours) == len(theirs) == len(texts)
    assert [text for text, a, b in zip(texts, ours, theirs, strict=True) if not alike(a, b)] == []


def test_what_kubectl_makes_of_a_value_is_known_where_it_differs() -> None:
    ((found,), _) = read(config_map() + 'data: {a: yes, b: "yes", c: 0644, d: 644, e: true, f: [x]}\n')
    assert [misread(found, ("data", key)) for key in "abcdefg"] == ["yes", "", "0644", "", "", "", ""]


# ---- secrets ---------------------------------------------------------------------------------------------------------

SECRETS = """\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Secret
  metadata:
    name: a
    annotations:
      last: hunter2
  type: Opaque
  stringData:
    a: hunter2
    b: |
      hunter2
- {apiVersion: v1, kind: Secret, metadata: {name: b}, data: {a: hunter2}}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: c}
  data: {a: x}
"""


def test_no_line_with_a_secret_may_be_quoted() -> None:
    one, two, three = read(SECRETS)[0]
    hidden = [("stringData", "a"), ("stringData", "b"), ("metadata", "annotations", "last"), ("stringData",)]
    assert [quotable(one, path) for path in hidden] == [False] * 4
    assert [quotable(one, path) for path in [("metadata", "name"), ("kind",), ("typo",)]] == [True] * 3
    assert not quotable(two, ("metadata", "name"))
    assert quotable(three, ("data", "a"))
    assert misread(one, ("stringData", "a")) == ""
    for text in (
        "apiVersion: v1\nkind: SecretList\nitems:\n- data:\n    a: hunter2\n",
        'apiVersion: v1\nkind: "\\u0053ecret"\ndata:\n  a: hunter2\n',
        "apiVersion: v1\nkind: &kind SealedSecret\ndata:\n  a: hunter2\n",
    ):
        ((found,), _) = read(text)
        assert not quotable(found, ("data", "a"))
        assert quotable(found, ("kind",))


@pytest.mark.parametrize(
    "line",
    [
        "a: !hunter2 x",
        "a: *hunter2",
        "a: {hunter2: 1, hunter2: 2}",
        "true: &hunter2 x\n  c: d: e",
        "[hunter2]: x",
        'a: "hunter2',
        "a: {{ hunter2 }}",
        "a: \x07hunter2",
        "0x7: hunter2",
    ],
)
def test_no_message_about_a_secret_quotes_it(line: str) -> None:
    for text in (
        f"apiVersion: v1\nkind: Secret\nstringData:\n  {line}\n",
        f'{{"kind": "Secret", "data": {{"hunter2": "hunter2", "hunter2": hunter2}}\n# {line}}}',
    ):
        _, problems = read(text)
        assert problems
        assert "hunter2" not in repr(problems)
        assert not any(problem.quotable for problem in problems)


# ---- paths -----------------------------------------------------------------------------------------------------------


def test_a_tree_is_read_in_order_and_hidden_or_foreign_files_are_not(tmp_path: Path) -> None:
    put(
        tmp_path / "all",
        {
            "b.yaml": config_map("b"),
            "a.yml": config_map("a"),
            "c.json": json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}),
            "notes.txt": config_map("no"),
            "values.yaml": "replicas: 2\n",
            ".hidden/x.yaml": config_map("no"),
            ".hidden.yaml": config_map("no"),
            "sub/z.yaml": config_map("z"),
            "sub/deep/y.yaml": config_map("w"),
        },
    )
    (tmp_path / "all" / "loop").symlink_to(tmp_path / "all")
    (tmp_path / "all" / "self").symlink_to("self")
    given, problems = read_given(["all"], tmp_path)
    assert problems == []
    assert names(given) == ["a", "b", "c", "z", "w"]
    assert given[0].file == "all/a.yml"
    assert [each.file for each in read_given(["."], tmp_path / "all")[0]][-1] == "sub/deep/y.yaml"


def test_what_is_named_twice_is_read_once(tmp_path: Path) -> None:
    put(tmp_path, {"d/a.yaml": config_map("a"), "d/b.yaml": config_map("b")})
    given, problems = read_given(["d/b.yaml", "d", "d/b.yaml", "./d/a.yaml", f"{tmp_path}/d"], tmp_path)
    assert (names(given), problems) == (["b", "a"], [])


def test_a_helm_chart_is_not_judged(tmp_path: Path) -> None:
    chart = {"Chart.yaml": "apiVersion: v2\nname: c\n", "templates/a.yaml": "kind: {{ .x }}\n", "values.yaml": "a: 1\n"}
    put(tmp_path, {f"charts/c/{path}": text for path, text in chart.items()} | {"a.yaml": config_map()})
    given, (problem,) = read_given(["."], tmp_path)
    assert names(given) == ["a"]
    assert (problem.rule, problem.severity) == ("helm-chart", "warning")
    assert "helm template" in problem.hint
    given, (problem,) = read_given(["charts/c"], tmp_path)
    assert (given, problem.rule, problem.severity) == ([], "helm-chart", "error")


def special(folder: Path) -> dict[str, str]:
    os.mkfifo(folder / "pipe.yaml")
    (folder / "gone.yaml").symlink_to("nowhere")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(folder / "socket.yaml"))
    server.close()
    return {"pipe.yaml": "pipe", "gone.yaml": "no such file", "loop.yaml": "symbolic links", "socket.yaml": ""}


def test_whatever_is_no_file_is_told_and_holds_nobody_up(tmp_path: Path) -> None:
    expected = special(tmp_path)
    for paths in (sorted(expected), ["."]):
        given, problems = read_given(paths, tmp_path)
        assert given == []
        assert rules(problems) == ["unreadable"] * 4
        assert all(
            words in problem.message for problem, (_, words) in zip(problems, sorted(expected.items()), strict=True)
        )
    for path in ("/dev/null", "/dev/zero", "missing", "a\0b", "missing/", "\udcff", ""):
        _, problems = read_given([path], tmp_path / "pipe.yaml" if not path else tmp_path)
        assert rules(problems) == ["unreadable"], path


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    put(tmp_path, {"d/a.yaml": config_map(), "e.yaml": config_map()})
    (tmp_path / "d").chmod(0)
    (tmp_path / "e.yaml").chmod(0)
    assert rules(read_given(["."], tmp_path)[1]) == ["unreadable"] * 2
    (tmp_path / "d").chmod(0o700)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(given_bytes, "LIMIT", 100_000)
    put(tmp_path, {"a.yaml": "# " + "x" * 200_000, "b.yaml": config_map() + "#" * 70_000})
    given, problems = read_given(["a.yaml", "b.yaml"], tmp_path)
    assert (names(given), rules(problems)) == (["a"], ["too-large"])


def feed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_stdin_is_read_once_and_may_be_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, config_map("in"))
    put(tmp_path, {"a.yaml": config_map("a")})
    for _ in range(2):
        given, problems = read_given(["-", "a.yaml", "-"], tmp_path)
        assert (names(given), problems) == (["in", "a"], [])
        assert str(place(given[0], ("kind",))) == "<stdin>:2:7"


def test_the_output_of_a_command_can_be_named() -> None:
    """As `gitops validate <(helm template …)` does."""
    reader, writer = os.pipe()
    os.write(writer, config_map("piped").encode())
    os.close(writer)
    given, problems = read_given([f"/dev/fd/{reader}"], Path())
    os.close(reader)
    assert (names(given), problems) == (["piped"], [])


def test_nothing_to_check_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, "---\n# nothing\n")
    put(tmp_path, {"empty.yaml": "", "d/notes.txt": "", "list.yaml": "apiVersion: v1\nkind: List\nitems: []\n"})
    _, problems = read_given(["-", "empty.yaml", "d", "list.yaml"], tmp_path)
    assert rules(problems) == ["no-objects"] * 4
    assert [problem.location and problem.location.file for problem in problems] == [
        "<stdin>",
        "empty.yaml",
        "d",
        "list.yaml",
    ]


# ---- kustomize -------------------------------------------------------------------------------------------------------

BASE = "resources: [a.yaml, sub/b.yaml]\n"
OVERLAY = """\
resources: [../../base]
patches:
- target: {kind: ConfigMap, name: a}
  patch: |
    - {op: add, path: /data, value: {k: "1"}}
- path: patch.yaml
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A base with two overlays, and files beside them that no kustomization names."""
    if KUSTOMIZE is not None:
        monkeypatch.setenv("PATH", str(KUSTOMIZE.parent), prepend=os.pathsep)
    patch = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {p: q}\n"
    return put(
        tmp_path,
        {
            "base/kustomization.yaml": BASE,
            "base/a.yaml": config_map("a") + "immutable: false\n",
            "base/unused.yaml": config_map("unused"),
            "base/sub/b.yaml": config_map("x") + "---\n" + config_map("b"),
            "base/other/c.yaml": config_map("c"),
            "overlays/dev/kustomization.yaml": OVERLAY,
            "overlays/dev/patch.yaml": patch,
            "overlays/prod/kustomization.yml": OVERLAY + "namePrefix: p-\n",
            "overlays/prod/patch.yaml": patch,
            "parts/kustomization.yaml": "kind: Component\nresources: [d.yaml]\n",
            "parts/d.yaml": "kind: partial\n",
        },
    )


@real_kustomize
def test_a_kustomization_is_judged_as_built_and_leads_back_to_its_sources(repository: Path) -> None:
    given, problems = read_given(["overlays/dev"], repository)
    assert problems == []
    assert names(given) == ["a", "b", "x"]
    assert {each.file for each in given} == {"overlays/dev/kustomization.yaml"}
    a, b, _ = given
    assert a.text is None
    assert str(place(a, ("metadata", "name"))) == "base/a.yaml:4:9"
    assert str(place(a, ("immutable",))) == "base/a.yaml:5:12"
    assert str(place(a, ("missing", "field"))) == "base/a.yaml:1:1"
    assert str(place(a, ("data", "k"))) == "overlays/dev/kustomization.yaml"
    assert str(place(b, ("kind",), key=True)) == "base/sub/b.yaml:7:1"
    assert quotable(a, ("metadata", "name"))


@real_kustomize
def test_in_a_tree_overlays_are_built_and_what_they_are_made_of_is_not_judged_alone(repository: Path) -> None:
    given, problems = read_given(["."], repository)
    assert problems == []
    by_file: dict[str, list[str]] = {}
    for each in given:
        by_file.setdefault(each.file, []).append(each.object["metadata"]["name"])
    assert by_file == {
        "base/other/c.yaml": ["c"],
        "overlays/dev/kustomization.yaml": ["a", "b", "x"],
        "overlays/prod/kustomization.yml": ["p-a", "p-b", "p-x"],
    }


@real_kustomize
def test_a_kustomization_may_be_named_by_its_file(repository: Path) -> None:
    given, problems = read_given(["base/kustomization.yaml", "base"], repository)
    assert (names(given), problems) == (["a", "b", "x"], [])
    assert given[0].file == "base/kustomization.yaml"
    assert [each.file for each in read_given(["."], repository / "base")[0]] == ["kustomization.yaml"] * 3


@real_kustomize
def test_a_build_that_fails_is_one_problem_without_secrets(repository: Path) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {1: hunter2}\n"
    patch = "resources: [../base]\npatches: [{patch: 'hunter2: [', target: {kind: Secret}}]\n"
    put(
        repository,
        {
            "base/a.yaml": secret,
            "literal/kustomization.yaml": "secretGenerator: [{name: a, literals: [hunter2]}]\n",
            "patch/kustomization.yaml": patch,
        },
    )
    given, problems = read_given(["overlays/dev", "literal", "patch"], repository)
    assert (given, rules(problems)) == ([], ["kustomize-build"] * 3)
    assert all(problem.found for problem in problems)
    assert "hunter2" not in repr(problems)


@real_kustomize
@pytest.mark.parametrize(
    "remote", ["https://example.com/a.yaml", "github.com/org/repo//base?ref=v1", "git@host:o/r.git"]
)
def test_nothing_is_fetched(remote: str, repository: Path) -> None:
    put(repository, {"base/kustomization.yaml": f"resources: ['{remote}']\n"})
    given, (problem,) = read_given(["overlays/dev"], repository)
    assert (given, problem.rule) == ([], "remote-base")
    assert remote in problem.message


def test_without_kustomize_it_says_so_once(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    given, (problem,) = read_given(["overlays", "base/other", "overlays/dev"], repository)
    assert names(given) == ["c"]
    assert problem.rule == "no-kustomize"
    assert "install" in problem.hint


@real_kustomize
def test_the_overlays_of_this_repository_are_read_whole() -> None:
    given, problems = read_given(["overlays"], REPOSITORY)
    assert problems == []
    files = {each.file for each in given}
    assert files == {
        f"overlays/{path.parent.name}/kustomization.yaml" for path in REPOSITORY.glob("overlays/*/kustomization.yaml")
    }
    assert all(place(each, ("metadata", "name")).line for each in given)


# ---- anything at all -------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *(
            b"apiVersion: v1\n",
            b"kind: Secret\n",
            b"kind: List\nitems:\n",
            b"- ",
            b"  ",
            b"\n---\n",
            b"--- ",
            b"...\n",
            b"\r\n",
        ),
        *(
            b"data:\n",
            b"a: ",
            b"{",
            b"}",
            b"[",
            b"]",
            b'"',
            b"'",
            b"|\n",
            b"&x ",
            b"*x",
            b"!!int ",
            b"? ",
            b"<<: ",
            b"#",
            b"%",
        ),
        *(
            b"\t",
            b"\0",
            b"\xff",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"\xc3\xa9",
            b"{{ x }}",
            b'\\ud800"',
            b"0x",
            b"1_",
            b"yes",
            b"\xe2\x80\xa8",
        ),
        *(
            b'{"kind":"A","apiVersion":"v1"}',
            b'{"kind":"List","items":[',
            b"]}",
            b"null",
            b"~",
            b"\r",
            b"1e999",
            b"-",
            b":",
        ),
    ]
)
GARBAGE = st.lists(PIECES | st.binary(max_size=3), max_size=14).map(b"".join)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given_by(GARBAGE, st.sampled_from(["f.yaml", "f.json"]), st.booleans())
@example(b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "f.yaml", True)
@example(b'{"kind":"A","apiVersion":"v1", "x":\t"\\ud800"}', "f.json", True)
def test_no_bytes_raise_anything(content: bytes, file: str, named: bool) -> None:
    given, problems = given_in(content, file, named=named)
    for each in given:
        assert isinstance(each.object["kind"], str)
        assert isinstance(each.object["apiVersion"], str)
        for path in ((), ("metadata", "name"), ("kind",), ("items", 0, "x")):
            assert place(each, path).file == file
            assert quotable(each, path) in (True, False)
            assert isinstance(misread(each, path), str)
    for problem in problems:
        assert problem.location is not None
        assert problem.location.file == file


# ---- writing back ----------------------------------------------------------------------------------------------------


def test_a_file_is_rewritten_where_its_symlink_leads(tmp_path: Path) -> None:
    put(tmp_path, {"real/a.yaml": config_map("a")})
    (tmp_path / "real" / "a.yaml").chmod(0o640)
    (tmp_path / "link.yaml").symlink_to("real/a.yaml")
    given_bytes.rewrite(tmp_path / "link.yaml", b"new\n")
    assert (tmp_path / "link.yaml").is_symlink()
    assert (tmp_path / "real" / "a.yaml").read_bytes() == b"new\n"
    assert (tmp_path / "real" / "a.yaml").stat().st_mode & 0o777 == 0o640
    assert [given_bytes.is_file(name) for name in ("<stdin>", "/dev/fd/63", "a.yaml")] == [False, False, True]

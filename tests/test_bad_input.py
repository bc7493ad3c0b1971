"""Whatever is wrong with the world or the input: a message that says where and what to do, and the disk as it was."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.command_line import MINIMAL, PRIVATE, REPOSITORY, Result, gitops, project, put, tree

CONFIG_MAP = """\
from gitops import Manifest, Values, application


class IrisValues(Values):
    level: str = "info"
    replicas: int = 1
    labels: dict[str, str] = {}
    topics: tuple[str, ...] = ()


@application
def iris(env, values: IrisValues):
    data = {"level": values.level, "replicas": str(values.replicas)}
    return [Manifest(api_version="v1", kind="ConfigMap", name="iris", labels=values.labels, fields={"data": data})]
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Path]:
    """A rendered project with one stale file, so that there is something to write."""
    folder = project(tmp_path / "project", MINIMAL)
    assert gitops(folder, "render").status == 0
    put(folder, {"environments/dev/iris.yaml": "replicas: 3\n"})
    yield folder
    for parent, _, _ in os.walk(tmp_path):
        os.chmod(parent, 0o755)  # noqa: PTH101


def refused(folder: Path, *arguments: str) -> Result:
    """Run a command line that must fail, in words, and change nothing."""
    before = tree(folder)
    result = gitops(folder, *(arguments or ("render",)))

    assert result.status in (1, 2), result
    assert "Traceback" not in result.stderr
    assert tree(folder) == before
    return result


def replace(folder: Path, path: str, make: Callable[[Path], object]) -> None:
    place = folder / path
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
    make(place)


FOREIGN = {
    "a file of someone else": (
        "overlays/dev/iris/kustomization.yaml",
        lambda place: place.write_text("mine: 1\n"),
        "foreign-file",
    ),
    "an empty file": ("overlays/dev/iris/kustomization.yaml", lambda place: place.write_text(""), "foreign-file"),
    "a folder where a file belongs": (
        "overlays/dev/iris/kustomization.yaml",
        lambda place: place.mkdir(),
        "foreign-file",
    ),
    "a file where a folder belongs": ("overlays/dev/iris", lambda place: place.write_text("mine"), "foreign-file"),
    "a symlink to a file elsewhere": (
        "overlays/dev/iris/kustomization.yaml",
        lambda place: place.symlink_to("/etc/passwd"),
        "path-escape",
    ),
    "a symlink to a folder elsewhere": ("overlays/dev/iris", lambda place: place.symlink_to("../../.."), "path-escape"),
    "a dangling symlink": (
        "overlays/dev/iris/kustomization.yaml",
        lambda place: place.symlink_to("nowhere"),
        "foreign-file",
    ),
    "a pipe": ("overlays/dev/iris/kustomization.yaml", os.mkfifo, "foreign-file"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_stands_in_the_way_is_named_and_left_alone(name: str, world: Path) -> None:
    path, make, rule = FOREIGN[name]
    replace(world, path, make)
    if name == "a pipe":  # reading it for a comparison would wait for ever
        before = sorted(os.listdir((world / path).parent))
        result = gitops(world, "render")
        assert result.status == 1
        assert sorted(os.listdir((world / path).parent)) == before
    else:
        result = refused(world)

    assert f"[{rule}]" in result.stderr
    assert path in result.stderr


def test_a_symlink_for_the_whole_overlays_folder_is_followed_nowhere(world: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    replace(world, "overlays/dev", lambda place: place.symlink_to(outside))
    refused(world)

    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    "error", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO], ids=errno.errorcode.get
)
@pytest.mark.parametrize("call", ["write", "open", "rename", "mkdir"])
def test_a_disk_that_refuses_leaves_every_file_as_it_was(
    call: str, error: int, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = getattr(os, call)

    def failing(*arguments: object, **keywords: object) -> object:
        makes = call != "open" or (isinstance(arguments[1], int) and arguments[1] & os.O_CREAT)
        place = str(arguments[1] if call == "rename" else arguments[0])
        if makes and (call == "write" or "overlays" in place):
            raise OSError(error, os.strerror(error))
        return original(*arguments, **keywords)

    monkeypatch.setattr(os, call, failing)
    result = refused(world)
    monkeypatch.undo()

    assert os.strerror(error) in result.stderr
    assert gitops(world, "render").status == 0
    assert gitops(world, "render", "--check").status == 0


@pytest.mark.parametrize(
    "path", ["specs", "environments", "environments/dev", "specs/iris.py", "environments/dev/iris.yaml"]
)
def test_an_input_that_may_not_be_read_is_named(path: str, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the error of the system call: a test may run as root, who may read all."""
    place = str(world / path)
    for call in ("open", "listdir", "scandir"):
        original = getattr(os, call)

        def failing(at: object, *arguments: object, original=original, **keywords: object) -> object:  # type: ignore[no-untyped-def]
            if str(at) == place:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), at)
            return original(at, *arguments, **keywords)

        monkeypatch.setattr(os, call, failing)
    result = refused(world)

    assert path in result.stderr
    assert "check the owner and the mode" in result.stderr


STRANGE = {
    "specs/iris.py": [b"\xff\xfe", b"x = '\xe9'\n", b"\0", b"", b"\xef\xbb\xbf", b"# coding: latin-1\nx = '\xe9'\n"],
    "environments/dev/iris.yaml": [
        b"\xff\xfe",
        b"x: \xe9\n",
        b"\0",
        b"replicas: " + b"9" * 5000,
        b"[" * 5000,
        b"\x1b[31m: 1\n",
    ],
    "environments/base/environment.yaml": [b"\xff", b"namespace: \xe9\n", b"kubernetes: !!binary x\n"],
    "pyproject.toml": [
        b"[tool.gitops]\n\xff",
        b"[tool.gitops]\nspecs = '\\u0000'\n",
        b"[tool.gitops]\n= 1\n",
        b"[tool]\ngitops = 1\n",
    ],
}


@pytest.mark.parametrize(
    ("path", "content"), [(path, content) for path, contents in STRANGE.items() for content in contents]
)
def test_a_file_that_is_not_text_of_its_language_is_named(path: str, content: bytes, world: Path) -> None:
    put(world, {path: content})
    result = refused(world)

    assert path in result.stderr or path == "pyproject.toml"
    assert "\x1b[31m:" not in result.stderr


def test_a_folder_where_a_spec_belongs_is_named(world: Path) -> None:
    (world / "specs" / "folder.py").mkdir()

    assert "specs/folder.py" in refused(world).stderr


def test_a_symlinked_spec_is_read_like_any_other(world: Path, tmp_path: Path) -> None:
    shutil.move(world / "specs/iris.py", tmp_path / "iris.py")
    (world / "specs/iris.py").symlink_to(tmp_path / "iris.py")

    assert gitops(world, "render").status == 0


def test_without_schemas_the_message_says_what_is_missing(tmp_path: Path) -> None:
    folder = project(tmp_path, MINIMAL, schemas=False)

    assert "kserve 0.20.0" in refused(folder).stderr


# ---- manifests that are given ----------------------------------------------------------------------------------------

OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
BOMB = "a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(9))
CRD = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.b.c}\n"
GIVEN: dict[str, tuple[bytes, str]] = {
    "no YAML": (b"<html>\n<body>: {\n", "yaml-syntax"),
    "a program": (b"\x7fELF\x02\0\0\0" * 1000, "binary-file"),
    "text of another encoding": (b"a: \xff\xfe\xe9\n", "not-utf8"),
    "cut off": (OBJECT.encode() + b"data: {a: 'b", "yaml-syntax"),
    "JSON that is cut off": (b'{"apiVersion": "v1", "kind": "List", "items": [{', "yaml-syntax"),
    "nothing": (b"", "no-objects"),
    "only comments": (b"# a\n---\n# b\n...\n", "no-objects"),
    "empty documents around": (b"---\n---\n" + OBJECT.encode() + b"dta: {}\n---\n\n---\n", "unknown-field"),
    "a key twice": (OBJECT.encode() + b"kind: Secret\n", "duplicate-key"),
    "keys that are no text": (OBJECT.encode() + b"data: {1: a, true: b, ~: c, [d]: e}\n", "yaml-key"),
    "a bomb of aliases": (BOMB.encode(), "yaml-alias"),
    "an alias in itself": (b"a: &a [*a]\n", "yaml-alias"),
    "nested too deeply": (b"a: " + b"[" * 100_000, "yaml-depth"),
    "nested too deeply in JSON": (b'{"a":' * 100_000, "yaml-depth"),
    "a list of lists": (
        b"apiVersion: v1\nkind: List\nitems:\n- [1]\n- apiVersion: v1\n  kind: List\n  items: [x]\n",
        "not-an-object",
    ),
    "several, and one is broken": (OBJECT.encode() + b"---\na: [\n---\n" + OBJECT.encode(), "yaml-syntax"),
    "a definition that defines nothing": (CRD.encode() + b"spec: {group: c}\n", "missing-field"),
    "a definition with the wrong types": (CRD.encode() + b"spec: 1\n", "wrong-type"),
    "a kind that nobody serves": (b"apiVersion: a.b/v1\nkind: C\nmetadata: {name: a}\n", "no-schema"),
    "a number of many digits": (OBJECT.encode() + b"data: {a: " + b"9" * 100_000 + b"}\n", "yaml-syntax"),
    "one long line": (b"x" * 3_000_000, "not-an-object"),
    "many lines of nothing much": (b"hello world\n" * 200_000, "not-an-object"),
    "a million anchors": (b"a: &a b\n" + b"- *a\n" * 1_000_000, "too-large"),
    "more documents than anybody has": (b"---\n" * 1_000_010, "too-large"),
}


@pytest.mark.parametrize("name", GIVEN)
def test_bad_manifests_are_problems(name: str, tmp_path: Path) -> None:
    content, rule = GIVEN[name]
    put(tmp_path, {"f.yaml": content})
    result = gitops(tmp_path, "validate", "f.yaml")

    assert result.status == 1
    assert f"[{rule}]" in result.stdout
    assert "f.yaml" in result.stdout
    assert "Traceback" not in result.stderr
    assert len(result.stdout) < 10_000


@pytest.mark.skipif(not os.geteuid(), reason="root may read every file")
def test_a_file_that_may_not_be_read_is_a_problem(tmp_path: Path) -> None:
    put(tmp_path, {"f.yaml": OBJECT})
    (tmp_path / "f.yaml").chmod(0)
    result = gitops(tmp_path, "validate", "f.yaml")

    assert (result.status, "[unreadable]" in result.stdout) == (1, True)


@pytest.mark.parametrize("user", [None, 65534], ids=["as whoever runs this", "as nobody"])
def test_a_file_that_may_not_be_read_is_a_problem_in_a_process(user: int | None, tmp_path: Path) -> None:
    if user and os.geteuid():
        pytest.skip("only root can be somebody else")
    put(tmp_path, {"f.yaml": OBJECT})
    (tmp_path / "f.yaml").chmod(0)
    code = "import os, sys; from gitops.disk.manifests import read_given; user = int(sys.argv[1])\nif user: os.setuid(user)\nprint([p.rule for p in read_given(['f.yaml'], __import__('pathlib').Path(sys.argv[2]))[1]])"
    for parent in (tmp_path, *list(tmp_path.parents)[:2]):
        parent.chmod(0o755)
    command = [sys.executable, "-c", code, str(user or 0), str(tmp_path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ("[]" if not user and not os.geteuid() else "['unreadable']")


# ---- fuzz: never a traceback -----------------------------------------------------------------------------------------

fuzz = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
YAML = st.one_of(
    st.binary(max_size=80),
    st.text(max_size=80).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(
        st.sampled_from(
            ["level: ", "replicas: ", "labels:", "  a: ", "topics: ", "- ", "[", "]", "{", "}", "'", '"', "\n", "\t", "  ", "&a ", "*a", "<<: ",
             "!!str ", "null", "~", "1", "-1", "1e999", ".nan", ".inf", "0x1F", "2026-01-01", "yes", "|\n", ">-\n", "? ", ": ", "---\n", "...\n",
             "# x", "enabled: ", "secrets: ", "extends: ", "namespace: ", "crds: ", "kubernetes: ", "99999999999999999999", "a" * 300, "é", "\u2028"]
        ),
        max_size=12,
    ).map(lambda parts: "".join(parts).encode()),
)  # fmt: skip


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = MINIMAL | {"specs/iris.py": CONFIG_MAP, "environments/dev/iris.yaml": ""}
    return project(tmp_path_factory.mktemp("fuzzed"), files)


def check(folder: Path, path: str, content: bytes) -> None:
    before = (folder / path).read_bytes()
    put(folder, {path: content})
    try:
        result = gitops(folder, "render", "--check")
    finally:
        put(folder, {path: before})

    assert result.status in (0, 1, 2), result.stderr
    assert "Traceback" not in result.stderr
    result.stderr.encode()  # no half characters, which no stream takes


@fuzz
@given(YAML)
def test_no_values_file_ever_ends_in_a_traceback(fuzzed: Path, content: bytes) -> None:
    check(fuzzed, "environments/dev/iris.yaml", content)


@fuzz
@given(YAML)
def test_no_environment_file_ever_ends_in_a_traceback(fuzzed: Path, content: bytes) -> None:
    check(fuzzed, "environments/dev/environment.yaml", content)


@fuzz
@given(st.integers(0, 2**32))
def test_no_spec_ever_ends_in_a_traceback(fuzzed: Path, seed: int) -> None:
    check(fuzzed, "specs/iris.py", mutated(CONFIG_MAP, random.Random(seed)).encode("utf-8", "surrogatepass"))


PIECES = ("None", "[]", "{}", "()", "-1", "1.5", "'x'", "b'x'", "env", "values", "lambda: 0", "object()", "float('nan')", "2**64", "...", "print", "\n", "", "{1: 2}")  # fmt: skip


def mutated(text: str, chance: random.Random) -> str:
    """The text with a few of its words, strings or characters replaced, repeated or taken away."""
    import re

    for _ in range(chance.randint(1, 3)):
        words = list(re.finditer(r'"[^"\n]*"|\w+|\S|\n', text))
        word = chance.choice(words)
        new = chance.choice((*PIECES, word[0] * 2, chance.choice(words)[0]))
        text = text[: word.start()] + new + text[word.end() :]
    return text


def test_the_tool_s_own_folder_may_hold_anything(world: Path) -> None:
    for name in os.listdir(world / PRIVATE):
        (world / PRIVATE / name).write_bytes(b"\0garbage")

    assert gitops(world, "render").status == 0
    assert gitops(world, "render", "--check").status == 0

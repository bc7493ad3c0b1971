"""What the cache promises: it never says `unchanged` of what changed, tells no secret, and is never an error."""

from __future__ import annotations

import hashlib
import marshal
import os
import subprocess
import sys
import time
import zlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops import cache, disk
from gitops.cache import UNTRUSTED, Entry, State
from gitops.ownership import header
from gitops.problems import ToolError

SECRET = b"password: hunter2-hunter2"
INPUTS = ("specs/iris.py", "environments/dev/iris.yaml", "environments/dev")
OUTPUTS = (
    "overlays/base/iris/kustomization.yaml",
    "overlays/base/iris/model.yaml",
    "overlays/dev/iris/kustomization.yaml",
)
SETTLED = 0.02
"""Seconds after which a file's stamp can be trusted on this machine's disk."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one application, rendered a while ago."""
    for path in ("specs/iris.py", "environments/dev/iris.yaml"):
        put(tmp_path, path, SECRET.decode())
    for path in OUTPUTS:
        put(tmp_path, path, header("specs/iris.py"))
    time.sleep(SETTLED)
    return tmp_path


def put(project: Path, path: str, content: str) -> None:
    place = project / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(content)


def remembered(project: Path) -> State:
    """What a run that changed nothing would save."""
    key = cache.new_key()
    inputs = cache.input_stamps(project, INPUTS, time.time_ns())
    outputs = cache.output_stamps(project, {"iris": OUTPUTS}, touched=(), since=time.time_ns())["iris"]
    iris = Entry(cache.digest(key, [SECRET, SECRET]), inputs, outputs, b"identities")
    return State(key, Entry(b"common", cache.input_stamps(project, ["specs"], time.time_ns()), {}), {"iris": iris})


def fresh(state: State, project: Path) -> bool:
    return cache.fresh(state, "iris", cache.digest(state.key, [SECRET, SECRET]), project)


# Saving and loading


def test_what_is_saved_is_loaded(project):
    state = remembered(project)
    cache.save(project, "0.1.0", state)
    assert cache.load(project, "0.1.0") == state


def test_a_state_is_for_its_owner_only_and_git_ignores_it(project):
    cache.save(project, "0.1.0", remembered(project))
    folder = project / ".gitops_cache"
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "state": 0o600,
        ".gitignore": 0o644,
    }
    assert (folder / ".gitignore").read_text() == "*\n"


def test_saving_replaces_the_old_state(project):
    state = remembered(project)
    cache.save(project, "0.1.0", state)
    cache.save(project, "0.1.0", state._replace(applications={}))
    loaded = cache.load(project, "0.1.0")
    assert loaded is not None
    assert loaded.applications == {}


def test_a_project_without_a_cache_has_no_state(tmp_path):
    assert cache.load(tmp_path, "0.1.0") is None
    assert list(tmp_path.iterdir()) == []


def test_another_version_of_the_tool_or_of_python_has_no_state(project, monkeypatch):
    cache.save(project, "0.1.0", remembered(project))
    assert cache.load(project, "0.1.1") is None
    monkeypatch.setattr(sys, "hexversion", sys.hexversion + 1)
    assert cache.load(project, "0.1.0") is None


def _with_head(body: bytes) -> bytes:
    return f"gitops cache, 0.1.0, Python {sys.hexversion:x}, {zlib.crc32(body):08x}\n".encode() + body


FOREIGN = [
    (),
    7,
    None,
    (b"", (), {}),
    (b"", (b"", {}, {}), {"iris": 1}),
    (b"", (b"", {}, {}), ["iris"]),
    (b"", (b"", {}, {}, b"", 1), {}),
]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\0" * 100,
        b"gitops cache",
        *map(_with_head, [b"", b"{", b"\xff" * 9, *map(marshal.dumps, FOREIGN)]),
    ],
    ids=lambda content: f"{zlib.crc32(content):x}",
)
def test_a_foreign_cache_is_no_cache(project, content):
    disk.private_folder(project).joinpath("state").write_bytes(content)
    assert cache.load(project, "0.1.0") is None


def test_a_cache_that_is_cut_or_damaged_anywhere_is_no_cache(project):
    cache.save(project, "0.1.0", remembered(project))
    state = project / ".gitops_cache" / "state"
    whole = state.read_bytes()
    for at in [*range(60), *range(60, len(whole), 23), len(whole) - 1]:
        for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]):
            state.write_bytes(damaged)
            assert cache.load(project, "0.1.0") is None, at


def test_a_cache_that_cannot_be_read_is_no_cache(project):
    (disk.private_folder(project) / "state").mkdir()
    assert cache.load(project, "0.1.0") is None


def test_a_cache_that_cannot_be_written_is_said(project):
    put(project, ".gitops_cache", "a file")
    with pytest.raises(ToolError, match=r"\.gitops_cache"):
        cache.save(project, "0.1.0", remembered(project))


# Digests


def test_a_digest_depends_on_the_key_and_on_every_byte():
    key = bytes(32)
    assert cache.digest(key, [b"a"]) == cache.digest(key, iter([b"a"]))
    assert cache.digest(key, [b"a"]) != cache.digest(cache.new_key(), [b"a"])
    assert cache.digest(key, [b"a"]) != cache.digest(key, [b"b"])
    assert cache.new_key() != cache.new_key()


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=4), max_size=4), st.lists(st.binary(max_size=4), max_size=4))
def test_two_sequences_have_one_digest_only_if_they_are_one(a, b):
    assert (cache.digest(b"k", a) == cache.digest(b"k", b)) == (a == b)


def test_a_cache_holds_no_content_and_no_plain_hash_of_it(project):
    cache.save(project, "0.1.0", remembered(project))
    saved = (project / ".gitops_cache" / "state").read_bytes()
    assert b"hunter2" not in saved
    for name in hashlib.algorithms_guaranteed - {"shake_128", "shake_256"}:
        for content in (SECRET, SECRET + SECRET):
            plain = hashlib.new(name, content).digest()
            assert plain not in saved
            assert plain.hex().encode() not in saved
    assert hashlib.blake2b(SECRET, digest_size=32).digest() not in saved


# Staleness


def test_what_nobody_touched_is_untouched_and_fresh(project):
    state = remembered(project)
    assert UNTRUSTED not in {*state.applications["iris"].inputs.values(), *state.applications["iris"].outputs.values()}
    assert cache.untouched(state, project)
    assert fresh(state, project)


def _edit_in_place(place: Path) -> None:
    """The same size and modification time as before."""
    before = place.stat()
    content = place.read_bytes()
    with place.open("r+b") as file:
        file.write(content.swapcase())
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replace(place: Path) -> None:
    before = place.stat()
    other = place.with_suffix(".new")
    other.write_bytes(place.read_bytes())
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.rename(place)


def _symlink(place: Path) -> None:
    place.rename(place.with_suffix(".moved"))
    place.symlink_to(place.with_suffix(".moved"))


EDITS = {
    "deleted": Path.unlink,
    "emptied": lambda place: place.write_text(""),
    "appended to": lambda place: place.write_bytes(place.read_bytes() + b"\n"),
    "edited in place, its time set back": _edit_in_place,
    "replaced by the same": _replace,
    "replaced by a folder": lambda place: (place.unlink(), place.mkdir()),
    "moved and linked to": _symlink,
    "given a stale neighbour": lambda place: (place.parent / "stale.yaml").write_text(header("specs/iris.py")),
}


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_output_that_changed_is_noticed(project, edit, output):
    state = remembered(project)
    edit(project / output)
    assert not cache.untouched(state, project)
    assert not fresh(state, project)


@pytest.mark.parametrize("path", ["specs/iris.py", "environments/dev/iris.yaml"])
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_input_that_changed_is_noticed(project, edit, path):
    state = remembered(project)
    edit(project / path)
    assert not cache.untouched(state, project)


@pytest.mark.parametrize("field", ["st_size", "st_ino", "st_mtime_ns", "st_ctime_ns"])
def test_each_part_of_a_stamp_counts(monkeypatch, field):
    """File systems differ in what they change; one part is enough."""
    found = {"st_size": 1, "st_ino": 2, "st_mtime_ns": 3, "st_ctime_ns": 4}
    stamps = []
    for each in (found, {**found, field: 99}):
        monkeypatch.setattr(cache, "os", SimpleNamespace(stat=lambda path, each=each: SimpleNamespace(**each)))
        stamps.append(cache.input_stamps(Path("/project"), ["a"], before=10**12))
    assert stamps[0] != stamps[1]


def test_an_application_is_fresh_by_the_content_of_its_inputs(project):
    state = remembered(project)
    os.utime(project / "specs/iris.py")
    assert not cache.untouched(state, project)
    assert fresh(state, project)
    assert not cache.fresh(state, "iris", cache.digest(state.key, [SECRET, b"other"]), project)
    assert not cache.fresh(state, "another", state.applications["iris"].digest, project)


def test_a_common_input_that_changed_is_noticed(project):
    state = remembered(project)
    put(project, "specs/new.py", "")
    assert not cache.untouched(state, project)
    assert fresh(state, project)


def test_a_copied_project_is_not_taken_for_the_original(project, tmp_path_factory):
    state = remembered(project)
    copy = tmp_path_factory.mktemp("copy")
    subprocess.run(["cp", "-a", f"{project}/.", copy], check=True)
    assert not cache.untouched(state, copy)


# Trust


def test_an_input_that_changed_a_moment_ago_is_not_trusted(project):
    put(project, "specs/iris.py", "new")
    stamps = cache.input_stamps(project, [*INPUTS, "absent"], time.time_ns())
    assert [path for path in stamps if stamps[path] == UNTRUSTED] == ["specs/iris.py", "absent"]
    state = remembered(project)
    assert not cache.untouched(state, project)
    time.sleep(SETTLED)
    assert UNTRUSTED not in cache.input_stamps(project, INPUTS, time.time_ns()).values()


def test_two_edits_of_one_size_in_one_tick_are_told_apart(project):
    """The race itself, many times: an edit right after the stamp was taken."""
    for number in range(100):
        put(project, "specs/iris.py", f"version = {number:03}")
        stamps = cache.input_stamps(project, ["specs/iris.py"], time.time_ns())
        with (project / "specs/iris.py").open("r+") as file:
            file.write("VERSION")
        assert not cache.untouched(State(b"", Entry(b"", stamps, {}), {}), project)


def test_an_input_that_changed_after_it_was_read_is_not_trusted(project):
    before = time.time_ns()
    put(project, "specs/iris.py", "new")
    time.sleep(SETTLED)
    assert cache.input_stamps(project, ["specs/iris.py"], before) == {"specs/iris.py": UNTRUSTED}


def test_what_this_run_wrote_is_trusted_at_once(project):
    since = time.time_ns()
    (project / OUTPUTS[0]).unlink()
    put(project, OUTPUTS[1], "new")
    put(project, "overlays/prod/iris/kustomization.yaml", "new")
    paths = [*OUTPUTS[1:], "overlays/prod/iris/kustomization.yaml"]
    touched = [*OUTPUTS[:2], "overlays/prod/iris/kustomization.yaml"]
    outputs = {"iris": paths, "": ["overlays"]}
    stamps = cache.output_stamps(project, outputs, touched, since)
    assert set(stamps["iris"]) == {*paths, *(path.rpartition("/")[0] for path in paths)}
    assert list(stamps[""]) == ["overlays"]
    assert UNTRUSTED not in {*stamps["iris"].values(), *stamps[""].values()}


@pytest.mark.parametrize("wait", [0, SETTLED])
def test_an_output_that_someone_else_changed_meanwhile_is_not_trusted(project, wait):
    since = time.time_ns()
    put(project, OUTPUTS[1], "someone else's")
    put(project, "overlays/dev/iris/stale.yaml", "someone else's")
    time.sleep(wait)
    stamps = cache.output_stamps(project, {"iris": OUTPUTS}, touched=OUTPUTS[:1], since=since)["iris"]
    assert {path for path in stamps if stamps[path] == UNTRUSTED} == {OUTPUTS[1], "overlays/dev/iris"}


@pytest.mark.parametrize(
    ("modified", "changed", "trusted"),
    [
        (80_000_000_001, 80_000_000_001, True),
        (80_000_000_001, 99_999_999_999, False),
        (99_999_999_999, 80_000_000_001, False),
        (99_980_000_001, 99_980_000_001, True),
        (99_000_000_000, 80_000_000_001, False),
        (98_000_000_000, 98_000_000_000, False),
        (97_000_000_000, 97_000_000_000, True),
        (300_000_000_001, 80_000_000_001, False),
    ],
    ids=[
        "old",
        "renamed just now",
        "edited just now",
        "a tick ago",
        "whole second",
        "coarse clock",
        "old, coarse clock",
        "in the future",
    ],
)
def test_a_stamp_is_trusted_only_when_the_clock_has_moved_on(monkeypatch, modified, changed, trusted):
    found = SimpleNamespace(st_size=1, st_ino=2, st_mtime_ns=modified, st_ctime_ns=changed)
    monkeypatch.setattr(cache, "os", SimpleNamespace(stat=lambda path: found))
    stamps = cache.input_stamps(Path("/project"), ["specs/iris.py"], before=100_000_000_000)
    assert (stamps["specs/iris.py"] != UNTRUSTED) == trusted


def test_the_cached_path_loads_no_heavy_library(project):
    cache.save(project, "0.1.0", remembered(project))
    code = (
        "import sys; from pathlib import Path; from gitops import cache\n"
        "project = Path(sys.argv[1]); assert cache.untouched(cache.load(project, '0.1.0'), project)\n"
        "print(*sorted({'pydantic', 'jinja2', 'ruamel', 'rich', 'jsonschema_rs', 'click', 'hashlib', 'asyncio', 'shutil'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, project], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"

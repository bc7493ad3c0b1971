"""What the disk promises: only our files are touched, none is ever half, and what is in the way is said."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops import disk
from gitops.disk import reading
from gitops.disk.survey import _Survey
from gitops.ownership import HEADER_PREFIX, MARK_LENGTH, header, owned
from gitops.problems import InvalidInput, ToolError

OURS = header("specs/iris.py")
TREE = {
    "base/iris/kustomization.yaml": f"{OURS}resources: [model.yaml]\n",
    "base/iris/model.yaml": f"{OURS}kind: InferenceService\n",
    "dev/iris/kustomization.yaml": f"{OURS}resources: [../../base/iris]\n",
    "dev/kustomization.yaml": f"{OURS}resources: [iris]\n",
}


def modes_bind() -> bool:
    """Whether a file's mode can keep this user out; it does not stop root."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).chmod(0)
        return not os.access(file.name, os.R_OK)


bound_by_modes = pytest.mark.skipif(not modes_bind(), reason="this user may read and write everything")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The rendered folder of a project, holding TREE."""
    folder = tmp_path / "overlays"
    render(folder, TREE)
    return folder


def render(root: Path, tree: Mapping[str, str]) -> disk.Plan:
    plan = disk.plan(root, tree)
    disk.write(root, tree, plan)
    return plan


def files(root: Path) -> dict[str, str]:
    """Every file below a folder, temporary ones included."""
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def put(root: Path, path: str, content: str) -> Path:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(content)
    return place


def only_problem(plan: disk.Plan) -> tuple[str, str]:
    (problem,) = plan.problems
    assert problem.hint or problem.rule in ("path-escape", "path-conflict", "not-unicode")
    assert problem.location
    return problem.rule, problem.location.file


# Ownership


def test_a_header_is_one_line_that_makes_a_file_ours():
    assert OURS.startswith(HEADER_PREFIX)
    assert OURS.endswith("\n")
    assert OURS.count("\n") == 1
    assert "specs/iris.py" in OURS
    assert owned(OURS.encode())
    assert owned(OURS.encode()[:MARK_LENGTH])


@pytest.mark.parametrize(
    "content", ["", "kind: Secret\n", f"\n{OURS}", f"{HEADER_PREFIX}-lookalike 1\n", OURS[:10], f"\ufeff{OURS}"]
)
def test_a_file_with_another_first_line_is_not_ours(content):
    assert not owned(content.encode())


# Plans


def test_a_plan_of_a_folder_that_is_not_there_adds_everything(tmp_path):
    plan = disk.plan(tmp_path / "overlays", TREE)
    assert plan == disk.Plan(added=tuple(sorted(TREE)))
    assert plan.stale
    assert list(tmp_path.iterdir()) == []


def test_a_rendered_folder_is_not_stale(root):
    plan = disk.plan(root, TREE)
    assert plan == disk.Plan(unchanged=tuple(sorted(TREE)))
    assert not plan.stale


def test_a_plan_sorts_files_into_what_happens_to_them(root):
    wanted = {**TREE, "dev/new.yaml": OURS, "dev/kustomization.yaml": f"{OURS}resources: []\n"}
    del wanted["base/iris/model.yaml"]
    plan = disk.plan(root, wanted)
    assert plan.added == ("dev/new.yaml",)
    assert plan.changed == ("dev/kustomization.yaml",)
    assert plan.removed == ("base/iris/model.yaml",)
    assert plan.unchanged == ("base/iris/kustomization.yaml", "dev/iris/kustomization.yaml")
    assert plan.problems == ()


@pytest.mark.parametrize(
    "edit",
    [
        lambda old: old.replace("\n", "\r\n"),
        lambda old: old[:-1],
        lambda old: old + "\n",
        lambda old: OURS[:MARK_LENGTH],
    ],
    ids=["line ends", "shorter", "longer", "mark only"],
)
def test_files_are_compared_byte_for_byte(root, edit):
    path = "base/iris/model.yaml"
    (root / path).write_bytes(edit(TREE[path]).encode())
    assert disk.plan(root, TREE).changed == (path,)


@pytest.mark.parametrize(
    ("scope", "removed"),
    [
        (None, ("base/iris/model.yaml", "dev/iris/kustomization.yaml")),
        ([""], ("base/iris/model.yaml", "dev/iris/kustomization.yaml")),
        (["dev/iris"], ("dev/iris/kustomization.yaml",)),
        (["dev", "dev/iris"], ("dev/iris/kustomization.yaml",)),
        (["prod/iris", "../overlays", "/", "base/iris/absent"], ()),
        ([], ()),
    ],
)
def test_only_files_in_scope_count_as_removed(root, scope, removed):
    wanted = {path: TREE[path] for path in ("base/iris/kustomization.yaml", "dev/kustomization.yaml")}
    plan = disk.plan(root, wanted, scope)
    assert plan.removed == removed
    assert plan.problems == ()


def test_foreign_files_that_are_not_in_the_way_are_left_in_silence(root):
    put(root, "README.md", "about\n")
    put(root, "base/iris/notes.yaml", "")
    put(root, "other/kustomization.yaml", "resources: []\n")
    (root / "base" / "link").symlink_to(root.parent)
    assert disk.plan(root, TREE) == disk.Plan(unchanged=tuple(sorted(TREE)))


@pytest.mark.parametrize("content", ["", "kind: Secret\n", f"---\n{OURS}"])
def test_a_foreign_file_in_the_way_is_a_problem_and_survives(root, content):
    foreign = put(root, "base/iris/model.yaml", content)
    plan = disk.plan(root, TREE)
    assert only_problem(plan) == ("foreign-file", "overlays/base/iris/model.yaml")
    with pytest.raises(InvalidInput, match=r"model\.yaml"):
        disk.write(root, TREE, plan)
    assert foreign.read_text() == content


def test_places_in_problems_are_relative_to_the_project(root):
    put(root, "dev/kustomization.yaml", "foreign\n")
    plan = disk.plan(root, TREE, project=root.parent.parent)
    assert only_problem(plan)[1] == f"{root.parent.name}/overlays/dev/kustomization.yaml"


def _folder(place: Path) -> None:
    place.mkdir()


def _link_inside(place: Path) -> None:
    place.symlink_to(place.parent / "elsewhere")


def _link_outside(place: Path) -> None:
    place.symlink_to("/")


def _pipe(place: Path) -> None:
    os.mkfifo(place)


def _file(place: Path) -> None:
    place.write_text(OURS)


@pytest.mark.parametrize(
    ("obstacle", "path", "rule"),
    [
        (_folder, "new/app/model.yaml", "foreign-file"),
        (_link_inside, "new/app/model.yaml", "foreign-file"),
        (_link_outside, "new/app/model.yaml", "path-escape"),
        (_pipe, "new/app/model.yaml", "foreign-file"),
        (_link_inside, "new/app", "foreign-file"),
        (_link_outside, "new/app", "path-escape"),
        (_link_outside, "new", "path-escape"),
        (_file, "new/app", "foreign-file"),
        (_pipe, "new/app", "foreign-file"),
    ],
)
def test_what_stands_where_a_file_or_folder_belongs_is_a_problem(tmp_path, obstacle, path, rule):
    root = tmp_path / "overlays"
    (root / path).parent.mkdir(parents=True)
    obstacle(root / path)
    before = sorted(root.rglob("*"))
    plan = disk.plan(root, {"new/app/model.yaml": OURS, "new/app/kustomization.yaml": OURS}, scope=[])
    assert only_problem(plan) == (rule, f"overlays/{path}")
    with pytest.raises(InvalidInput):
        disk.write(root, TREE, plan)
    assert sorted(root.rglob("*")) == before


def test_a_symlink_in_place_of_a_file_of_ours_is_not_followed(root):
    outside = put(root.parent, "mine.yaml", TREE["base/iris/model.yaml"])
    (root / "base/iris/model.yaml").unlink()
    (root / "base/iris/model.yaml").symlink_to(outside)
    assert only_problem(disk.plan(root, TREE))[0] == "path-escape"


def test_a_file_that_becomes_a_symlink_while_we_look_is_not_followed(root):
    survey = _Survey(root, root.parent, TREE)
    assert "kustomization.yaml" in (survey.listing("dev") or ())
    (root / "dev/kustomization.yaml").unlink()
    (root / "dev/kustomization.yaml").symlink_to(root / "base/iris/model.yaml")
    survey.compare("dev/kustomization.yaml")
    assert only_problem(survey.plan())[0] == "unreadable"


def test_stale_files_behind_a_symlink_are_not_ours_to_remove(root):
    put(root.parent, "outside/old.yaml", OURS)
    (root / "dev" / "old").symlink_to(root.parent / "outside")
    (root / "dev" / "old.yaml").symlink_to(root.parent / "outside/old.yaml")
    assert not disk.plan(root, TREE).stale


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../x.yaml",
        "dev/../../x.yaml",
        "./x",
        "dev/.",
        "dev//x",
        "dev/",
        "/",
        "dev\\x",
        "x\0y",
        "x/..",
        "\ud800",
    ],
)
def test_a_path_that_could_leave_the_folder_is_refused(root, path):
    plan = disk.plan(root, {**TREE, path: OURS})
    rule, place = only_problem(plan)
    assert rule == "path-escape"
    assert place.isascii()
    assert plan.added == ()


@pytest.mark.parametrize("path", ["...", "..x/y", "x../.y", "é/ü.yaml", "a b", "-"])
def test_an_odd_but_plain_path_is_rendered(tmp_path, path):
    render(tmp_path, {path: OURS})
    assert files(tmp_path) == {path: OURS}


def test_a_path_wanted_as_file_and_as_folder_is_a_problem(tmp_path):
    plan = disk.plan(tmp_path, {"dev": OURS, "dev/iris/model.yaml": OURS})
    assert only_problem(plan)[0] == "path-conflict"


def test_text_that_no_file_can_hold_is_a_problem(root):
    plan = disk.plan(root, {**TREE, "dev/iris/kustomization.yaml": f"{OURS}\ud800"})
    assert only_problem(plan) == ("not-unicode", "overlays/dev/iris/kustomization.yaml")


Refuse = Callable[[str, int, str], None]


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """Let a function of `os` fail for paths that end like `suffix`: also root is then refused."""

    def patch(function: str, number: int, suffix: str) -> None:
        real = getattr(os, function)

        def refusing(path, *args, **options):
            if str(path).endswith(suffix):
                raise OSError(number, os.strerror(number), path)
            return real(path, *args, **options)

        monkeypatch.setattr(os, function, refusing)

    return patch


@pytest.mark.parametrize(
    ("function", "path", "place"),
    [
        ("open", "base/iris/model.yaml", "overlays/base/iris/model.yaml"),
        ("open", "dev/unknown.yaml", "overlays/dev/unknown.yaml"),
        ("scandir", "base/iris", "overlays/base/iris"),
        ("scandir", "overlays/", "overlays"),
    ],
)
def test_what_cannot_be_read_is_a_problem(root, refuse, function, path, place):
    put(root, "dev/unknown.yaml", "who knows\n")
    refuse(function, errno.EACCES, path)
    plan = disk.plan(root, TREE, ["", "dev", "base"])
    assert only_problem(plan) == ("unreadable", place)
    assert "check the owner and the mode" in plan.problems[0].hint


@bound_by_modes
@pytest.mark.parametrize("path", ["base/iris/model.yaml", "base/iris"])
def test_what_this_user_may_not_read_is_a_problem(root, path):
    (root / path).chmod(0)
    try:
        assert only_problem(disk.plan(root, TREE)) == ("unreadable", f"overlays/{path}")
    finally:
        (root / path).chmod(0o755)


def test_a_file_in_place_of_the_rendered_folder_is_a_problem(tmp_path):
    put(tmp_path, "overlays", "what?")
    assert only_problem(disk.plan(tmp_path / "overlays", TREE)) == ("unreadable", "overlays")


# Writing

NAMES = st.sampled_from(["a", "b", "kustomization.yaml", "c.yaml"])
PATHS = st.tuples(st.sampled_from(["base", "dev"]), st.sampled_from(["x", "y", "x/sub"]), NAMES).map("/".join)
TREES = st.dictionaries(PATHS, st.text(max_size=3).map(lambda text: OURS + text), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=TREES, wanted=TREES)
def test_writing_any_tree_over_any_other_leaves_exactly_the_wanted_one(before, wanted):
    with tempfile.TemporaryDirectory(dir=memory()) as name:
        root = Path(name) / "overlays"
        put(root, "dev/README.md", "foreign\n")
        render(root, before)
        plan = render(root, wanted)
        for path, text in wanted.items():
            assert (root / path).read_bytes() == text.encode()
        assert set(files(root)) == {*wanted, "dev/README.md"}
        assert {*plan.added, *plan.changed, *plan.unchanged} == set(wanted)
        assert set(plan.removed) == set(before) - set(wanted)
        assert not disk.plan(root, wanted).stale
        assert all(any(folder.iterdir()) for folder in root.rglob("*") if folder.is_dir()), "an empty folder is left"


def memory() -> str | None:
    """A folder in memory if there is one: tests of many files are then quick."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def test_files_that_did_not_change_are_not_touched(root):
    before = {path: (root / path).stat() for path in TREE}
    render(root, {**TREE, "dev/kustomization.yaml": f"{OURS}resources: []\n", "dev/iris/new.yaml": OURS})
    same = [path for path in TREE if (root / path).stat() == before[path]]
    assert same == [path for path in TREE if path != "dev/kustomization.yaml"]


def test_a_plan_without_differences_writes_nothing(root, monkeypatch):
    plan = disk.plan(root, TREE)
    for function in ("open", "mkdir", "rename", "unlink", "rmdir"):
        monkeypatch.setattr(os, function, None)
    disk.write(root, TREE, plan)


def test_new_files_have_the_usual_mode_and_changed_ones_keep_theirs(tmp_path):
    old = os.umask(0o027)
    try:
        render(tmp_path, {"a": OURS, "b": OURS})
        (tmp_path / "b").chmod(0o666)
        render(tmp_path, {"a": f"{OURS}1", "b": f"{OURS}1"})
    finally:
        os.umask(old)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in "ab"] == [0o640, 0o666]


def test_files_appear_after_those_they_name_and_vanish_before_them(root, monkeypatch):
    done = []
    for function in (os.rename, os.unlink):
        monkeypatch.setattr(os, function.__name__, lambda *args, real=function: (real(*args), done.append(args[-1]))[0])
    wanted = {
        **{path: text + "\n" for path, text in TREE.items() if path.startswith("dev")},
        "base/new/kustomization.yaml": OURS,
        "base/new/model.yaml": OURS,
        "alpha/kustomization.yaml": OURS,
        "alpha/new/kustomization.yaml": OURS,
        "dev/iris/extra.yaml": OURS,
    }
    render(root, wanted)
    assert [os.path.relpath(path, root) for path in done] == [
        "dev/iris/extra.yaml",
        "base/new",
        "alpha/new",
        "alpha/kustomization.yaml",
        "dev/iris/kustomization.yaml",
        "dev/kustomization.yaml",
        "base/iris/kustomization.yaml",
        "base/iris/model.yaml",
    ]


def test_a_folder_is_removed_with_its_last_file_but_not_with_a_foreign_one_in_it(root):
    put(root, "base/iris/notes.txt", "foreign\n")
    render(root, {})
    assert files(root) == {"base/iris/notes.txt": "foreign\n"}
    assert not (root / "dev").exists()
    assert root.is_dir()


def test_a_file_that_someone_makes_after_the_plan_survives(root):
    wanted = {**TREE, "dev/new.yaml": OURS, "prod/iris/model.yaml": OURS}
    plan = disk.plan(root, wanted)
    foreign = put(root, "prod/iris/model.yaml", "foreign\n")
    with pytest.raises(ToolError, match=r"prod/iris/model\.yaml.*meanwhile"):
        disk.write(root, wanted, plan)
    assert foreign.read_text() == "foreign\n"


def test_a_file_that_someone_removes_after_the_plan_is_removed(root):
    plan = disk.plan(root, {})
    (root / "base/iris/model.yaml").unlink()
    disk.write(root, {}, plan)
    assert files(root) == {}


CHANGED = {path: text + "new: true\n" for path, text in TREE.items()} | {"prod/iris/a.yaml": OURS}


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "free some space"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "owner and the mode"),
        (errno.EMFILE, "ulimit -n"),
        (errno.EIO, "fault"),
        (errno.ENODEV, "No such device"),
    ],
)
@pytest.mark.parametrize("function", ["open", "write", "mkdir"])
def test_a_disk_that_refuses_a_text_leaves_the_old_tree(root, monkeypatch, function, number, advice):
    plan = disk.plan(root, CHANGED)
    real = getattr(os, function)
    calls = 0

    def refusing(*args, **options):
        nonlocal calls
        calls += 1
        writes = function != "open" or args[1] & os.O_CREAT
        if writes and calls > {"open": 2, "write": 2, "mkdir": 0}[function]:
            raise OSError(number, os.strerror(number))
        return real(*args, **options)

    monkeypatch.setattr(os, function, refusing)
    with pytest.raises(ToolError, match=advice) as failure:
        disk.write(root, CHANGED, plan)
    monkeypatch.undo()
    assert str(root) in str(failure.value)
    assert files(root) == TREE
    assert sorted(path.name for path in root.iterdir()) == ["base", "dev"]
    render(root, CHANGED)
    assert files(root) == CHANGED


@pytest.mark.parametrize("function", ["rename", "unlink", "rmdir", "makedirs"])
def test_a_disk_that_refuses_later_leaves_each_file_old_or_new(root, monkeypatch, function):
    wanted = {path: text for path, text in CHANGED.items() if not path.startswith("base")}
    wanted["prod/kustomization.yaml"] = OURS
    plan = disk.plan(root, wanted)

    def refusing(*args, **options):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, function, refusing)
    with pytest.raises(ToolError, match="check the owner and the mode"):
        disk.write(root, wanted, plan)
    monkeypatch.undo()
    assert all(text in (TREE.get(path), wanted.get(path)) for path, text in files(root).items() if ".tmp" not in path)
    render(root, wanted)
    assert files(root) == wanted


@bound_by_modes
def test_a_folder_that_this_user_may_not_write_is_said(root):
    (root / "base/iris").chmod(0o555)
    try:
        with pytest.raises(ToolError, match=r"base/iris.*check the owner and the mode"):
            render(root, CHANGED)
    finally:
        (root / "base/iris").chmod(0o755)
    render(root, CHANGED)
    assert files(root) == CHANGED


def test_a_name_that_the_file_system_cannot_hold_is_said(root):
    with pytest.raises(ToolError, match="shorten the name"):
        render(root, {**TREE, "dev/" + "x" * 300: OURS})
    render(root, CHANGED)
    assert files(root) == CHANGED


def test_an_interrupted_run_leaves_no_rubbish_and_can_be_repeated(root, monkeypatch):
    real = os.rename
    left = 2

    def interrupted(*args):
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        real(*args)

    monkeypatch.setattr(os, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        render(root, CHANGED)
    monkeypatch.undo()
    assert all(text in (TREE.get(path), CHANGED[path]) for path, text in files(root).items())
    render(root, CHANGED)
    assert files(root) == CHANGED


def script(*command: str, code: str, args: tuple[object, ...] = (), **options) -> subprocess.CompletedProcess[str]:
    line = [*command, sys.executable, "-c", dedent(code), *map(str, args)]
    environment = {**os.environ, "PYTHONPATH": str(Path(disk.__file__).parents[2])}
    return subprocess.run(line, capture_output=True, text=True, timeout=60, env=environment, **options)


FULL_DISK = r"""
    import os, subprocess, sys
    from pathlib import Path
    from gitops import disk
    from gitops.problems import ToolError

    mount = Path(sys.argv[1])
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", mount]).returncode:
        sys.exit(77)
    root = mount / "overlays"
    old = {f"dev/{n}.yaml": "# Generated by gitops from a spec\n" for n in range(4)}
    disk.write(root, old, disk.plan(root, old))
    new = {path: text + "x" * 30_000 for path, text in old.items()}
    try:
        disk.write(root, new, disk.plan(root, new))
    except ToolError as error:
        print(error)
    assert disk.plan(root, old) == disk.Plan(unchanged=tuple(old)), "the old tree is not whole"
    assert os.listdir(root) == ["dev"]
"""


def test_a_full_disk_leaves_the_old_tree(tmp_path):
    try:
        done = script("unshare", "-rm", code=FULL_DISK, args=(tmp_path,))
    except FileNotFoundError:
        pytest.skip("no `unshare` on this machine")
    if done.returncode == 77 or done.stderr.startswith("unshare:"):
        pytest.skip("mounting is not permitted here")
    assert done.stderr == ""
    assert "dev/1.yaml" in done.stdout
    assert "free some space" in done.stdout


# Each round a child is killed at a random one of its calls to the disk (a write is then cut in the middle), and what it
# left is looked at before the next run completes it.
KILLED = r"""
    import os, random, signal, sys
    from pathlib import Path
    from gitops import disk

    def tree(version, size):
        kept = range(0 if version else size // 4, size if version else size + size // 4)
        text = "# Generated by gitops from a spec\n" + f"version: {version}\n" * 3
        return {f"{'base' if n % 2 else 'dev'}/a{n // 8}/{n}.yaml": text for n in kept}

    def run(root, wanted):
        disk.write(root, wanted, disk.plan(root, wanted))

    def count(limit):
        calls = 0
        def counted(real):
            def call(*args, **options):
                nonlocal calls
                calls += 1
                if calls == limit:
                    if real.__name__ == "write":
                        real(args[0], args[1][:len(args[1]) // 2])
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **options)
            return call
        for name in ("open", "write", "close", "rename", "mkdir", "unlink", "rmdir"):
            setattr(os, name, counted(getattr(os, name)))
        return lambda: calls

    def child(root, wanted, limit):
        process = os.fork()
        if not process:
            total = count(limit)
            run(root, wanted)
            Path(f"{root}.calls").write_text(str(total()))
            os._exit(0)
        return os.waitpid(process, 0)[1]

    def content(root):
        found = {}
        for folder, _, names in os.walk(root):
            for name in names if ".gitops-" not in folder else ():
                descriptor = os.open(f"{folder}/{name}", os.O_RDONLY)
                found[f"{folder}/{name}"[len(str(root)) + 1:]] = os.read(descriptor, 1000).decode()
                os.close(descriptor)
        return found

    root, size, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    trees = tree(0, size), tree(1, size)
    run(root, trees[0])
    assert child(root, trees[1], -1) == 0
    total = int(Path(f"{root}.calls").read_text())
    random.seed(2)
    cut = 0
    for number in range(rounds):
        old, new = trees[1 - number % 2], trees[number % 2]
        limit = random.choice((random.randrange(1, total), total - random.randrange(total // 4)))  # or among the renames
        status = child(root, new, limit)
        assert os.WIFSIGNALED(status), status
        found = content(root)
        assert all(text in (old.get(path), new.get(path)) for path, text in found.items()), "half a file"
        assert set(old) & set(new) <= set(found), "a file is lost"
        cut += found not in (old, new)
        run(root, new)
        assert content(root) == new
        assert sorted(os.listdir(root)) == ["base", "dev"], "rubbish is left"
    print(total, cut)
"""


FILES = int(os.environ.get("GITOPS_TEST_FILES", "600"))


def test_a_run_that_is_killed_at_any_moment_leaves_each_file_old_or_new():
    with tempfile.TemporaryDirectory(dir=memory()) as name:
        done = script(code=KILLED, args=(Path(name) / "overlays", FILES, 30))
    assert done.stderr == ""
    calls, cut = map(int, done.stdout.split())
    assert calls > 5 * FILES
    assert cut >= 10, "some runs were to be killed among the renames and removals"


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return process.pid


def test_what_a_killed_run_left_is_not_stale_and_is_swept(root, dead):
    put(root, f".gitops-{dead}.tmp/3/model.yaml", OURS)
    put(root, f".gitops-{os.getpid()}.tmp/0", OURS)
    put(root, f".gitops-{2**80}.tmp", OURS)
    plan = disk.plan(root, TREE)
    assert plan == disk.Plan(unchanged=tuple(sorted(TREE)))
    disk.write(root, TREE, plan)
    assert files(root) == TREE


def test_the_folder_of_a_run_that_still_works_is_left(root):
    other = put(root, f".gitops-{os.getppid()}.tmp/0", OURS)
    render(root, CHANGED)
    assert other.exists()


# One file


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path):
    place = tmp_path / "values.yaml"
    disk.replace(place, b"a: 1\n", mode=0o600)
    assert place.stat().st_mode & 0o777 == 0o600
    place.chmod(0o664)
    disk.replace(place, b"a: 2\n")
    assert place.stat().st_mode & 0o777 == 0o664
    assert files(tmp_path) == {"values.yaml": "a: 2\n"}


def test_a_file_that_cannot_be_replaced_is_as_it_was(tmp_path, refuse):
    place = put(tmp_path, "values.yaml", "old")
    refuse("rename", errno.EROFS, ".tmp")
    with pytest.raises(ToolError, match=r"values\.yaml.*read-only"):
        disk.replace(place, b"new")
    assert files(tmp_path) == {"values.yaml": "old"}


@pytest.mark.parametrize("place", ["absent/values.yaml", "file/values.yaml"])
def test_a_file_in_no_folder_cannot_be_replaced(tmp_path, place):
    put(tmp_path, "file", "")
    with pytest.raises(ToolError, match="values"):
        disk.replace(tmp_path / place, b"")


# Reading


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        ("é: \U0001f600\n".encode(), "é: \U0001f600\n"),
        (b"\xef\xbb\xbfa: 1\r\n", "a: 1\r\n"),
        (b"x" * 200_000, "x" * 200_000),
    ],
    ids=["empty", "unicode", "byte order mark", "large"],
)
def test_text_is_read_as_it_is(tmp_path, content, text):
    (tmp_path / "a").write_bytes(content)
    assert disk.read_text(tmp_path / "a") == text
    assert disk.read_bytes(tmp_path / "a") == content


@pytest.mark.parametrize(
    ("content", "line", "column", "found"),
    [
        (b"\xff", 1, 1, "byte 0xff"),
        ("é: 1\nkäse: ".encode() + b"\xe4\n", 2, 7, "byte 0xe4"),
        (b"\xef\xbb\xbfa\xc3", 1, 2, "byte 0xc3"),
        ("a: 1".encode("utf-16"), 1, 1, "UTF-16"),
    ],
)
def test_what_is_not_utf8_is_a_problem_with_its_place(tmp_path, content, line, column, found):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(InvalidInput) as failure:
        disk.read_text(tmp_path / "a", "specs/a")
    (problem,) = failure.value.problems
    assert (problem.rule, problem.location, problem.found) == ("not-utf8", ("specs/a", line, column), found)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent", "no such file"),
        (".", "is a directory"),
        ("a/b", "not a directory"),
        ("x" * 300, "too long"),
        ("x\0", "no file can"),
        ("\ud800", "no file can"),
    ],
)
def test_what_cannot_be_opened_is_a_problem(tmp_path, name, reason):
    (tmp_path / "a").touch()
    with pytest.raises(InvalidInput, match=reason) as failure:
        disk.read_text(tmp_path / name)
    (problem,) = failure.value.problems
    assert problem.rule == "unreadable"
    problem.message.encode()


def test_too_large_an_input_is_a_problem_and_is_not_read_to_its_end(tmp_path):
    with (tmp_path / "model.bin").open("wb") as large:
        large.truncate(1 << 40)
    with pytest.raises(InvalidInput, match="50 MiB") as failure:
        disk.read_text(tmp_path / "model.bin")
    assert failure.value.problems[0].rule == "too-large"


def test_the_largest_input_that_is_allowed_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "LIMIT", 70_000)
    (tmp_path / "a").write_bytes(b"x" * 70_000)
    assert len(disk.read_bytes(tmp_path / "a")) == 70_000
    (tmp_path / "a").write_bytes(b"x" * 70_001)
    with pytest.raises(InvalidInput):
        disk.read_bytes(tmp_path / "a")


def test_a_pipe_is_read_to_its_end():
    read, write = os.pipe()
    os.write(write, b"kind: ")
    os.write(write, b"Secret\n")
    os.close(write)
    assert disk.read_text(f"/dev/fd/{read}") == "kind: Secret\n"
    os.close(read)


# The lock


def test_our_own_folder_is_private_and_ignored_by_git(tmp_path):
    folder = disk.private_folder(tmp_path)
    assert disk.private_folder(tmp_path) == folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert files(folder) == {".gitignore": "*\n"}


def test_a_project_is_locked_by_one_run_at_a_time(tmp_path):
    with disk.lock(tmp_path), pytest.raises(ToolError, match=f"process {os.getpid()}"), disk.lock(tmp_path, patience=0):
        pytest.fail("locked twice")
    with disk.lock(tmp_path, patience=0):
        pass


HOLD = "import sys, time; from pathlib import Path; from gitops import disk\nwith disk.lock(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_lock_is_free_when_its_holder_is_killed(tmp_path, holder):
    with pytest.raises(ToolError, match=f"process {holder.pid}"), disk.lock(tmp_path, patience=0.06):
        pytest.fail("locked twice")
    holder.send_signal(signal.SIGKILL)
    started = time.monotonic()
    with disk.lock(tmp_path):  # waits until the other is really gone
        assert time.monotonic() - started < 5


def test_a_project_that_cannot_be_locked_is_said(tmp_path, refuse):
    put(tmp_path, ".gitops_cache", "a file")
    with pytest.raises(ToolError, match=r"\.gitops_cache"), disk.lock(tmp_path):
        pytest.fail("locked")
    (tmp_path / ".gitops_cache").unlink()
    refuse("open", errno.EROFS, "lock")
    with pytest.raises(ToolError, match="read-only"), disk.lock(tmp_path):
        pytest.fail("locked")

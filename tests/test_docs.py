"""What the documents say is true: their commands run and print what they show, their specs render, their links lead somewhere.

In README.md and docs/, a block after `<!-- file: PATH -->` is written to that path of a copy of this project; a block after
`<!-- result: PATH -->` is what the next render puts there; a `console` block is run line by line, and what follows a command is what it
prints (`…` stands for any text, alone on a line for any lines). Blocks of other languages are only shown.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from gitops import __main__ as main
from gitops.cli.main import cli
from tests.command_line import REPOSITORY, gitops, project, put
from tools import reference, rules

DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "schemas/README.md",
    *(str(path.relative_to(REPOSITORY)) for path in sorted(REPOSITORY.glob("docs/**/*.md"))),
]
COPIED = ("specs", "environments", "schemas", "overlays")
STALE = "is not what the code says; run `python -m tools.reference`"

BLOCK = re.compile(
    r"(?:^<!-- (?P<role>file|result): (?P<path>\S+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def text_of(document: str) -> str:
    return (REPOSITORY / document).read_text(encoding="utf-8")


def role_of(block: re.Match[str]) -> str:
    return block["role"] or ("console" if block["language"] == "console" else "")


TOLD = [document for document in DOCUMENTS if any(map(role_of, BLOCK.finditer(text_of(document))))]
"""Documents with something to do."""


@cache
def committed(folder: Path) -> Path:
    """A copy of this project, as a clone would have it."""
    project(folder, {"pyproject.toml": text_of("pyproject.toml"), ".gitignore": text_of(".gitignore")})
    (folder / "schemas").unlink()  # a document may add to them
    for name in COPIED:
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
    for arguments in (["init", "-q"], ["add", *COPIED, "pyproject.toml"], ["commit", "-qm", "All"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
    return folder


@pytest.fixture
def copy(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = committed(tmp_path_factory.getbasetemp() / "committed")
    return shutil.copytree(source, tmp_path / "project", symlinks=True)


@pytest.mark.parametrize("document", TOLD)
def test_a_document_s_blocks_do_what_it_says(document: str, copy: Path, request: pytest.FixtureRequest) -> None:
    """`pytest --update-cases` writes what is printed now; read the difference."""
    text = text_of(document)
    true = BLOCK.sub(lambda block: done(block, copy), text)
    if request.config.getoption("--update-cases"):
        (REPOSITORY / document).write_text(true, encoding="utf-8")

    assert text == true


def done(block: re.Match[str], folder: Path) -> str:
    """The block as it should be, after doing what it says; what it shows stays where it is true."""
    role, text = role_of(block), block["text"]
    if role == "file":
        put(folder, {block["path"]: text})
    elif role == "result":
        assert gitops(folder, "render").status == 0
        text = (folder / block["path"]).read_text(encoding="utf-8")
    elif role == "console":
        text = "".join(f"$ {command}\n{printed(command, shown, folder)}" for command, shown in commands(text))
    return block[0].replace(block["text"], text) if text != block["text"] else block[0]


def commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what is shown below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def printed(command: str, shown: str, folder: Path) -> str:
    found = run(command, folder)
    return shown if matches(shown, found) else found


def run(command: str, folder: Path) -> str:
    """What a command prints, results before problems."""
    words = command.split()
    if words[0] == "gitops":
        done = gitops(folder, *words[1:])
        return done.stdout + done.stderr
    assert words[0] in ("git", "cat", "sed", "rm", "echo", "mkdir", "cp", "mv"), (
        f"`{words[0]}` is not a command that documents run"
    )
    done_elsewhere = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=False)
    return done_elsewhere.stdout + done_elsewhere.stderr


def matches(shown: str, printed: str) -> bool:
    return re.fullmatch("".join(map(_pattern, shown.splitlines(keepends=True))), printed) is not None


def _pattern(line: str) -> str:
    return "(?:.*\n)*" if line == "…\n" else re.escape(line).replace("…", ".*")


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("", "", True),
        ("", "a\n", False),
        ("a\n", "a\n", True),
        ("a\n", "a\nb\n", False),
        ("…\n", "a\nb\n", True),
        ("a…\n", "abc\n", True),
        ("a…\n", "abc\nd\n", False),
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a\n…\nd\n", "a\nb\nc\n", False),
    ],
)
def test_what_is_shown_is_compared_in_full_but_for_its_gaps(shown: str, printed: str, same: bool) -> None:
    assert matches(shown, printed) is same


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    for path, anchor in LINK.findall(CODE.sub("`code`", text_of(document))):
        target = ((REPOSITORY / document).parent / path).resolve() if path else REPOSITORY / document

        assert target.exists(), f"{document} links to {path}"
        assert not anchor or anchor in anchors(target), f"{document} links to {path}#{anchor}"


def anchors(document: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = HEADING.findall(document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@cache
def pages() -> dict[str, str]:
    return reference.pages()


@pytest.mark.parametrize("page", ["commands.md", "environments.md", "problems.md", "specs.md"])
def test_the_reference_is_what_the_code_says(page: str) -> None:
    assert (reference.FOLDER / page).read_text(encoding="utf-8") == pages()[page], f"{page} {STALE}"


def test_the_pages_of_rules_are_what_their_judges_and_examples_say() -> None:
    stale = [name for name, text in pages().items() if (reference.FOLDER / name).read_text(encoding="utf-8") != text]

    assert stale == [], STALE


def test_the_reference_has_every_page_and_no_other() -> None:
    assert {path.relative_to(reference.FOLDER).as_posix() for path in reference.FOLDER.rglob("*.md")} == set(pages())


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('Problem("a", "b")', [("a", "b", "", "")]),
        ('Problem(rule="a", message="b", why="c", hint="d")', [("a", "b", "c", "d")]),
        ('Problem("a", f"b {x}", hint=f"{x}")', [("a", "b …", "", "")]),
        ('Problem("a" if x else "b", "c")', [("a", "c", "", ""), ("b", "c", "", "")]),
        ('text = "b"\n    Problem("a", text)\n    text = "c"', [("a", "b", "", "")]),
        ('Problem("a", x)', [("a", "…", "", "")]),
        ('Fault("a", (), "b", "c", "d", "e", "f")', [("a", "b", "e", "f")]),
        ('relay("a", "b")', [("a", "b", "", "")]),
        ('x._replace(rule="a", message="b")', [("a", "b", "", "")]),
        ('x._replace(message="b")', []),
        ('other("a", "b")', []),
        ("Problem(x, x)", []),
    ],
)
def test_rules_are_read_from_the_calls_that_raise_them(code: str, found: list[tuple[str, ...]], tmp_path: Path) -> None:
    relay = "def relay(rule, message):\n    return Problem(rule, message)\n"
    (tmp_path / "module.py").write_text(f"{relay}def f(x):\n    {code}\n")
    read = [finding for each in rules.rules(tmp_path).values() for finding in each if finding.module == "module.py"]

    assert [finding[:4] for finding in read] == found
    assert rules.unread(tmp_path) == ["module.py"] * (code == "Problem(x, x)")


def test_every_rule_is_spelled_out_where_it_is_raised() -> None:
    """Some pass on the rules of faults, and `schemas/faults.py` those of its table of limits, which is read.

    Judges may share what makes their faults: each has a page of its own, and tests/test_rules.py holds their names.
    """
    unread = {module for module in rules.unread(REPOSITORY / "gitops") if not module.startswith("rules/")}

    assert unread == {"attribution.py", "schemas/checks.py", "schemas/faults.py", "validate/files.py"}


def test_commands_of_every_document_exist() -> None:
    """A group may be named alone, and what follows a command that is no group is an argument."""
    groups = {path[0] for path in every_command() if len(path) == 2}
    named = {
        match for document in DOCUMENTS for match in re.findall(r"(?:`|\$ )gitops (\w+)(?: (\w+))?", text_of(document))
    }
    wanted = {(name, inner) if name in groups and inner else (name,) for name, inner in named}

    assert wanted - every_command() - {(group,) for group in groups} == set()


def test_the_readme_has_every_command() -> None:
    readme = text_of("README.md")

    assert [path for path in every_command() if f"`gitops {' '.join(path)}" not in readme] == []


def every_command() -> set[tuple[str, ...]]:
    """Commands without subcommands by their one name, the others by both."""
    context = click.Context(cli)
    found: set[tuple[str, ...]] = set()
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        found |= {(name, inner) for inner in command.commands} if isinstance(command, click.Group) else {(name,)}
    return found


def test_options_of_the_readme_exist() -> None:
    known = set(re.findall(r"--[a-z]+", text_of("docs/reference/commands.md"))) | {"--help"}
    rows = "\n".join(line for line in text_of("README.md").splitlines() if line.startswith("| `gitops"))

    assert set(re.findall(r"--[a-z]+", rows)) <= known


def test_exit_statuses_of_readme_help_and_code_agree() -> None:
    table = dict(re.findall(r"^\| (\d+) \| (.+) \|$", text_of("README.md"), re.MULTILINE))
    said = " ".join((cli.help or "").partition("Exit status: ")[2].partition(".")[0].split())
    helped = dict(re.findall(r"(\d+) ([^;]+)", said))

    assert table == helped
    assert {int(status) for status in table} == {main.OK, main.FINDINGS, main.USAGE, main.FAULT, main.INTERRUPTED}

"""Block scalars hold scripts, configurations and JSON: anything at all, which the fast reader takes as the careful one does."""

from __future__ import annotations

import random

import pytest

from gitops.yaml.find import columns
from gitops.yaml.places import positions
from gitops.yaml.read import careful, fast

HEADERS = ["a: |", "b: >", "- |", "- - >-", "- c: |-", "d: |+", "e:", "f: x", "- g: >+", "- x", "'h': | ", '- - "i": >']
LINES = [
    *(
        "text",
        '{"a": [1, {}]}',
        "a: 1",
        "a: 1",
        "- x",
        "# c",
        "&x *y",
        "@foo `",
        "'",
        '"',
        "--- x",
        "...",
        "---",
        "!tag",
    ),
    *("? q", "| |", "x: |", "> y", "", " ", "      ", "a  b ", "% z", 'key: "un', "[", "}"),
]


def blocks(source: random.Random) -> str:
    lines = []
    for _ in range(source.randint(1, 3)):
        lines.append(" " * source.choice((0, 0, 0, 2)) + source.choice(HEADERS))
        width = source.randint(0, 7)
        for _ in range(source.randint(0, 4)):
            lines.append(" " * max(0, width + source.choice((0, 0, 0, 0, 1, 2, -1, -2))) + source.choice(LINES))
    return "\n".join(lines) + source.choice(("\n", "\n", "\n\n", ""))


def test_the_fast_reader_takes_blocks_as_the_careful_one_does() -> None:
    source, read = random.Random(7), 0
    for _ in range(3000):
        text = blocks(source)
        quick = fast(text)
        if quick is not None:
            read += 1
            assert quick == careful(text, "f"), text
    assert read > 150


@pytest.mark.parametrize(
    "text",
    [
        'a:\n- |\n  {"Rules": [{}]}\n  if x; then \'y\n\n  # no comment\n  a: 1\n  a: 1\nb: 1\n',
        "a: >-\n    *x\n      &y\n    %\nb:\n  c: |\n    ---\n    @\n",
        "- - k: |\n      [\n  - '\n".replace("- '\n", "- x\n"),
    ],
)
def test_what_stands_in_blocks_is_read_fast_and_found(text: str) -> None:
    quick, places = columns(text), positions(text)

    assert fast(text) == careful(text, "f")
    assert quick is not None
    paths: list[list[str | int]] = [[], ["a"], ["a", 0], ["b"], ["b", "c"], [0], [0, 0, "k"], [0, 1]]
    for path in paths:
        assert quick.of(path) in (None, places.of(path))


@pytest.mark.parametrize(
    "text",
    ["a: |\n  x\n y: *z\n", "a: |\nb: *z\n", "- |\n *x\n", "- a: |\n  *x\n", "a: | # c\n  *x\n", "a: |\n \n  x\n"],
)
def test_what_a_block_does_not_certainly_hold_is_read_carefully(text: str) -> None:
    assert fast(text) is None

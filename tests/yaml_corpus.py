"""Strings that some YAML reader takes for something else, and a source of more."""

from __future__ import annotations

import random

_WORDS = """
y Y n N yes Yes YES no No NO on On ON off Off OFF true True TRUE false False FALSE null Null NULL nULL tRUE oN ~ none nil
0 1 -1 +1 00 01 08 09 010 0777 019 0074689 1_000 1_ 1__0 -_1 +_8 +_2e6_2 0b1 0B1 0o7 0o10 0o17 0O7 0x1F 0X1F 0x -0x1 +0o7
1. 1.0 1.10 3.10 5. .5 -.5 +.5 . .. ... .1e3 1e3 1E3 1e+3 1e-3 1.5e3 12e03 6e23 0e1 1e400 123e4567 1e 1e+ e1 1.e5 4e5a
.inf -.inf +.inf .Inf .INF .nan .NaN .NAN inf nan Infinity NaN
1:30 12:30:45 190:20:30 1:2:3.5 2024-01-01 2024-1-1 2024-01-01T00:00:00Z 2024-01-01t00:00:00 12345678901234567890 9007199254740993
100m 2Gi 1.5Gi 500k 1.20.3 1Ei 1E 1M 1m 0m v1 v1.2.3 1.2.3.4 10.0.0.0/8 ::1 fe80::1 a:b a:b:c a: :a : :: a::b http://x:8080/y
- -- --- -a --flag --a=b ? ?a : , [ ] { } # & * ! | > % @ ` = << == + +a / /a //a . .a _ _a \\ ' " $ $(x) ${x} {{x}} ^ ~a ~/ <a >a
*a &a !a !!str %a @a `a |a >a ]a }a ,a #a a# a,b a[b] a{b} a|b a&b a=b a@b a%b a!b a*b a'b a"b a\\b a;b a~b a^b
s3://bucket/path gs://b/p docker.io/a/b:c@sha256:0123 app.kubernetes.io/name serving.kserve.io/deploymentMode 1234567 12e4567 0e12345
"""

SPACED = [
    *("", " ", "  ", " a", "a ", " a ", "a b", "a  b", "a: b", "a :b", "a # b", "a #b", "- a", "? a", ": a", "# a", "--- a", "... a"),
    *("[a, b]", "{a: b}", '"a"', "'a'", "'a' b", '"a" b', "a\tb", "\ta", "a\t", "\t", "true ", " true", "1 ", " 1", "~ ", "<<: a", "a:", "a: "),
    *("\n", "\n\n", "a\n", "a\n\n", "a\n\n\n", "\na", "\n a", "a\nb", "a\nb\n", "a\n\nb", "a\n\n\nb\n\n", "a\n b", " a\nb", "a \nb", "a\n \nb"),
    *("a\n\t\nb", "a\n\tb", "\ta\nb", "a\nb ", "a\n ", "a\n  \n", "# a\nb", "a\n# b", "---\na", "a\n---\nb\n", "...\na", "- a\n- b", "a: b\nc: d\n"),
    *("#!/bin/sh\nset -e\n\tx \"$y\" 'z'\n", "a: |\n  b\n", "key: >-\n  x\n\n", "%YAML 1.1\n", "a\r\nb", "a\rb", "\r", "a\n\r\n", "{\n}\n", "[\n"),
    *("\0", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1b", "\x7f", "\x80", "\x85", "\x9f", "\xa0", "a\xa0b", "a\x85b", "a\u2028b", "a\u2029b"),
    *("\ufeff", "\ufeffa", "a\ufeff", "\ufffe", "\u200b", "\u200ea", "é", "ÿ", "naïve", "日本語", "日本\n語\n", "😀", "a 😀\nb", "\U0010ffff", "\U000e0001"),
    *("x" * 1000, "word " * 100, "a" * 200 + ": " + "b" * 200, "long line " * 30 + "\n" + "second " * 30, "\\n", "\\", '\\"', "\\x41", "a\\", "a\\\nb"),
]  # fmt: skip

TRICKY = sorted({*_WORDS.split(), *SPACED})

_PARTS = [*"0123456789", *"0123456789", *"eExXoObB+-._:", *"abcyntfYNTF", *" \n\t#-?:,[]{}&*!|>'\"%@`=<~\\/$", "é", "\x85", "\u2028", "😀", "\n\n", "  ", ": ", " #", "---", "e+", "0x"]  # fmt: skip


def random_text(source: random.Random) -> str:
    """A short string of what numbers, words and YAML's own signs are made of, or a neighbour of a tricky one."""
    text = "".join(source.choices(_PARTS, k=source.randint(1, 9)))
    return text if source.random() < 0.8 else source.choice(TRICKY)[:100] + text[:2]

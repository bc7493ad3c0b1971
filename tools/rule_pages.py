"""docs/reference/rules/: a table of all rules, and a page of each, made from its judge's docstring and its examples in tests/rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gitops.rules.base import LABELS, Kind, Rule
from gitops.rules.table import RULES

EXAMPLES = Path(__file__).parent.parent / "tests/rules"

LAYERS = {
    "admission": "the API server with its webhooks refuses the object",
    "controller": "the object is taken, and a controller, the scheduler or a kubelet fails at it afterwards",
    "reference": "something that the object names will not be there, or not as it is needed",
    "policy": "the cluster would take it; people may not",
}
INTRODUCTION = """\
`gitops validate` judges each object by these rules, after its schema. A rule's *layer* says who would notice; there is more about that in
[what validation knows](../../explanation/validation.md). An environment may give any rule another level, and accept single findings with a
reason: [set policies](../../how-to/set-policies.md). Errors of the layers admission and controller also keep `gitops render` from writing.

[By kind](#by-kind) leads to all that is asked of a kind. What files, types, values and schemas can have wrong is on the page
[problems](../problems.md)."""
POD: Kind = ("", "Pod")
FOOT = "[All rules](README.md) · [give it another level, or accept a finding](../../how-to/set-policies.md)"
CHANGE = "It judges a change: an example holds the object as it was, then as it is to be."


def pages() -> dict[str, str]:
    """Path below docs/reference -> text, without the note at the top."""
    return {"rules/README.md": _index(), **{f"rules/{rule.id}.md": _page(rule) for rule in RULES}}


def _index() -> str:
    parts = ["# Rules", INTRODUCTION]
    for layer, meaning in LAYERS.items():
        rows = sorted((rule for rule in RULES if rule.layer == layer), key=lambda rule: rule.id)
        parts += [f"## {layer.capitalize()}: {meaning}"]
        parts += ["| rule | level | what holds |\n| --- | --- | --- |\n" + "\n".join(map(_row, rows))]
    parts += ["## By kind", "\n".join(_kinds())]
    return "\n\n".join(parts) + "\n"


def _kinds() -> Iterator[str]:
    """Each kind with its rules; those of pods are asked of all that makes pods, and would drown the rest."""
    every = {kind for rule in RULES for kind in rule.on}
    for group, kind in sorted(every, key=lambda each: (each[1].lower(), each[0])):
        asked = [rule for rule in RULES if (group, kind) in rule.on]
        names = sorted(f"[{rule.id}]({rule.id}.md)" for rule in asked if POD not in rule.on)
        names += ["what is asked [of pods](#of-pods)"] if any(POD in rule.on for rule in asked) else []
        yield f"- **{kind}**{f' ({group})' if group else ''}: {', '.join(names)}"
    names = sorted(f"[{rule.id}]({rule.id}.md)" for rule in RULES if POD in rule.on)
    yield f"\n### Of pods\n\nOf Pods, and of kinds that make pods, as far as each rule is about them: {', '.join(names)}"


def _row(rule: Rule) -> str:
    return f"| [{rule.id}]({rule.id}.md) | {rule.level} | {_cell(rule.summary)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _page(rule: Rule) -> str:
    kinds = ", ".join(sorted({kind for _, kind in rule.on})) or "every object"
    head = [f"# {rule.id}", rule.summary]
    head += [f"*{rule.layer.capitalize()}*: {LAYERS[rule.layer]}. Level: {rule.level}. Judges {kinds}."]
    head += [CHANGE] if rule.update else []
    told = [f"**{label}.** {_sentence(rule.told[label])}" for label in LABELS]
    return "\n\n".join([*head, *told, *_examples(rule), FOOT]) + "\n"


def _sentence(text: str) -> str:
    """With a capital letter, unless it begins with a name of upstream's."""
    word = text.split()[0]
    return text[0].upper() + text[1:] if word.isalpha() and word.islower() and word != "kserve" else text


def _examples(rule: Rule) -> Iterator[str]:
    folder = EXAMPLES / rule.id
    if (folder / "environment.yaml").exists():
        yield f"## The environment of these examples\n\n{_fenced(folder / 'environment.yaml', 'yaml')}"
    yield f"## Fails\n\n{_fenced(folder / 'fails.yaml', 'yaml')}"
    yield f"## What is said\n\n```text\n{_said(folder / 'expected.txt')}\n```"
    yield f"## Passes\n\n{_fenced(folder / 'passes.yaml', 'yaml')}"


def _said(path: Path) -> str:
    """What is said of the example on the page; the other variants have theirs beside it."""
    told = path.read_text(encoding="utf-8").strip("\n").split("\n\n") if path.exists() else []
    return "\n\n".join(each for each in told if each.startswith("fails.yaml"))


def _fenced(path: Path, language: str) -> str:
    text = path.read_text(encoding="utf-8").strip("\n") if path.exists() else ""
    return f"```{language}\n{text}\n```"

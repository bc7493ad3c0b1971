"""docs/reference/rules/: a table of all rules, and a page of each, made from its judge's docstring and its examples in tests/rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gitops.rules.base import LABELS, Rule
from gitops.rules.table import RULES

EXAMPLES = Path(__file__).parent.parent / "tests/rules"

LAYERS = {
    "admission": "the API server with its webhooks refuses the object",
    "controller": "the object is taken, and a controller, the scheduler or a kubelet fails at it afterwards",
    "reference": "something that the object names will not be there, or not as it is needed",
    "policy": "the cluster would take it; people may not",
}
INTRODUCTION = """\
`gitops validate` judges each object by these rules, after its schema. A rule's *layer* says who would notice. An environment may set
another level for any rule under `policies.severity`, and accept single findings under `policies.suppress`, with a reason. Rules of the
layers admission and controller also keep `gitops render` from writing.

What schemas, types, values and files can have wrong is on the page [problems](../problems.md)."""


def pages() -> dict[str, str]:
    """Path below docs/reference -> text, without the note at the top."""
    return {"rules/README.md": _index(), **{f"rules/{rule.id}.md": _page(rule) for rule in RULES}}


def _index() -> str:
    parts = ["# Rules", INTRODUCTION]
    for layer, meaning in LAYERS.items():
        rows = sorted((rule for rule in RULES if rule.layer == layer), key=lambda rule: rule.id)
        parts += [f"## {layer.capitalize()}: {meaning}"]
        parts += ["| rule | level | what holds |\n| --- | --- | --- |\n" + "\n".join(map(_row, rows))]
    return "\n\n".join(parts) + "\n"


def _row(rule: Rule) -> str:
    return f"| [{rule.id}]({rule.id}.md) | {rule.level} | {_cell(rule.summary)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _page(rule: Rule) -> str:
    code = f", {rule.code} of the checklist" if rule.code else ""
    kinds = ", ".join(sorted({kind for _, kind in rule.on})) or "every object"
    head = [f"# {rule.id}", rule.summary]
    head += [f"*{rule.layer.capitalize()}* ({LAYERS[rule.layer]}); level {rule.level}{code}. Judges {kinds}."]
    told = [f"**{label}.** {rule.told[label]}" for label in LABELS]
    return "\n\n".join([*head, *told, *_examples(rule)]) + "\n"


def _examples(rule: Rule) -> Iterator[str]:
    folder = EXAMPLES / rule.id
    if (folder / "environment.yaml").exists():
        yield f"## The environment of these examples\n\n{_fenced(folder / 'environment.yaml', 'yaml')}"
    yield f"## Fails\n\n{_fenced(folder / 'fails.yaml', 'yaml')}"
    yield f"## What is said\n\n{_fenced(folder / 'expected.txt', 'text')}"
    yield f"## Passes\n\n{_fenced(folder / 'passes.yaml', 'yaml')}"


def _fenced(path: Path, language: str) -> str:
    text = path.read_text(encoding="utf-8").strip("\n") if path.exists() else ""
    return f"```{language}\n{text}\n```"

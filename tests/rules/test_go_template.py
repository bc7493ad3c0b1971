"""Templates in manifests: what Go's parser refuses once they are JSON, and nothing that it takes. Held to the real webhook by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops.rules.go_template import Template


def missing(names: list[str]) -> str:
    return "no such field" if names[0] == "Foo" else ""


TEMPLATE = Template({"ChildName": 2}, missing)


def flaws(*texts: str) -> list[str]:
    return [flaw.what for flaw in TEMPLATE.flaws({"args": list(texts)}, ())]


@pytest.mark.parametrize(
    "text",
    [
        "no template, and a single { or }",
        "}} without a beginning",
        "{{ .Name }}",
        "{{.Name}}",
        "{{ . }}",
        "{{- .Name -}}",
        "{{ ChildName .ObjectMeta.Name `-x` }}",
        "{{ ChildName .ObjectMeta.Name (printf `-%s` .Name) }}",
        "{{ `{{` }} jinja }}",
        '{{ `a " b \\ c\n d` }}',
        '{{/* }} a comment " */}}',
        "{{- /* trimmed */ -}}",
        "{{ if .X }}a{{ else if .Y }}b{{ else }}c{{ end }}",
        "{{ range $index, $each := .X }}{{ $index }}{{ end }}",
        "{{ $x := .Spec }}{{ $x.Foo }}",
        "{{ with .Spec }}{{ .Foo }}{{ end }}",
        "{{ or .Spec.A .Foo 1 }}",
        "{{ (index .Labels `a`).foo }}",
        "{{ eq .Name 'a' }}{{ 1.5 }}{{ -3 }}",
        "{{ .Name| }}",
        "{{ if .X }}{{ nil }}{{ end }}",
        "{{ template `x` . }}",
    ],
)
def test_what_go_takes_has_no_flaw(text: str) -> None:
    assert flaws(text) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{{ x", "has no `}}`"),
        ("{{ `x }}", "has no `}}`"),
        ("{{ }}", "is empty"),
        ("{{- -}}", "is empty"),
        ('{{ ChildName .Name "-x" }}', "double quotes"),
        ("{{ eq .Name 'abc' }}", "single quotes"),
        ("{{ messages[0] }}", "`[` cannot"),
        ("{{ .Labels.app-name }}", "`-` cannot"),
        ("{{ .A > .B }}", "`>` cannot"),
        ("{{\n.Name }}", "`U+000A` cannot"),
        ("{{{ .Name }}}", "`{` cannot"),
        ("{{ lower .Name }}", "no function `lower`"),
        ("{{ .Name | upper }}", "no function `upper`"),
        ("{{ .Foo }}", "no such field"),
        ("{{ if .Foo }}{{ end }}", "no such field"),
        ("{{ ChildName .Name }}", "takes 2 arguments, not 1"),
        ("{{ printf `%s` (.Name }}", "not paired"),
        ("{{ .Name if }}", "`if` has no value"),
        ("{{ .Name if .X }}", "`if` cannot"),
        ("{{ | .Name }}", "`|` cannot"),
        ("{{ .Name := 1 }}", "`:=` cannot"),
        ("{{ else.Name }}", "`else.Name` cannot"),
        ("{{/* /* two */ */}}", "comment has no end"),
        ("{{ if .X }}", "has no `{{ end }}`"),
        ("{{ end }}", "has no block"),
    ],
)
def test_what_go_refuses_is_a_flaw(text: str, what: str) -> None:
    assert [found for found in flaws(text) if what in found]


def test_a_block_may_end_in_another_text() -> None:
    assert flaws("{{ if .X }}", "{{ end }}") == []
    assert flaws("{{ if .X }}", "{{ .Foo }}", "{{ end }}") == []


def test_a_flaw_says_where_it_stands_and_in_what() -> None:
    (found,) = TEMPLATE.flaws({"args": ["fine", "a {{ lower .X }} b"]}, ("spec",))

    assert found.path == ("spec", "args", 1)
    assert found.action == "{{ lower .X }}"


def test_names_of_fields_are_read_too() -> None:
    (found,) = TEMPLATE.flaws({"{{ x": "fine"}, ("metadata", "labels"))

    assert found.path == ("metadata", "labels", "{{ x")


@given(st.text("{}`\"'|()$.:=/*-, \n\\aN1é"))
def test_any_text_is_read_to_its_end(text: str) -> None:
    assert isinstance(flaws(text, "{{" + text + "}}"), list)
    assert "{{" in text or flaws(text) == []

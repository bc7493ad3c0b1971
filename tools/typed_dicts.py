"""Write gitops/k8s.pyi, the types of what users write in upstream's own spelling, and list them in gitops/k8s.py.

    python tools/typed_dicts.py [FILE]

The core types come from the newest Kubernetes version of the installed kubernetes-validate, AutoScaling from KServe's
InferenceService: this repository's schema of it, or FILE, a CRD (YAML) or such a schema (JSON).
"""

from __future__ import annotations

import json
import keyword
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

Schema = Mapping[str, Any]

PROJECT = Path(__file__).parent.parent
STUB = PROJECT / "gitops/k8s.pyi"
MODULE = PROJECT / "gitops/k8s.py"
KSERVE = "0.20.0"
INFERENCE_SERVICE = PROJECT / f"schemas/kserve/{KSERVE}/serving.kserve.io/inferenceservice_v1beta1.json"

CORE = "io.k8s.api.core.v1."
COMPLETE = {
    "Container": CORE + "Container",
    "DeploymentStrategy": "io.k8s.api.apps.v1.DeploymentStrategy",
    "ObjectMeta": "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
    "PolicyRule": "io.k8s.api.rbac.v1.PolicyRule",
}
# Nothing required: these are written in part, and a resource adds the rest (a pod's containers, a container's name).
PARTIAL = {"PodSpec": CORE + "PodSpec", "PartialContainer": CORE + "Container"}
ALIASES = {"IntOrString": "int | str", "Quantity": "str | int | float"}
SCALARS = {"boolean": "bool", "integer": "int", "number": "float", "string": "str"}
SHADOWING = {"bool", "dict", "float", "int", "list", "str"}


class Field(NamedTuple):
    """One key of a TypedDict."""

    type: str
    required: bool

    def __str__(self) -> str:
        """The key's annotation."""
        return f"Required[{self.type}]" if self.required else self.type


class TypedDicts:
    """The classes that a JSON schema amounts to; a construct without a type raises ValueError instead of being lost."""

    def __init__(self) -> None:
        self.classes: dict[str, dict[str, Field]] = {}
        self._sources: dict[str, Schema] = {}

    def declare(self, name: str, schema: Schema, document: Schema, *, partial: bool = False) -> str:
        """Add the class of an object with properties, and all it refers to; its name."""
        if self._sources.setdefault(name, schema) is not schema:
            raise ValueError(f"two types would be called {name}")
        if name not in self.classes:
            fields = self.classes[name] = {}
            required = () if partial else schema.get("required", ())
            for key in alphabetical(schema["properties"]):
                value = schema["properties"][key]
                fields[key] = Field(self.type_of(value, name + key[0].upper() + key[1:], document), key in required)
        return name

    def type_of(self, schema: Schema, name: str, document: Schema) -> str:
        """The annotation for a schema inside `document`; `name` is for an object that upstream gave no name."""
        if reference := schema.get("$ref"):
            return self._referred(reference, name, document)
        if schema.get("x-kubernetes-int-or-string"):
            return "Quantity" if "pattern" in schema else "IntOrString"  # in a CRD only a quantity has a pattern
        if "enum" in schema:
            return f"Literal[{', '.join(json.dumps(value) for value in schema['enum'] if value is not None)}]"
        return self._plain(schema, name, document)

    def _referred(self, reference: str, name: str, document: Schema) -> str:
        _, _, key = reference.rpartition("/")
        upstream = key.rpartition(".")[2] if key.startswith("io.k8s.") else name
        return upstream if upstream in ALIASES else self.type_of(document["$defs"][key], upstream, document)

    def _plain(self, schema: Schema, name: str, document: Schema) -> str:
        match _type_without_null(schema):
            case "object" if "properties" in schema:
                return self.declare(name, schema, document)
            case "object" if values := schema.get("additionalProperties"):
                return f"dict[str, {self.type_of(values, name, document)}]"
            case "object":
                return "dict[str, Any]"
            case "array":
                return f"list[{self.type_of(schema['items'], name, document)}]"
            case kind if kind in SCALARS:
                return SCALARS[kind]
        raise ValueError(f"{name}: no Python type for {', '.join(sorted(schema))}")


def _type_without_null(schema: Schema) -> str:
    """The one type of a schema; the API server takes null for a field that is absent, and nobody needs to write it."""
    kinds = schema.get("type", "object" if "properties" in schema else "")
    kinds = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]
    return str(kinds[0]) if len(kinds) == 1 else ""


def stub(kubernetes: str, definitions: Schema, inference_service: Schema) -> tuple[str, list[str]]:
    """The text of the stub file, and the names of its classes."""
    typed = TypedDicts()
    for name, definition in (COMPLETE | PARTIAL).items():
        typed.declare(name, definitions["$defs"][definition], definitions, partial=name in PARTIAL)
    typed.type_of(_auto_scaling(inference_service), "AutoScaling", inference_service)
    header = (
        f"# Generated by `python tools/typed_dicts.py` from Kubernetes {kubernetes} and KServe {KSERVE}; do not edit.\n"
        "from typing import Any, Literal, Required, TypeAlias, TypedDict\n\n"
        + "".join(f"{name}: TypeAlias = {value}\n" for name, value in ALIASES.items())
    )
    names = alphabetical(typed.classes)
    return "\n".join([header, *(render(name, typed.classes[name]) for name in names)]), names


def alphabetical(names: Iterable[str]) -> list[str]:
    """As in a dictionary, not as in ASCII: `hostIPC` comes before `hostname`."""
    return sorted(names, key=lambda name: (name.lower(), name))


def render(name: str, fields: Mapping[str, Field]) -> str:
    """The statement that declares one TypedDict."""
    if all(key.isidentifier() and not keyword.iskeyword(key) and key not in SHADOWING for key in fields):
        return f"class {name}(TypedDict, total=False):\n" + "".join(f"    {k}: {v}\n" for k, v in fields.items())
    items = "".join(f"    {json.dumps(key)}: {field},\n" for key, field in fields.items())
    return f'{name} = TypedDict("{name}", {{\n{items}}}, total=False)\n'


def with_names(module: str, names: Iterable[str]) -> str:
    """The source of gitops/k8s.py with this list of names."""
    listed = textwrap.fill(", ".join(f'"{name}"' for name in names), 116)
    text, count = re.subn(r"(?<=_NAMES = frozenset\(\{\n)[^}]*", textwrap.indent(listed, "    ") + ",\n", module)
    if count != 1:
        raise ValueError(f"{MODULE.name} has no list of names")
    return text


def newest_definitions() -> tuple[str, Schema]:
    """The newest Kubernetes version that kubernetes-validate knows, and all its definitions."""
    spec = find_spec("kubernetes_validate")
    if spec is None or not spec.submodule_search_locations:
        raise ValueError("kubernetes-validate is not installed")
    folders = Path(spec.submodule_search_locations[0]).glob("kubernetes-json-schema/v*-local")
    versions = {tuple(map(int, folder.name[1 : -len("-local")].split("."))): folder for folder in folders}
    version = max(versions)
    return ".".join(map(str, version)), read(versions[version] / "_definitions.json")


def inference_service_schema(file: Path) -> Schema:
    """The schema of the InferenceService, from a schema file of this repository or from the CRD itself."""
    document = read(file)
    return _crd_schema(document) if document.get("kind") == "CustomResourceDefinition" else document


def _crd_schema(crd: Schema) -> Schema:
    [schema] = [version["schema"]["openAPIV3Schema"] for version in crd["spec"]["versions"] if version["served"]]
    return dict(schema)


def _auto_scaling(inference_service: Schema) -> Schema:
    schema = inference_service
    for part in ("spec", "predictor", "autoScaling"):
        schema = _resolved(schema, inference_service)["properties"][part]
    return _resolved(schema, inference_service)


def _resolved(schema: Schema, document: Schema) -> Schema:
    while reference := schema.get("$ref"):
        schema = document["$defs"][reference.rpartition("/")[2]]
    return schema


def read(file: Path) -> Schema:
    """A JSON or YAML file that holds a mapping."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".json":
        data = json.loads(text)
    else:
        from yaml12 import parse_yaml

        data = parse_yaml(text)
    if not isinstance(data, dict):
        raise ValueError(f"{file}: not a mapping")
    return data


def main(arguments: list[str]) -> None:
    """Write both files."""
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"]):
        sys.exit(__doc__)
    try:
        kubernetes, definitions = newest_definitions()
        schema = inference_service_schema(Path(arguments[0]) if arguments else INFERENCE_SERVICE)
        text, names = stub(kubernetes, definitions, schema)
        module = with_names(MODULE.read_text(encoding="utf-8"), names)
    except (KeyError, TypeError) as error:
        sys.exit(f"error: these are not the expected schemas ({error})")
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    STUB.write_text(text, encoding="utf-8")
    MODULE.write_text(module, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

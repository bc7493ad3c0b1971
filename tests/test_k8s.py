from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gitops import k8s
from tools import typed_dicts

ROOT = Path(__file__).parent.parent
STUB = (ROOT / "gitops/k8s.pyi").read_text(encoding="utf-8")
MODULE = (ROOT / "gitops/k8s.py").read_text(encoding="utf-8")
KUBERNETES, DEFINITIONS = typed_dicts.newest_definitions()
STALE = "run `python tools/typed_dicts.py`"


def keys_of(name: str) -> set[str]:
    [body] = re.findall(rf"^class {name}\(TypedDict, total=False\):\n((?:    .+\n)+)", STUB, re.MULTILINE)
    return {line.strip().partition(":")[0] for line in body.splitlines()}


def inference_service(**auto_scaling: Any) -> dict[str, Any]:
    predictor = {"properties": {"autoScaling": {"type": "object", "properties": auto_scaling}}}
    return {"properties": {"spec": {"properties": {"predictor": predictor}}}}


def core_part(stub: str) -> str:
    return re.sub(r"^class AutoScaling\w*\(.*\n(?:    .+\n)+\n", "", stub, flags=re.MULTILINE)


class TestGenerated:
    def test_core_types_are_what_the_generator_writes(self) -> None:
        text, _ = typed_dicts.stub(KUBERNETES, DEFINITIONS, inference_service(metrics={"type": "string"}))
        assert core_part(text) == core_part(STUB), STALE

    @pytest.mark.skipif(not typed_dicts.INFERENCE_SERVICE.exists(), reason="schemas/ does not hold KServe yet")
    def test_stub_and_names_are_what_the_generator_writes(self) -> None:
        schema = typed_dicts.inference_service_schema(typed_dicts.INFERENCE_SERVICE)
        text, names = typed_dicts.stub(KUBERNETES, DEFINITIONS, schema)
        assert text == STUB, STALE
        assert typed_dicts.with_names(MODULE, names) == MODULE, STALE

    @pytest.mark.parametrize(("name", "definition"), (typed_dicts.COMPLETE | typed_dicts.PARTIAL).items())
    def test_every_upstream_property_is_a_key(self, name: str, definition: str) -> None:
        assert keys_of(name) == DEFINITIONS["$defs"][definition]["properties"].keys()

    @pytest.mark.parametrize(
        "name", ["Affinity", "Toleration", "Probe", "SecurityContext", "Volume", "EnvVarSource", "AutoScalingMetrics"]
    )
    def test_what_they_hold_is_typed_too(self, name: str) -> None:
        assert f"class {name}(TypedDict" in STUB

    def test_every_name_used_is_declared_and_every_declared_name_resolves(self) -> None:
        declared = set(re.findall(r"^class (\w+)\(|^(\w+)(?:: TypeAlias)? = ", STUB, re.MULTILINE))
        names = {a or b for a, b in declared}
        annotations = re.sub(r'".*?"', "", "\n".join(re.findall(r"^    \w+: (.+)$", STUB, re.MULTILINE)))
        assert set(re.findall(r"\b[A-Z]\w+", annotations)) - {"Any", "Literal", "Required"} <= names
        assert set(dir(k8s)) == names


class TestRules:
    @pytest.mark.parametrize(
        ("schema", "expected"),
        [
            ({"type": "string"}, "str"),
            ({"type": ["integer", "null"], "format": "int64"}, "int"),
            ({"type": "number"}, "float"),
            ({"type": "boolean"}, "bool"),
            ({"type": "array", "items": {"type": "string"}}, "list[str]"),
            ({"type": "object", "additionalProperties": {"type": "string"}}, "dict[str, str]"),
            ({"type": "object"}, "dict[str, Any]"),
            ({"enum": ["cpu", "memory", None], "type": ["string", "null"]}, 'Literal["cpu", "memory"]'),
            ({"x-kubernetes-int-or-string": True}, "IntOrString"),
            ({"x-kubernetes-int-or-string": True, "pattern": "^[0-9]+m?$"}, "Quantity"),
            ({"$ref": "#/$defs/io.k8s.apimachinery.pkg.api.resource.Quantity"}, "Quantity"),
            ({"$ref": "#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.Time"}, "str"),
            ({"$ref": "#/$defs/io.k8s.api.core.v1.Toleration"}, "Toleration"),
            ({"properties": {"a": {"type": "string"}}}, "Here"),
        ],
    )
    def test_annotation_of_a_schema(self, schema: dict[str, Any], expected: str) -> None:
        assert typed_dicts.TypedDicts().type_of(schema, "Here", DEFINITIONS) == expected

    @pytest.mark.parametrize("schema", [{"allOf": []}, {"type": ["string", "integer"]}, {"type": "null"}])
    def test_a_construct_without_a_type_is_an_error(self, schema: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="Here: no Python type for"):
            typed_dicts.TypedDicts().type_of(schema, "Here", {})

    def test_a_type_that_holds_itself_ends(self) -> None:
        node = {"properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/io.k8s.Node"}}}}
        typed = typed_dicts.TypedDicts()
        typed.declare("Node", node, {"$defs": {"io.k8s.Node": node}})
        assert typed.classes == {"Node": {"children": typed_dicts.Field("list[Node]", required=False)}}

    def test_two_types_of_one_name_are_an_error(self) -> None:
        typed = typed_dicts.TypedDicts()
        typed.declare("Node", {"properties": {}}, {})
        with pytest.raises(ValueError, match="two types would be called Node"):
            typed.declare("Node", {"properties": {}}, {})

    @pytest.mark.parametrize(
        ("key", "expected"),
        [
            ("name", "class T(TypedDict, total=False):\n    name: Required[str]\n"),
            ("from", 'T = TypedDict("T", {\n    "from": Required[str],\n}, total=False)\n'),
            ("a-b", 'T = TypedDict("T", {\n    "a-b": Required[str],\n}, total=False)\n'),
            ("list", 'T = TypedDict("T", {\n    "list": Required[str],\n}, total=False)\n'),
        ],
    )
    def test_functional_syntax_only_where_a_class_cannot_say_it(self, key: str, expected: str) -> None:
        assert typed_dicts.render("T", {key: typed_dicts.Field("str", required=True)}) == expected

    def test_a_crd_and_a_schema_with_shared_parts_give_the_same_stub(self) -> None:
        target = {"type": "object", "properties": {"value": {"x-kubernetes-int-or-string": True}}}
        shared = inference_service(a={"$ref": "#/$defs/x"}, b={"$ref": "#/$defs/x"}) | {"$defs": {"x": target}}
        stubs = [typed_dicts.stub("1.2.3", DEFINITIONS, s) for s in (shared, inference_service(a=target, b=target))]
        assert stubs[0] == stubs[1]
        assert "    a: AutoScalingA\n    b: AutoScalingB\n" in stubs[0][0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("absent.yaml", None),
        ("list.yaml", "[1]"),
        ("broken.yaml", "{"),
        ("broken.json", "{"),
        ("other.json", '{"properties": {}}'),
        ("empty.yaml", "kind: CustomResourceDefinition\nspec:\n"),
    ],
)
def test_a_wrong_file_is_one_line_and_writes_nothing(
    name: str, content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typed_dicts, "STUB", tmp_path / "k8s.pyi")
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(SystemExit, match=r"^error: .+"):
        typed_dicts.main([str(tmp_path / name)])
    assert not (tmp_path / "k8s.pyi").exists()


class TestAtRunTime:
    def test_a_type_is_a_plain_dict(self) -> None:
        assert k8s.PodSpec == dict[str, Any]
        assert k8s.Quantity == str | int | float
        assert k8s.IntOrString == int | str

    def test_pydantic_takes_what_upstream_takes(self) -> None:
        from pydantic import BaseModel, ValidationError

        class Spec(BaseModel):
            pod: k8s.PodSpec = {}
            tolerations: list[k8s.Toleration] = []
            cpu: k8s.Quantity = 1

        Spec.model_rebuild(_types_namespace={"k8s": k8s})
        pod = {"tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}]}
        assert Spec.model_fields["pod"].annotation == dict[str, Any]
        assert Spec(pod=pod).pod == pod
        assert [Spec(cpu=cpu).cpu for cpu in ("100m", 1, 0.5)] == ["100m", 1, 0.5]
        with pytest.raises(ValidationError):
            Spec(tolerations=["nvidia.com/gpu"])

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("PodSpek", "module 'gitops.k8s' has no attribute 'PodSpek'; did you mean `PodSpec`?"),
            ("podspec", "module 'gitops.k8s' has no attribute 'podspec'; did you mean `PodSpec`?"),
            ("Zebra", "module 'gitops.k8s' has no attribute 'Zebra'"),
            ("__path__", "module 'gitops.k8s' has no attribute '__path__'"),
        ],
    )
    def test_an_unknown_name_says_the_near_one(self, name: str, message: str) -> None:
        with pytest.raises(AttributeError) as caught:
            getattr(k8s, name)
        assert str(caught.value) == message

    def test_import_loads_no_other_module(self) -> None:
        """In a bare interpreter: in this one everything is loaded already."""
        program = (
            "import sys, __future__; source = sys.stdin.read(); before = set(sys.modules)\n"
            "exec(compile(source, 'k8s.py', 'exec'), {'__name__': 'k8s'})\n"
            "print(sorted(set(sys.modules) - before))"
        )
        command = [sys.executable, "-I", "-S", "-c", program]
        result = subprocess.run(command, input=MODULE, capture_output=True, text=True, check=True, timeout=30)
        assert result.stdout == "[]\n"


SNIPPET = """\
import k8s

pod: k8s.PodSpec = {"tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}], "hostIPC": False}
pod = {"initContainers": [{"name": "fetch", "resources": {"limits": {"cpu": 0.5, "memory": "1Gi"}}}]}
pod = {}
part: k8s.PartialContainer = {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}
probe: k8s.Probe = {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 5}
scaling: k8s.AutoScaling = {"metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"value": 1}}}]}
meta: k8s.ObjectMeta = {"labels": {"a": "b"}}
rule: k8s.PolicyRule = {"verbs": ["get"]}
strategy: k8s.DeploymentStrategy = {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}}

pod = {"toleration": []}  # error: Extra key "toleration" for TypedDict "PodSpec"
pod = {"tolerations": [{"keys": "a"}]}  # error: Extra key "keys" for TypedDict "Toleration"
pod = {"initContainers": [{"image": "a"}]}  # error: Missing key "name" for TypedDict "Container"
pod = {"priority": "high"}  # error: Incompatible types (expression has type "str", TypedDict item "priority" has type "int")
rule = {}  # error: Missing key "verbs" for TypedDict "PolicyRule"
scaling = {"metrics": [{"type": "resource"}]}  # error: Incompatible types
strategy = {"rollingUpdate": {"maxSurge": 0.5}}  # error: Incompatible types
k8s.PodSpek  # error: Module has no attribute "PodSpek"
"""


def test_mypy_accepts_upstream_spelling_and_refuses_another(tmp_path: Path) -> None:
    """One cold run of mypy takes seconds, so every sentence about types is in one snippet, and only the stub is read."""
    from mypy import api

    (tmp_path / "k8s.pyi").write_text(STUB)
    (tmp_path / "snippet.py").write_text(SNIPPET)
    (tmp_path / "mypy.ini").write_text(f"[mypy]\nstrict = true\nmypy_path = {tmp_path}\ncache_dir = {tmp_path}/cache\n")
    files = [str(tmp_path / "snippet.py"), str(tmp_path / "k8s.pyi")]
    output, failure, _ = api.run(["--config-file", str(tmp_path / "mypy.ini"), "--no-pretty", *files])
    found = dict(re.findall(r"snippet\.py:(\d+): error: (.*)", output))
    expected = {str(n): line for n, line in enumerate(SNIPPET.splitlines(), 1) if "# error: " in line}
    assert (found.keys(), failure) == (expected.keys(), ""), output
    assert [found[n] for n in expected if not found[n].startswith(expected[n].partition("# error: ")[2])] == []
    assert "k8s.pyi:" not in output

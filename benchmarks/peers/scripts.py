"""Peers that are a library and a short script. The script is what someone would write who wants just these files.

python scripts.py NAME WORK OUT

WORK holds `<environment>.json` (the values of each application) and the forms in the peer's own language.
"""

import json
import sys
from pathlib import Path

ENVIRONMENTS = ("dev", "staging", "prod")


def dicts(work: Path, out: Path) -> None:
    """Python dicts, PyYAML's C dumper."""
    import yaml

    sys.path.insert(0, str(work))
    import objects

    for environment in ENVIRONMENTS:
        with (out / f"{environment}.yaml").open("w") as file:
            for values in json.loads((work / f"{environment}.json").read_text()):
                made = getattr(objects, environment)(values)
                yaml.dump_all(made, file, Dumper=yaml.CSafeDumper, explicit_start=True, sort_keys=False)


def checked(work: Path, out: Path) -> None:
    """The same from YAML values through pydantic, each object validated with jsonschema, one file an application."""
    import yaml
    from jsonschema import Draft202012Validator
    from pydantic import BaseModel, ConfigDict

    sys.path.insert(0, str(work))
    import objects

    class Settings(BaseModel):
        model_config = ConfigDict(extra="forbid")
        image: str
        model_version: int
        min_replicas: int
        max_replicas: int
        cpu: str
        memory: str
        threshold: str

    schemas = json.loads((work / "schemas.json").read_text())
    validators = {kind: Draft202012Validator(json.loads(schema)) for kind, schema in schemas.items()}
    for environment in ENVIRONMENTS:
        (out / environment).mkdir()
        for what in json.loads((work / f"{environment}.json").read_text()):
            files = (work / "environments" / each / f"{what['name']}.yaml" for each in ("base", environment))
            given = {
                key: value for file in files for key, value in yaml.load(file.read_text(), yaml.CSafeLoader).items()
            }
            settings = Settings.model_validate(given).model_dump()
            made = getattr(objects, environment)({**what, **settings, "model_version": str(settings["model_version"])})
            for each in made:
                validators[f"{each['apiVersion']} {each['kind']}"].validate(each)
            with (out / environment / f"{what['name']}.yaml").open("w") as file:
                yaml.dump_all(made, file, Dumper=yaml.CSafeDumper, sort_keys=False)


def jinja(work: Path, out: Path) -> None:
    """Text from templates; nobody looks whether it is YAML."""
    from jinja2 import Environment, FileSystemLoader

    templates = Environment(loader=FileSystemLoader(work), keep_trailing_newline=True)
    for environment in ENVIRONMENTS:
        template = templates.get_template(f"{environment}.jinja")
        rows = json.loads((work / f"{environment}.json").read_text())
        (out / f"{environment}.yaml").write_text("".join(template.render(app=values) for values in rows))


def rjsonnet(work: Path, out: Path) -> None:
    """Jsonnet in Rust, YAML written by jsonnet itself."""
    import rjsonnet as jsonnet

    for environment in ENVIRONMENTS:
        text = jsonnet.evaluate_file(str(work / f"{environment}.jsonnet"))
        (out / f"{environment}.yaml").write_text(json.loads(text))


def gojsonnet(work: Path, out: Path) -> None:
    """Jsonnet in Go, YAML written by jsonnet itself."""
    import _gojsonnet as jsonnet

    for environment in ENVIRONMENTS:
        text = jsonnet.evaluate_file(str(work / f"{environment}.jsonnet"))
        (out / f"{environment}.yaml").write_text(json.loads(text))


def kcl(work: Path, out: Path) -> None:
    """KCL, one stream an environment."""
    from kcl_lib import api

    for environment in ENVIRONMENTS:
        arguments = api.ExecProgramArgs(k_filename_list=[str(work / f"{environment}.k")])
        (out / f"{environment}.yaml").write_text(api.API().exec_program(arguments).yaml_result)


if __name__ == "__main__":
    name, *folders = sys.argv[1:]
    {each.__name__: each for each in (dicts, checked, jinja, rjsonnet, gojsonnet, kcl)}[name](*map(Path, folders))

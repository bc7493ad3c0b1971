from enum import StrEnum

from gitops import Manifest, application


class Color(StrEnum):
    RED = "red"


class Text(str):
    pass


@application
def fine(env):
    data = {"color": Color.RED, Text("text"): Text("text"), "tuple": ",".join(("a", "b"))}
    return [Manifest(api_version="v1", kind="ConfigMap", name="fine", fields={"data": data, "immutable": True})]

from gitops import Manifest


def config(name, data):
    return Manifest(api_version="v1", kind="ConfigMap", name=name, fields={"data": data})

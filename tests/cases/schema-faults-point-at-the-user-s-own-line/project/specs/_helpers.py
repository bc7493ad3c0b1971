from gitops import Manifest


def deployment(name):
    return Manifest(
        api_version="apps/v1",
        kind="Deployment",
        name=name,
        fields={
            "spec": {
                "replica": 1,
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": []}},
            }
        },
    )

from gitops import InferenceService, Manifest, Model, ServiceAccount, application


@application
def names(env):
    return [
        InferenceService(name="Upper_Case", model=Model(format="sklearn")),
        InferenceService(name="", model=Model(format="sklearn")),
        ServiceAccount(name="../../outside"),
        ServiceAccount(name="/etc/passwd"),
        ServiceAccount(name=".."),
        Manifest(api_version="v1", kind="ConfigMap", name="x" * 300),
        Manifest(api_version="v1", kind="ConfigMap", name="with space"),
        Manifest(api_version="v1", kind="../ConfigMap", name="kind"),
        Manifest(api_version="", kind="", name="empty"),
        Manifest(api_version="v1", kind="ConfigMap", name="elsewhere", namespace="../outside"),
        Manifest(api_version="v1", kind="ConfigMap", name="renamed", fields={"metadata": {"name": "../../renamed"}}),
        Manifest(api_version="v1", kind="ConfigMap", name="unnamed", fields={"metadata": {"name": None}}),
        Manifest(api_version="v1", kind="ConfigMap", name="no-kind", fields={"kind": None}),
        Manifest(api_version="v1", kind="ConfigMap", name="no-metadata", fields={"metadata": None}),
        Manifest(api_version="v1", kind="ConfigMap", name="metadata-text", fields={"metadata": "text"}),
        Manifest(api_version="v1", kind="ConfigMap", name="name-number", fields={"metadata": {"name": 7}}),
        Manifest(api_version="v1", kind="ConfigMap", name="list-kind", fields={"kind": ["ConfigMap"]}),
    ]

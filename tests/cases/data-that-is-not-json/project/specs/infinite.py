from gitops import Manifest, application


@application
def infinite(env):
    return [Manifest(api_version="apps/v1", kind="Deployment", name="infinite", fields={"spec": {"replicas": float("inf")}})]

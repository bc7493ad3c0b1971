from gitops import Manifest, application


@application
def raw_bytes(env):
    return [Manifest(api_version="v1", kind="Secret", name="raw-bytes", fields={"data": {"key": b"text"}})]

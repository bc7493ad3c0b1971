from gitops import Environment, Manifest, application


@application
def accounts(env: Environment):
    """The account that all models run as; dev calls it by another name."""
    name = "model-reader" if env.name == "dev" else "models-reader"
    return [Manifest(api_version="v1", kind="ServiceAccount", name=name)]

from gitops import Manifest, application


@application
def ranking(env):
    """Its routes name services of other applications: one that is there, and one that is not."""
    steps = [{"serviceName": "scores"}, {"serviceName": "score"}]
    root = {"routerType": "Sequence", "steps": steps}
    return [
        Manifest(
            api_version="serving.kserve.io/v1alpha1",
            kind="InferenceGraph",
            name="ranking",
            fields={"spec": {"nodes": {"root": root}}},
        )
    ]

from gitops import ArtExplainer, Container, Explainer, InferenceService, Model, Transformer, application


@application
def explained(env):
    return [
        InferenceService(
            name="explained",
            model=Model(format="sklearn", storage="gs://models/explained"),
            transformer=Transformer(container=Container(image="example.com/transformer:1"), min_replicas=1),
            explainer=Explainer(art=ArtExplainer(config={"nb_classes": "10"}), max_replicas=2),
        )
    ]

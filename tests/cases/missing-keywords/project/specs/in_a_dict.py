from gitops import Container, InferenceService, Model, Transformer, application


@application
def in_a_dict(env):
    ports = [{"name": "http"}]
    return [
        InferenceService(
            name="iris",
            model=Model(format="sklearn"),
            transformer=Transformer(container=Container(image="example.com/t:1", ports=ports)),
        )
    ]

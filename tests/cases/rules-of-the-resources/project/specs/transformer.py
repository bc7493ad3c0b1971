from gitops import InferenceService, Model, Transformer, application


@application
def transformer(env):
    return [InferenceService(name="iris", model=Model(format="sklearn"), transformer=Transformer())]

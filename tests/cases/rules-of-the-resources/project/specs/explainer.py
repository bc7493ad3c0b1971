from gitops import ArtExplainer, Container, Explainer, InferenceService, Model, application


@application
def explainer(env):
    both = Explainer(art=ArtExplainer(), container=Container(image="example.com/e:1"))
    return [InferenceService(name="iris", model=Model(format="sklearn"), explainer=both)]

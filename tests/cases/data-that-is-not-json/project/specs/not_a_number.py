from gitops import InferenceService, Model, application


@application
def not_a_number(env):
    fields = {"spec": {"predictor": {"batcher": {"timeout": float("nan")}}}}
    return [InferenceService(name="not-a-number", model=Model(format="sklearn"), fields=fields)]

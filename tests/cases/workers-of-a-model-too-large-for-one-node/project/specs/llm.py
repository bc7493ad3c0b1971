from gitops import Container, InferenceService, Model, Workers, application


@application
def llm(env):
    return [
        InferenceService(
            name="llm",
            model=Model(format="huggingface", storage="pvc://models/llm", gpus=1, args=["--model_name=llm"]),
            workers=Workers(pipeline_parallel_size=2, tensor_parallel_size=1, container=Container(gpus=1)),
            deployment_mode="Standard",
            autoscaler_class="none",
        )
    ]

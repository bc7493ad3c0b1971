from gitops import Container, InferenceService, Port, application


@application
def custom(env):
    predictor = Container(image="example.com/predictor:1", args=["--model_name", "custom"], ports=[Port(container_port=8080)])
    proxy = Container(name="proxy", image="example.com/proxy:1", cpu="100m", memory="64Mi")
    return [InferenceService(name="custom", containers=[predictor, proxy])]

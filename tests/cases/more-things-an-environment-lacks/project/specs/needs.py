from gitops import External, InferenceService, KafkaSource, Model, Topic, application


@application
def needs(env):
    return [
        KafkaSource(name="events", topics=[Topic(name="events")], sink=External("broker")),
        InferenceService(name="grpc", model=Model(format="mine", runtime=External("mine"), grpc=True)),
    ]

from gitops import External, KafkaSource, Topic, application


@application
def stream(env):
    sink = External("broker", api_version="eventing.knative.dev/v1", kind="Broker")
    return [KafkaSource(name="events", topics=[Topic(name="events")], sink=sink)]

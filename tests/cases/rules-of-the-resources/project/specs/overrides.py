from gitops import KafkaSource, Sink, Topic, application


@application
def overrides(env):
    sink = Sink(uri="http://example.com")
    return [KafkaSource(name="events", topics=[Topic(name="events")], sink=sink, ce_overrides={"my-name": "x"})]

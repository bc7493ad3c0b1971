from gitops import KafkaSource, Topic, application


@application
def sink_union(env):
    return [KafkaSource(name="events", topics=[Topic(name="events")], sink="http://example.com")]

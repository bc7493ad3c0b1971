from gitops import KafkaSource, Sink, Topic, application


@application
def sink_uri(env):
    return [KafkaSource(name="events", topics=[Topic(name="events")], sink=Sink(uri="/path"))]

from gitops import KafkaSource, application


@application
def bare_topic(env):
    return [KafkaSource(name="events", topics=["events"], sink="http://example.com")]

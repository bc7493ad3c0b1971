from gitops import KafkaSource, application


@application
def no_sink(env):
    return [KafkaSource(name="events")]

from gitops import KafkaSource, Topic, application


@application
def several(env):
    return [
        KafkaSource(
            name="events",
            topic=[Topic(name="events")],
            sinks=None,
        )
    ]

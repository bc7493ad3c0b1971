from gitops import External, InferenceService, KafkaSource, Model, Topic, Values, application


class EventsValues(Values):
    group: str = "events"


@application
def events(env, values: EventsValues):
    model = InferenceService(name="events", model=Model(format="sklearn", storage="gs://example/events/1"))
    return [
        model,
        KafkaSource(
            name="events", topics=[Topic(name="events")], sink=model.predict_url(), consumer_group=values.group
        ),
    ]

from gitops import Delivery, External, InferenceService, KafkaSource, Model, Sasl, Secret, SecretKey, Sink, Tls, Topic, application


@application
def stream(env):
    login = Secret(name="login", keys=["user", "password", "ca"])

    def key(name):
        return SecretKey(secret=login, key=name)

    model = InferenceService(name="model", model=Model(format="sklearn", storage="gs://models/iris"))
    dead = External("dead-letters", api_version="v1", kind="Service")
    return [
        login,
        model,
        KafkaSource(
            name="events",
            topics=[Topic(name="events"), External("audit")],
            sink=model.predict_url(),
            sasl=Sasl(user=key("user"), password=key("password"), type=SecretKey(secret=External("types"), key="sasl")),
            tls=Tls(ca_cert=key("ca")),
            delivery=Delivery(retry=3, dead_letter_sink=Sink(to=dead, uri="/dead")),
            ce_overrides={"source": "kafka"},
            key_type="int",
            initial_offset="earliest",
        ),
    ]

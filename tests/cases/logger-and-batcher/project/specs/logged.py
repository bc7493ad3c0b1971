from gitops import Batcher, InferenceService, Logger, Model, application


@application
def logged(env):
    return [
        InferenceService(
            name="logged",
            model=Model(format="sklearn", storage="gs://models/iris"),
            logger=Logger(mode="request", url="http://log.models.svc", metadata_headers=["x-request-id"]),
            batcher=Batcher(max_batch_size=32, max_latency=500),
        )
    ]

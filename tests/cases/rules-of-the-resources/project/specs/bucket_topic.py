from gitops import Bucket, KafkaSource, Sink, application


@application
def bucket_topic(env):
    bucket = Bucket(name="data")
    return [bucket, KafkaSource(name="events", topics=[bucket.topic], sink=Sink(uri="http://example.com"))]

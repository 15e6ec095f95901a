"""librdkafka, by confluent-kafka (``retaind[librdkafka]``); imported only where a configuration chooses it."""

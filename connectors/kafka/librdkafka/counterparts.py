"""What librdkafka's options of who one is and how one gets in are called with kafka-python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka.errors import KafkaConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

SAME = {
    "sasl.mechanism": "sasl_mechanism",
    "sasl.username": "sasl_plain_username",
    "sasl.password": "sasl_plain_password",
    "sasl.password.file": "sasl_plain_password_file",
    "ssl.ca.location": "ssl_cafile",
    "ssl.certificate.location": "ssl_certfile",
    "ssl.key.location": "ssl_keyfile",
    "ssl.key.password": "ssl_password",
    "ssl.key.password.file": "ssl_password_file",
    "ssl.crl.location": "ssl_crlfile",
}
ONLY_THERE = ("sasl.oauthbearer.", "ssl.keystore.", "ssl.cipher.", "ssl.curves.", "ssl.sigalgs.", "enable.ssl.")


def for_kafka_python(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that say who one is and how one gets in; how the library does its work is left out.

    Raises KafkaConfigurationError for one of them that kafka-python does not have.

    >>> for_kafka_python({"security.protocol": "ssl", "ssl.ca.location": "ca.pem", "fetch.min.bytes": 9})
    {'security_protocol': 'SSL', 'ssl_cafile': 'ca.pem'}
    """
    theirs: dict[str, Any] = {}
    for name, value in options.items():
        if name == "security.protocol":
            theirs["security_protocol"] = value.upper()
        elif name == "ssl.endpoint.identification.algorithm":
            theirs["ssl_check_hostname"] = value == "https"
        elif name in SAME:
            theirs[SAME[name]] = value
        elif name.startswith(ONLY_THERE):
            raise KafkaConfigurationError(
                f"librdkafka.{name}: this speaks to Kafka with kafka-python, which has no such option"
            )
    return theirs

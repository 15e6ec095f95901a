"""A real schema registry for the tests: Apicurio, which speaks Confluent's interface."""

"""From messages to the events in them: envelopes that are opened, lists that are taken apart."""

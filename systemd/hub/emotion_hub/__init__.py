"""The hub's collector: takes the devices' MQTT messages from the broker and stores them in PostgreSQL."""

"""What the gateway tells an MQTT broker, where the settings name one: README.md beside this file has topics and payloads."""

"""What the gateway tells an MQTT broker, where the settings name one: README.md here has the topics."""

"""Make an int8 file of a Keras network, calibrated, checked operator by operator, compared with the network."""

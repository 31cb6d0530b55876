"""The networks that know emotions: their layers, how a trained one is kept."""

"""How far, how dark, how turned: what is left of faces found and of accuracy when pictures get worse step by step."""

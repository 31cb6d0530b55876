"""Training frames of the detector: how one is framed, what is pasted in, and what its cells
should say.
"""

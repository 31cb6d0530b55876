"""What is learned from: faces in every form that FER2013 comes in, votes, soft targets, and the
batches made of them.
"""

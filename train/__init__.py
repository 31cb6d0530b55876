"""The workstation stage: read FER2013, train a classifier, show how good it is."""

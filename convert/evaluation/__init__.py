"""Say how often a network or a file is right: on labelled faces, and the whole way on whole photos."""

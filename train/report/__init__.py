"""How good a network is: figures, pictures, and the page of a finished run."""

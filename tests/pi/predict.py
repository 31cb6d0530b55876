"""Raw int8 scores of the shipped model for a file of faces: python -m tests.pi.predict FACES.npy SCORES.npy"""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.settings import DEFAULT_MODEL
from edge.vision import manifest
from edge.vision.runtime import quantize


def scores(faces: npt.NDArray[np.uint8], model: Path = DEFAULT_MODEL) -> npt.NDArray[np.int8]:
    """Return `(N, 7) int8`, as the model gives them, for `faces` `(N, 48, 48) uint8`."""
    from ai_edge_litert.interpreter import Interpreter

    of_input = manifest.load(manifest.path_beside(model), manifest.Manifest).input
    interpreter = Interpreter(model_path=str(model), num_threads=1)
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]["index"]
    found = interpreter.get_output_details()[0]["index"]
    results = []
    for face in faces:
        interpreter.set_tensor(given, quantize(face.reshape(of_input.shape), of_input.scale, of_input.zero_point))
        interpreter.invoke()
        results.append(interpreter.get_tensor(found)[0])
    return np.stack(results)


if __name__ == "__main__":
    np.save(sys.argv[2], scores(np.load(sys.argv[1])))

"""What the emulated Pi of `tests.pi.calibrate` runs, as its only process: programs whose times are published."""

from pathlib import Path
from typing import Any

from tests.pi.counted import count, run

FILES = Path("/em")
SIDES_PX = {"squeezenet_int8": 227, "blazeface": 128}  # of the benchmark's pictures, else 224
YUNET_SIDE_PX = 320


def count_networks() -> None:
    """As ncnn's own benchmark does: weights of zero, a picture of one gray."""
    import ncnn

    for path in sorted(FILES.glob("*.param")):
        network = ncnn.Net()
        network.opt.num_threads = 1
        network.load_param(str(path))
        network.load_model(ncnn.DataReaderFromEmpty())
        side = SIDES_PX.get(path.stem, 224)
        picture = ncnn.Mat(side, side, 3)
        picture.fill(0.01)

        def infer(network: Any = network, picture: Any = picture) -> None:
            extractor = network.create_extractor()
            for name in network.input_names():
                extractor.input(name, picture)
            for name in network.output_names():
                extractor.extract(name)

        count(path.stem, infer, 1)


def count_yunet() -> None:
    import cv2
    import numpy as np

    cv2.setNumThreads(1)
    [model] = FILES.glob("*.onnx")
    side = YUNET_SIDE_PX
    detector = cv2.FaceDetectorYN.create(str(model), "", (side, side), 0.9)
    picture = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    count("yunet", lambda: detector.detect(picture), 1)


def measure() -> None:
    count_networks()
    count_yunet()


if __name__ == "__main__":
    run(measure)

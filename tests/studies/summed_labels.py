"""What classes of one's own bring without any training: a file's seven probabilities, summed up into these classes.

.venv-train/bin/python -m tests.studies.summed_labels models/emotion_int8.tflite --data fer2013.csv --labels happy,sad
"""

import argparse
from pathlib import Path

from convert.evaluation.evaluate import predict
from edge.vision.classifier import Classifier
from train.data.classes import parse
from train.data.fer2013 import in_classes, load
from train.report.metrics import evaluate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", required=True)
    parser.add_argument("--labels", required=True)
    arguments = parser.parse_args()
    classes = parse(arguments.labels)
    data = load(arguments.data)
    probabilities, _ = predict(Classifier.load(arguments.model), data.validation)
    told = classes.class_of[data.validation.labels] >= 0
    faces = in_classes(data, classes).validation
    figures = evaluate(classes.merged(probabilities[told]), faces.labels, faces.names)
    print(f"{figures['n']} faces: {figures['accuracy']:.2%}, balanced {figures['balanced_accuracy']:.2%}")
    for name, row in figures["per_class"].items():
        print(f"{name:12} recall {row['recall']:.1%} of {row['n']}")


if __name__ == "__main__":
    main()

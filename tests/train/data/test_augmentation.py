import numpy as np

from tests.synthetic import faces
from train.data.augmentation import augment


def test_the_same_seed_gives_the_same_copies_and_the_input_stays() -> None:
    images = faces(10).images
    before = images.copy()
    one, other = (augment(images, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one, other)
    assert np.array_equal(images, before)
    assert not np.array_equal(one, augment(images, np.random.default_rng(6)))
    assert np.array_equal(one[1::3], augment(images, np.random.default_rng(5), slice(1, None, 3)))


def test_every_copy_is_changed_but_stays_a_face_image() -> None:
    images = faces(20).images
    changed = augment(images, np.random.default_rng(0))
    assert changed.shape == images.shape
    assert changed.dtype == np.uint8
    assert all(not np.array_equal(a, b) for a, b in zip(images, changed, strict=True))
    assert (changed.std(axis=(1, 2)) > 10).mean() > 0.95


def test_light_is_changed_around_the_middle() -> None:
    gray = np.full((400, 48, 48), 128, np.uint8)
    means = augment(gray, np.random.default_rng(1)).mean(axis=(1, 2))
    assert 118 < np.median(means) < 138
    assert means.std() > 10

import numpy as np

from tests.synthetic import faces
from train.augmentation import augment, blend


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


def test_blended_faces_and_their_targets_have_the_same_shares() -> None:
    black_or_white = np.arange(400) % 2
    images = np.repeat(255 * black_or_white, 48 * 48).reshape(-1, 48, 48).astype(np.uint8)
    targets = {"emotion": np.eye(2, dtype=np.float32)[black_or_white]}
    blended, shares = blend(images, targets, 0.5, np.random.default_rng(0))
    np.testing.assert_allclose(blended.mean(axis=(1, 2)) / 255, shares["emotion"][:, 1], atol=2e-3)
    np.testing.assert_allclose(shares["emotion"].sum(axis=1), 1, atol=1e-6)
    assert 0.15 < np.mean(blended.std(axis=(1, 2)) > 0) < 0.35  # half of the faces, every second time with its like
    assert np.array_equal(blend(images, targets, 0.0, np.random.default_rng(0))[0], images)

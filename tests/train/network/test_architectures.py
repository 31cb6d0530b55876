"""The networks keep the budget, scale inside, and come out plain whatever they were trained with."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from tests.synthetic import faces
from train.data.batches import as_input
from train.errors import ConfigError
from train.network.architectures import ARCHITECTURES, build, with_votes
from train.network.export import best_temperature, calibrate, deployable
from train.network.normalization import FusedBatchNormalization
from train.report.metrics import expected_calibration_error
from train.run.precision import policy


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_networks_keep_the_budget_and_scale_inside(name: str) -> None:
    model = build(name)
    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    macs = sum(int(np.prod(layer.output.shape[1:3])) * int(np.prod(layer.kernel.shape)) for layer in convolutions)
    networks = 3 if name == "committee" else 1
    assert macs < networks * 80e6
    assert model.count_params() < networks * 1.2e6
    probabilities = model.predict(as_input(faces(1).images), verbose=0)
    assert probabilities.shape == (7, 7)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert isinstance(model.layers[1], layers.Rescaling)


def test_a_face_and_its_mirror_image_get_the_same_answer_while_the_network_learns() -> None:
    rng = np.random.default_rng(0)
    upright = rng.integers(0, 256, (32, 48, 48)).astype(np.uint8)
    images = as_input(np.concatenate([upright, upright[:, :, ::-1]]))
    targets = np.tile(np.eye(7, dtype=np.float32)[rng.integers(0, 7, 32)], (2, 1))
    trained = ARCHITECTURES["cnn"](dropout=0.0)
    trained.compile(keras.optimizers.SGD(0.1, momentum=0.9), "categorical_crossentropy")
    for _ in range(3):
        trained.train_on_batch(images, targets)
    one, other = np.split(keras.ops.convert_to_numpy(trained(images, training=True)), 2)
    np.testing.assert_allclose(one, other, atol=1e-4)
    assert one.std(axis=0).min() > 1e-2  # and other faces get other answers


def test_a_size_that_the_network_has_not_is_refused() -> None:
    assert build("cnn", head=0, widths=(8, 8, 8)).count_params() < 10_000
    assert build("cnn", head=0, widths=(9, 8, 8), mirrored=False).count_params() < 10_000
    with pytest.raises(
        ConfigError, match="cnn has no size width; it has depths, dropout, head, mirrored, stem, widths"
    ):
        build("cnn", width=8)


def test_weights_that_cannot_be_had_are_said_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens: no download, wherever this runs
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=r"cannot be fetched .* or leave out --pretrained"):
        build("mobilenet_v2", pretrained=True)
    with pytest.raises(ConfigError, match="no ImageNet weights for cnn; --pretrained goes with --arch mobilenet_v2"):
        build("cnn", pretrained=True)


def test_the_deployable_copy_is_plain_float32_and_says_the_same() -> None:
    trained = with_votes(build("cnn", "mixed_bfloat16"))
    copy = deployable(trained)
    assert not any(isinstance(layer, FusedBatchNormalization) for layer in copy.layers)
    assert not any(getattr(layer, "kernel_constraint", None) for layer in copy.layers)
    assert {layer.dtype_policy.name for layer in copy.layers} == {"float32"}
    images = as_input(faces(2).images)
    np.testing.assert_allclose(
        copy.predict(images, verbose=0), trained.predict(images, verbose=0)["emotion"], atol=0.02
    )


def test_fused_batch_norm_learns_what_the_plain_one_learns() -> None:
    x = np.random.default_rng(0).normal(3, 2, (64, 6, 6, 4)).astype(np.float32)
    fused = FusedBatchNormalization()
    plain = layers.BatchNormalization()
    for _ in range(3):
        np.testing.assert_allclose(fused(x, training=True), plain(x, training=True), atol=1e-4)
    for one, other in zip(fused.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-3)  # the fused kernel's variance is the unbiased one
    np.testing.assert_allclose(fused(x), plain(x), rtol=2e-3, atol=1e-3)


def test_the_temperature_mends_overconfidence_inside_the_graph() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (4000, 7))
    truth = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(7, p=row) for row in truth])
    sharp = np.exp(2 * logits) / np.exp(2 * logits).sum(axis=1, keepdims=True)
    assert best_temperature(sharp, labels) == pytest.approx(2, abs=0.15)
    emotion = layers.Dense(7, activation="softmax", name="emotion", kernel_initializer="identity")
    model = keras.Sequential([layers.Input((7,)), emotion])
    calibrate(model, model.predict(2 * logits, verbose=0), labels)
    before, after = (expected_calibration_error(p, labels) for p in (sharp, model.predict(2 * logits, verbose=0)))
    assert after < 0.03 < before


@pytest.mark.parametrize(
    ("asked", "cpuinfo", "expected"),
    [
        ("auto", "flags : fpu avx512_bf16 amx_tile", "mixed_bfloat16"),
        ("auto", "Features : fp asimd bf16", "mixed_bfloat16"),
        ("auto", "flags : fpu avx2", "float32"),
        ("float32", "flags : avx512_bf16", "float32"),
        ("mixed_bfloat16", "", "mixed_bfloat16"),
    ],
)
def test_bfloat16_is_used_where_the_processor_has_it(tmp_path: Path, asked: str, cpuinfo: str, expected: str) -> None:
    (tmp_path / "cpuinfo").write_text(cpuinfo)
    assert policy(asked, tmp_path / "cpuinfo") == expected
    assert policy("auto", tmp_path / "missing") == "float32"

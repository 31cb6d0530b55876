"""Batch normalization by TensorFlow's fused kernel: in bfloat16 it doubles the speed of
training on a processor.
"""

from typing import Any

import keras


class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Its parent casts to float32 and back and makes ten passes over the data; same weights and
    result, but that the moving variance is that of a sample (N - 1).

    On other backends than TensorFlow it is its parent.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if not training or keras.backend.backend() != "tensorflow":
            return super().call(inputs, training=training, mask=mask)
        from tensorflow.compat.v1.nn import fused_batch_norm

        gamma, beta = (
            keras.ops.convert_to_tensor(weight, "float32") for weight in (self.gamma, self.beta)
        )
        outputs, mean, variance = fused_batch_norm(
            inputs, gamma, beta, epsilon=self.epsilon, is_training=True
        )
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + batch * (1 - self.momentum))
        return outputs

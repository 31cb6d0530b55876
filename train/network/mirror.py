"""Layers that see a face and its mirror image alike: channels come in pairs, each the mirror
image of the other.

Cohen and Welling 2016, "Group Equivariant Convolutional Networks", for the group of one
reflection. The weights are projected onto the symmetric ones after each step, which trains as
tied weights would and leaves plain layers to export.
"""

import keras


class MirrorSymmetric(keras.constraints.Constraint):
    """Keep the second half of a layer's channels the mirror image of the first.

    Takes the kernel of a convolution (height, width, in, out) whose input is in such pairs too,
    or one gray image; of a dense layer (in, out), whose outputs then do not change when the
    face is mirrored; or one value a channel.
    """

    def __call__(self, w: keras.KerasTensor) -> keras.KerasTensor:
        if w.ndim < 4:
            return (w + _exchanged(w, 0)) / 2
        mirrored = _exchanged(keras.ops.flip(w, 1), 3)
        return (w + (_exchanged(mirrored, 2) if w.shape[2] > 1 else mirrored)) / 2


def _exchanged(w: keras.KerasTensor, axis: int) -> keras.KerasTensor:
    return keras.ops.roll(w, w.shape[axis] // 2, axis)

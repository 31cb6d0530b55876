"""Choose the arithmetic of training: bfloat16 where the processor multiplies it, else float32."""

from pathlib import Path

from train.config import Precision

BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}  # x86, x86, arm64


def policy(precision: Precision, cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the Keras dtype policy that `precision` asks for on this machine."""
    if precision != "auto":
        return precision
    flags = set(cpuinfo.read_text().split()) if cpuinfo.exists() else set()
    return "mixed_bfloat16" if flags & BFLOAT16_FLAGS else "float32"

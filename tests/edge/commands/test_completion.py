import sys
from typing import get_args

import pytest

from edge.commands.completion import Shell, make, script

shtab = pytest.importorskip("shtab")


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="argparse words its usage otherwise there")
@pytest.mark.parametrize("shell", get_args(Shell))
def test_the_scripts_know_every_command_and_option(shell: Shell) -> None:
    assert script(shell) == make(shell), "make them anew: python -m edge.commands.completion"

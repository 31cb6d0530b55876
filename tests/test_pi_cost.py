"""What `make pi-cost` says of what the emulated Pi counted."""

from pathlib import Path

import pytest

from tests.pi.calibrate import PUBLISHED, networks
from tests.pi.cost import with_milliseconds
from tests.pi.milliseconds import GIGAHERTZ, INSTRUCTIONS_A_CYCLE


def test_a_count_is_followed_by_the_milliseconds_computed_from_it() -> None:
    least, most = INSTRUCTIONS_A_CYCLE["cortex-a72"]
    million = 18.0 * GIGAHERTZ["cortex-a72"]
    expected = f"a frame: {million:.2f} (computed: {18 / most:.1f} to {18 / least:.1f} ms)"
    assert with_milliseconds(f"COUNT a frame: {million:.2f}", "cortex-a72") == expected


def test_a_core_without_published_times_and_a_failure_stand_as_they_are() -> None:
    assert with_milliseconds("COUNT a frame: 18.00", "cortex-a53") == "a frame: 18.00"
    assert with_milliseconds("Traceback (most recent call last):", "cortex-a72") == "Traceback (most recent call last):"


def test_each_range_rests_on_several_programs_and_another_folder_is_refused(tmp_path: Path) -> None:
    for cpu in INSTRUCTIONS_A_CYCLE:
        assert len([one for one in PUBLISHED if one.cpu == cpu]) >= 4
    with pytest.raises(SystemExit, match=r"expected a checkout of ncnn, found no benchmark/models/blazeface\.param"):
        networks(tmp_path)

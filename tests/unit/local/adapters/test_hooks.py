from types import SimpleNamespace

import pytest

from scripts.local.adapters.hooks import HookMissingError, require


def test_a_hook_that_is_there_is_fine() -> None:
    require("moto", "5.2.5", SimpleNamespace(there=1), "there")


def test_a_hook_that_is_gone_is_named_with_the_version_it_was_in() -> None:
    with pytest.raises(HookMissingError, match=r"moto .* has no gone, lost .* written for moto 5\.2\.5"):
        require("moto", "5.2.5", SimpleNamespace(there=1), "there", "gone", "lost")

"""Each test session runs its flows in a datastore of its own."""

import pytest
from workplace import Workplace


@pytest.fixture(scope="session")
def workplace(tmp_path_factory) -> Workplace:
    return Workplace(tmp_path_factory.mktemp("metaflow"))

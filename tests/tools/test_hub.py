"""What a class on a hub is told; the hub itself: ``python -m tools.classroom.hub``."""

import pytest

from tools.checks.waits import longest_of_95_percent
from tools.classroom import hub
from tools.classroom.hub import Learner, table, verdict


def test_95_percent_of_waits_do_not_exceed_it():
    assert longest_of_95_percent([7.0]) == 7
    assert longest_of_95_percent([float(k) for k in range(20, 0, -1)]) == 19
    assert longest_of_95_percent([float(k) for k in range(1, 61)]) == 57


def test_who_failed_is_named_and_the_others_count():
    ada = Learner("ada", waits_ms=[100.0, 499.0, 500.0, 900.0], trained_s=50)
    bob = Learner("bob", problem="TimeoutError: no kernel")
    said, well = verdict([ada, bob])
    assert not well
    assert said.splitlines() == [
        "bob failed. TimeoutError: no kernel",
        "4 presses: 50.0% under 500 ms, 95% within 900 ms, the longest 900 ms",
        "1 of 2 learners succeeded",
    ]
    assert verdict([ada])[1]


def test_table_has_a_row_for_each_learner_also_without_presses():
    ada = Learner(
        "ada", waits_ms=[100.0, 200.0, 300.0], processor_s=90, alone_mb=812.4, shared_mb=655.5
    )
    *_, first, second = table([ada, Learner("bob")]).splitlines()
    assert first == "| ada | 0 s | 3 | 200 ms | 300 ms | 0 s | 90 s | 812 MB | 656 MB |"
    assert second == "| bob | 0 s | 0 | – | – | 0 s | 0 s | 0 MB | 0 MB |"


@pytest.mark.parametrize(
    ("absent", "cure"),
    [
        ("jupyterhub", "python -m pip install 'jupyterhub"),
        ("configurable-http-proxy", "npm install configurable-http-proxy"),
    ],
)
def test_what_is_missing_says_how_to_get_it(absent, cure, monkeypatch, capsys):
    monkeypatch.setattr(hub, "what_is_missing", lambda: None)
    monkeypatch.setattr(
        hub.importlib.util, "find_spec", lambda name: None if name == absent else name
    )
    monkeypatch.setattr(hub.shutil, "which", lambda name: None if name == absent else name)
    assert hub.main([]) == 2
    assert cure in capsys.readouterr().err

"""What `generate` prints: a short table, and what falls short."""

from __future__ import annotations

from vaeaudit.wording.generation import generated_in_words


def figure(value):
    return {"value": value, "ci": {"low": value - 0.1, "high": value + 0.1, "level": 0.95}, "stderr": 0.05}


def document(**more):
    near = {"nearer": figure(0.5), "membership": figure(0.6), "outside": figure(0.1), "equal": 0.0}
    quality = {
        "rows": 2000,
        "held_out": 300,
        "measures": [{"name": "told_apart", "model": figure(0.7), "trees": figure(0.6), "real": figure(0.5)}],
        "closeness": {**near, "equal_held_out": 0.0},
        "closeness_of_trees": {**near, "equal": 0.02},
        "unseen_pairs": {"model": figure(0.12), "trees": figure(0.11), "held_out": figure(0.1)},
    }
    return {
        "asked": {"source": "mixture", "seed": 3, "like": None, "conditions": []},
        "drawing": {"written": 1200, "drawn": 4000, "met_share": 0.3, "ci": {"low": 0.2, "high": 0.4}},
        "rules": [],
        "quality": quality,
        "shortcomings": ["told from real rows"],
        "notes": ["a note"],
        "file": {"format": "csv"},
        **more,
    }


def test_figures_stand_in_columns_beside_the_trees():
    lines = generated_in_words(document())
    assert lines[0] == "1,200 rows, z from the mixture, seed 3."
    table = [line for line in lines if line.startswith("  ")]
    assert len({line.index("0.") for line in table if "AUC" in line and "attack" in line}) == 1
    assert "0.70 [0.60, 0.80]" in table[1]
    assert "0.60 [0.50, 0.70]" in table[1]
    assert "2.0 %" in table[-2]
    assert "12.0 % [2.0, 22.0]" in table[-1]
    assert lines[-2:] == ["Falls short: told from real rows.", "Note: a note"]


def test_the_share_that_met_what_was_asked_is_said():
    asked = {"source": "posterior", "seed": 0, "like": "p7", "conditions": [{}]}
    lines = generated_in_words(document(asked=asked, quality=None, file={"format": "png"}))
    assert lines[0] == "1,200 pictures, z from the posterior of row p7, seed 0."
    assert lines[1] == "Of 4,000 drawn, 30.0 % [20.0, 40.0] met what was asked."
    assert not any(line.startswith("  ") for line in lines)

"""Runs the dialogues of doc/queue.md, section 11, with the real daemons, as test_dialogues does."""

import os

import pytest
from test_dialogues import dialogues, play

PAGE = os.path.join(os.path.dirname(__file__), "..", "..", "doc", "queue.md")
FOUND = dialogues(PAGE, 11)


@pytest.mark.parametrize("title, lines", FOUND, ids=[title for title, _ in FOUND])
def test_dialogue(shared_queue, title, lines):
    client = shared_queue.client()
    play(shared_queue, client, lines, before_cancel=lambda server: None)


def test_the_document_has_its_dialogues():
    assert len(FOUND) >= 5
    assert all(lines for _, lines in FOUND)

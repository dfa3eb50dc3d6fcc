"""The arithmetic of the budget, with a clock of its own and views that cost what they are told to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.worker import watching
from playground.worker.commands import Ask
from playground.worker.mailbox import Mailbox
from playground.worker.watching import SHARE, Watching, shares

COSTS = st.lists(st.tuples(st.floats(1e-5, 2.0), st.floats(0.05, 1.0)), min_size=1, max_size=6)


@given(COSTS)
def test_what_is_spent_never_adds_up_to_more_than_the_total(jobs):
    given_ = shares(jobs, SHARE)
    spent = sum(min(cost / interval, share) for (cost, interval), share in zip(jobs, given_, strict=True))
    assert spent <= SHARE * (1 + 1e-9)


@given(COSTS)
def test_nothing_is_left_over_while_somebody_wants_more(jobs):
    given_ = shares(jobs, SHARE)
    needs = [cost / interval for cost, interval in jobs]
    if sum(needs) > SHARE:
        spent = sum(min(need, share) for need, share in zip(needs, given_, strict=True))
        assert spent == pytest.approx(SHARE)


class Subject:
    step = 0


@pytest.mark.parametrize("costs", [(0.001, 0.004, 0.02, 0.08), (0.5, 0.5, 0.5, 0.5), (0.0001,) * 4])
def test_over_some_minutes_the_share_holds_and_every_view_moves(costs):
    now = [0.0]
    watched = Watching(Mailbox(), clock=lambda: now[0])
    seen = dict.fromkeys(range(len(costs)), 0)

    def make(index, cost):
        def draw(subject):
            now[0] += cost
            seen[index] += 1

        return draw

    for index, cost in enumerate(costs):
        watched._want(str(index), 0.2, Ask(f"wish {index}"), make(index, cost))
    subject, pictures = Subject(), 0.0
    while now[0] < 6 / SHARE:
        now[0] += 0.01  # a step
        subject.step += 1
        before = now[0]
        while (job := watched.urgent(subject.step, training=True)) is not None:
            watched.run(job, subject)
        if (job := watched.due(subject.step)) is not None:
            watched.run(job, subject)
        pictures += now[0] - before
    first = 2 * sum(costs)  # the first of each is urgent, the second comes soon, whatever they cost
    assert (pictures - first) / now[0] <= SHARE * 1.02
    assert all(count > 3 for count in seen.values())
    if sum(costs) < 0.001:
        assert all(count > 400 for count in seen.values())  # held back by the interval alone


def test_a_failing_view_is_retried_ever_more_rarely_and_said_once():
    now, tries = [0.0], []
    mailbox = Mailbox()
    watched = Watching(mailbox, clock=lambda: now[0])

    def fail(subject):
        tries.append(now[0])
        raise ZeroDivisionError

    watched._want("curves", 0.2, Ask("x"), fail)
    subject = Subject()
    while now[0] < 300:
        now[0] += 0.05
        subject.step += 1
        if (job := watched.urgent(subject.step, training=True) or watched.due(subject.step)) is not None:
            watched.run(job, subject)
    assert 5 < len(tries) < 14
    assert max(b - a for a, b in zip(tries, tries[1:], strict=False)) <= watching.LONGEST_BACK_OFF + 0.1
    assert len(mailbox.take().events) == 1


def test_at_rest_nothing_is_drawn_twice():
    watched = Watching(Mailbox(), clock=lambda: 0.0)
    watched._want("curves", 0.2, Ask("x"), lambda subject: None)
    subject = Subject()
    watched.run(watched.urgent(0, training=False), subject)
    assert watched.urgent(0, training=False) is None
    assert watched.urgent(1, training=False) is not None
    assert watched.urgent(1, training=True) is None
    watched.model_changed(forget=False)
    assert watched.urgent(0, training=True) is not None


def test_of_a_step_that_is_passed_over_only_the_quick_pictures_are_made():
    """The first whatever it costs, so that something is seen; what takes long waits until it is allowed again."""
    now, made = [0.0], []
    watched = Watching(Mailbox(), clock=lambda: now[0])

    def make(name, cost):
        def draw(subject):
            now[0] += cost
            made.append(name)

        return draw

    for name, cost in (("slow", 0.1), ("quick", 0.005), ("quicker", 0.002)):
        watched._want(name, 0.2, Ask(name), make(name, cost))

    def look(within):
        watched.model_changed(forget=False)
        made.clear()
        while (job := watched.urgent(0, training=True, within=within)) is not None:
            watched.run(job, Subject())
        return made.copy()

    look(1.0)
    assert look(0.02) == ["quicker", "quick"]
    watched._jobs.pop("quick")
    watched._jobs.pop("quicker")
    assert look(0.02) == ["slow"]
    assert watched.urgent(0, training=True) is None


def test_recording_counts_as_watching():
    now = [10.0]
    watched = Watching(Mailbox(), clock=lambda: now[0])
    watched.started()
    now[0] += 2.0
    watched.charge(0.1)
    assert watched.share() == pytest.approx(0.05)

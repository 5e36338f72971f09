"""Messages per minute through one solo worker, compared with no-op tasks of Celery and four other queues."""

from collections.abc import Iterator

from bench import peers
from bench.house import fill, house, noop_worker, wait_for
from bench.report import Figure, median

ROUNDS = 5


def measure(quick: bool) -> Iterator[Figure]:
    """Interleave our runs with each peer's; yield the medians and their ratios."""
    rounds, count, tasks = (1, 2_000, 300) if quick else (ROUNDS, 60_000, 3_000)
    ours, others = [], {name: [] for name in peers.NAMES}
    for _ in range(rounds):
        ours.append(messages_per_second(count))
        for name in peers.NAMES:
            others[name].append(peers.tasks_per_second(name, tasks))
    rate = median(ours)
    yield Figure(
        "worker, no-op gateway",
        "codes claimed, opened, composed and settled with a reference each, a minute; SQLite, one solo worker",
        60 * rate,
        "/min",
        at_least=1_000_000,
    )
    rates = {name: median(values) for name, values in others.items()}
    yield Figure(
        "worker / no-op Celery tasks",
        "messages / tasks of stock Celery, solo, Redis",
        rate / rates["celery"],
        at_least=20,
        seen=f"{60 * rates['celery']:,.0f}/min",
    )
    best = max((name for name in rates if name != "celery"), key=lambda name: rates[name])
    yield Figure(
        "worker / best other queue",
        "messages / no-op tasks of the best of dramatiq, rq, huey, taskiq, one process each, Redis",
        rate / rates[best],
        at_least=5,
        seen=", ".join(f"{name} {60 * value:,.0f}/min" for name, value in rates.items() if name != "celery"),
    )


def messages_per_second(count: int) -> float:
    """Return how many messages per second one worker settles, from its first to its last."""
    with house() as made:
        fill(made, count, "CODE")
        with noop_worker(made):
            wait_for(lambda: made.statuses().get("sent", 0) == count, 60 + count / 500)
        ((first, last, references),) = made.query(
            "SELECT min(settled_at), max(settled_at), count(DISTINCT gateway_reference) FROM message"
        )
        assert references == count, f"{references} references for {count} messages"
        return count / ((last - first) / 1e6)

"""`python3 dev.py bench [--quick] [--only ROW ...] [--json FILE] [--write FILE]`."""

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from bench import (
    bursts,
    click,
    console,
    exactly_once,
    growth,
    http,
    mail,
    memory,
    outage,
    purge,
    ratios,
    report,
    scale,
    start,
    throughput,
)
from bench.machine import machine
from bench.report import Figure, Skipped

Rows = dict[str, Callable[[bool], Iterator[Figure | Skipped]]]
ROWS: Rows = {
    "throughput": throughput.measure,
    "click": click.measure,
    "told": click.measure_told,
    "busy": click.measure_busy,
    "bursts": bursts.measure,
    "lanes": bursts.measure_lanes,
    "idle": bursts.measure_idle,
    "mail": mail.measure,
    "http": http.measure,
    "memory": memory.measure,
    "start": start.measure,
    "outage": outage.measure,
    "exactly-once": exactly_once.measure,
    "console": console.measure,
    "growth": growth.measure,
    "purge": purge.measure,
    "ratios": ratios.measure,
    "telemetry": click.measure_traced,
    "scale": scale.measure,
    "million": scale.measure_broadcast,
}
HEAD = """\
# Performance

Every figure is a ratio to a peer, or has a bound, measured in one run:

```
python3 dev.py bench --write docs/performance.md
```

Compared runs are interleaved, and each value is the median of five rounds unless its row says otherwise. `--quick`
only shows that everything runs; `--only NAME` measures some of the rows:
{names}. `--kept 0 0.1 1 10` says what `growth` keeps, in millions of messages.

Measured on: {machine}

{table}

{bounds}"""
BOUNDS = Path(__file__).parent / "bounds.md"


def main(arguments: Sequence[str]) -> int:
    """Measure the rows asked for, print them, and return 0 if none failed to run; a missed bound is no failure."""
    options = parse(arguments)
    line = machine()
    print(line, flush=True)
    rows: Rows = {**ROWS, "growth": partial(growth.measure, millions=options.kept)}
    results: list[Figure | Skipped] = []
    broken = 0
    for name in options.only or ROWS:
        began = time.monotonic()
        try:
            for one in rows[name](options.quick):
                results.append(one)
                print(report.table([one]).splitlines()[-1], flush=True)
        except Exception:  # noqa: BLE001 - one row that fails must not lose the others
            traceback.print_exc()
            results.append(Skipped(name, "broke"))
            broken += 1
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    print(report.table(results))
    if options.json:
        report.write_json(options.json, line, results)
    if options.write:
        text = HEAD.format(
            names=", ".join(f"`{name}`" for name in ROWS),
            machine=line,
            table=report.table(results),
            bounds=BOUNDS.read_text(encoding="utf-8"),
        )
        options.write.write_text(text, encoding="utf-8")
    return 1 if broken else 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description="Measure against peers and limits.")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: shows that it runs")
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW", help=f"some of {', '.join(ROWS)}")
    parser.add_argument(
        "--kept",
        nargs="+",
        type=float,
        default=growth.KEPT,
        metavar="MILLIONS",
        help="what growth keeps: millions of messages, the first to compare with",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page of results")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

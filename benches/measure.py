"""Runs commands in turns, and prints what they cost as the rows of a Markdown table. The scripts here use it.

    measure.py RUNS CASES [LOG]

Each line of the file CASES is `NAME | COMMAND` or `NAME | COMMAND | BEFORE`; BEFORE is a shell command that runs ahead
of each run and is not measured, COMMAND is words, in which `{round}` stands for the number of the round. The commands
take turns (one run of each, then the next round), so a slow moment of the machine hits all of them alike. The first round
warms up and does not count. A row has the medians of wall time, of CPU time and of the peak resident size, and the ratio
of wall time to that of the first case; with LOG, a file to which servers write a line for each request, the median of
those lines too.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

COST = Path(__file__).with_name("cost")


def cost(command):
    """What a command costs: wall time and CPU time in ms, peak size in MiB."""
    done = subprocess.run([COST, *command.split()], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"measure: `{command}` failed with status {done.returncode}")
    wall, cpu, peak = map(int, done.stdout.split())
    return wall / 1e6, cpu / 1e3, peak / 1024


def lines_of(log):
    """How many lines a log has. Waits a moment, as a server may write a line after the client has gone."""
    if log is None:
        return 0
    time.sleep(0.05)
    return Path(log).read_bytes().count(b"\n")


def main():
    runs = int(sys.argv[1])
    log = sys.argv[3] if len(sys.argv) > 3 else None
    lines = Path(sys.argv[2]).read_text().splitlines()
    cases = [[part.strip() for part in line.split(" | ")] for line in lines if line.strip()]
    samples = [[] for _ in cases]
    for round_number in range(runs + 1):
        for (_, command, *before), rows in zip(cases, samples):
            for preparation in before:
                subprocess.run(preparation, shell=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            lines_before = lines_of(log)
            row = cost(command.replace("{round}", str(round_number)))
            if round_number > 0:
                rows.append((*row, lines_of(log) - lines_before))
    requests = "requests | " if log else ""
    print(f"| command | wall ms | CPU ms | peak MiB | {requests}wall, umbel = 1 |")
    print("|---|--:|--:|--:|--:|" + "--:|" * bool(log))
    medians = [[statistics.median(column) for column in zip(*rows)] for rows in samples]
    for (name, *_), (wall, cpu, peak, requests) in zip(cases, medians):
        requests = f"{requests:.0f} | " if log else ""
        print(f"| {name} | {wall:.1f} | {cpu:.1f} | {peak:.1f} | {requests}{wall / medians[0][0]:.2f} |")


main()

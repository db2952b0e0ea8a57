"""Aoristic weights in fractions, an hour at a time.

usage: aoristic_weights.py SEED EVENTS.csv EXPECTED.json

Writes random events and what each step must weigh: every event's stretch is cut at every edge, and its parts are compared
with the whole as exact fractions.
"""

import csv
import datetime
import json
import random
import sys
from collections import defaultdict
from fractions import Fraction

choose = random.Random(int(sys.argv[1]))
epoch = datetime.datetime(2024, 1, 29)
events = []
for number in range(400):
    start = epoch + datetime.timedelta(minutes=choose.randrange(60 * 24 * 70))
    kind = number % 8
    length = choose.choice([0, 7, 60, 400, 1440, 9000, 60000])
    end = start + datetime.timedelta(minutes=length)
    if kind == 6:
        end = None
    elif kind == 7:
        end = start - datetime.timedelta(minutes=1 + length)
    if kind == 5:
        # Whole days: the end is the midnight after its date.
        start = start.replace(hour=0, minute=0)
        days = choose.randrange(3)
        written = [start.date().isoformat(), (start + datetime.timedelta(days)).date().isoformat()]
        end = start + datetime.timedelta(days + 1)
    else:
        written = [start.isoformat(timespec="minutes"), end.isoformat(timespec="minutes") if end else ""]
    events.append((f"e{number:03}", start, end, written))
with open(sys.argv[2], "w", newline="") as file:
    rows = [[name, *written] for name, _, _, written in events]
    choose.shuffle(rows)
    csv.writer(file).writerows([["id", "start", "end"], *rows])


def floor(step, at):
    if step == "hour":
        return at.replace(minute=0)
    at = at.replace(hour=0, minute=0)
    if step == "week":
        return at - datetime.timedelta(at.weekday())
    return at.replace(day=1) if step == "month" else at


def following(step, at):
    if step == "month":
        return (at.replace(day=28) + datetime.timedelta(7)).replace(day=1)
    return at + {"hour": datetime.timedelta(hours=1), "day": datetime.timedelta(1), "week": datetime.timedelta(7)}[step]


def written(step, at):
    return {"hour": at.isoformat(timespec="minutes"), "month": at.isoformat()[:7]}.get(step, at.date().isoformat())


def weights(step, cap):
    found, unspread, left_out = defaultdict(Fraction), [], 0
    for name, start, end, _ in events:
        if end is None or end < start:
            unspread.append(name)
            found[floor(step, start)] += 1
            continue
        if cap and end - start > datetime.timedelta(cap):
            left_out += 1
            continue
        if end == start:
            found[floor(step, start)] += 1
            continue
        at = floor(step, start)
        while at < end:
            after = following(step, at)
            part, whole = min(after, end) - max(at, start), end - start
            found[at] += Fraction(part // datetime.timedelta(seconds=1), whole // datetime.timedelta(seconds=1))
            at = after
    rows, at, last = [], min(found), max(found)
    while at <= last:
        rows.append([written(step, at), float(found.get(at, 0))])
        at = following(step, at)
    week = [[Fraction(0)] * 24 for _ in range(7)]
    for at, weight in found.items():
        week[at.weekday()][at.hour] += weight
    return {
        "rows": rows,
        "unspread": unspread,
        "too_long": left_out,
        "week": [[float(weight) for weight in day] for day in week],
    }


answer = {step: weights(step, None) for step in ("hour", "day", "week", "month")}
answer["capped"] = weights("day", 6)
with open(sys.argv[3], "w") as file:
    json.dump(answer, file)

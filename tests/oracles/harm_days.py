"""Harm of random events from the published table, in fractions.

usage: harm_days.py SEED HARM.csv EVENTS.csv EXPECTED.json
"""

import csv
import json
import random
import sys
from collections import Counter
from fractions import Fraction

choose = random.Random(int(sys.argv[1]))
with open(sys.argv[2], newline="") as file:
    table = {f"{row['statute']} {row['section']}": row for row in csv.DictReader(file)}
unknown = ["PPC-1860 34", "CNSA-1997 9", "PECA-2016 22A"]


def days(section, rule):
    row = table[section]
    least, most = (Fraction(row[name]) if row[name] else None for name in ("min_years", "max_years"))
    years = {
        "days": least if least is not None else most / 4,
        "least": least or Fraction(0),
        "quarter": most / 4,
        "half": most / 2,
    }[rule]
    return years * 365


counts, rows = Counter(), []
for number in range(500):
    cited = choose.sample([*table, *unknown], choose.choice([1, 1, 2, 3]))
    stage = choose.choice(["", "fir", "seizure", "complaint", "str_referral"])
    detection = choose.choice(["", "", "unknown", "victim_report", "border_check", "ngo_referral", "intelligence_led"])
    known = [section for section in cited if section in table]
    # The gravest, and the first of equals.
    gravest = max(known, key=lambda section: (days(section, "days"), -cited.index(section))) if known else cited[0]
    found = detection in ("border_check", "intelligence_led")
    if detection in ("", "unknown"):
        found = stage in ("seizure", "str_referral")
    counts[gravest, "proactive" if found else "reported"] += 1
    rows.append([number, "|".join(cited), stage, detection])
choose.shuffle(rows)
with open(sys.argv[3], "w", newline="") as file:
    csv.writer(file).writerows([["id", "section", "stage", "detection"], *rows])

answer = {}
for group in ("reported", "proactive"):
    mine = {section: number for (section, of), number in counts.items() if of == group}
    weighed = {section: number for section, number in mine.items() if section in table}
    sums = {
        rule: float(sum(days(section, rule) * number for section, number in weighed.items()))
        for rule in ("days", "least", "quarter", "half")
    }
    answer[group] = {"count": sum(mine.values()), "unweighted": sum(mine.values()) - sum(weighed.values()), **sums}
sections = sorted({section for section, _ in counts})
answer["rows"] = [
    [
        section,
        counts[section, "reported"],
        counts[section, "proactive"],
        float(days(section, "days")) if section in table else None,
        table[section]["citation"] if section in table else None,
    ]
    for section in sections
]
with open(sys.argv[4], "w") as file:
    json.dump(answer, file)

"""Reported, zero or missing with pandas: group-by of the records that the store exports, and of the generator's truth.

Arguments: incidents.csv of `export incidents`, truth.parquet, districts.csv, category or `all`, first and last month or
`default`, the file to write.
"""

import json
import sys

import pandas as pd

incidents, truth, districts, category, window, out = sys.argv[1:7]

records = pd.read_csv(incidents, dtype=str, keep_default_na=False)
first, last = pd.to_datetime(records.first_day), pd.to_datetime(records.last_day)
records["month"] = first.dt.strftime("%Y-%m").where((last - first).dt.days < 31)
records["profile"] = records.profile.str.split("@").str[0]
records["matches"] = True if category == "all" else records.category == category

table = pd.read_csv(districts, dtype=str, keep_default_na=False)
table = table[table.kind == "current"].set_index("name")

# Profiles that never sent what is asked about say nothing about it.
sends = records.groupby(["agency", "profile"]).matches.transform("any")
excluded = {"no_month": int((records.month.isna() & records.matches).sum())}
matched = int(records.matches.sum())
records = records[sends & records.month.notna()]

months = sorted(records.month.unique())
if window == "default":
    every = pd.period_range(months[0], months[-1], freq="M").strftime("%Y-%m")
    every = list(every[-12:])
else:
    every = list(pd.period_range(*window.split("/"), freq="M").strftime("%Y-%m"))
of_month = records.groupby(["agency", "month"]).size()
matching = records[records.matches].groupby(["agency", "district", "month"]).size()
excluded["outside_steps"] = int((records.matches & ~records.month.isin(every)).sum())

rows, places = {}, {}
for agency, sent in records.groupby("agency"):
    named = set(sent.district) - {""}
    provinces = set(table.loc[list(named & set(table.index))].province)
    theirs = set(table.index[table.province.isin(provinces)]) | named
    if not theirs or (sent.matches & (sent.district == "")).any():
        theirs.add("")
    places[agency] = theirs
of_all = set(table.index).union(*places.values())


def told(n, covered):
    return "reported" if n else "zero" if covered else "missing"


for month in every:
    together = {place: [0, 0, 0, False] for place in of_all}
    for agency, theirs in places.items():
        month_n = int(of_month.get((agency, month), 0))
        unplaced = int(matching.get((agency, "", month), 0))
        for place in theirs:
            n = int(matching.get((agency, place, month), 0))
            status = told(n, month_n > 0)
            rows[f"{agency}|{place}|{month}"] = [status, None if status == "missing" else n, month_n, unplaced]
            sum_ = together[place]
            sum_[0] += n
            sum_[1] += month_n
            sum_[2] += unplaced
            sum_[3] |= month_n > 0
    for place, (n, month_n, unplaced, covered) in together.items():
        status = told(n, covered)
        rows[f"|{place}|{month}"] = [status, None if status == "missing" else n, month_n, unplaced]

# What the generator knows: rows of three bureaus that name their district, one incident each.
made = pd.read_parquet(truth)
made["profile"] = made.file.str.rsplit("-", n=1).str[0]
made = made[(made.outcome == "accepted") & made.profile.isin(["punjab.fir", "fia.cyber.complaint", "ngo.victim_support"])]
made = made[(category == "all") | (made.category == category)]
made["month"] = made.day.str[:7]
made = made[made.month.isin(every) & (made.district != "")]
known = made.groupby(["profile", "district", "month"]).size()
agencies = records.groupby("profile").agency.first()
planted = [[agencies[profile], district, month, int(n)] for (profile, district, month), n in known.items()]

with open(out, "w", encoding="utf-8") as file:
    json.dump({"rows": rows, "planted": planted, "excluded": excluded, "matched": matched, "months": every}, file)

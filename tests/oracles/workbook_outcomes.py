"""What becomes of the rows of a published workbook, read by openpyxl: an oracle for the workbook profiles.

Usage: workbook_outcomes.py aggravated-assaults|eurepoc FILE. Prints rows, accepted, E101 (no date) and E303 (an end
before the start). Nothing of the program under test is read or imported.
"""

import json
import sys

import openpyxl

NULL = (None, "", "Not available")


def assaults(workbook):
    for sheet in workbook.worksheets:
        for row in sheet.iter_rows(min_row=2, values_only=True):
            yield row[0], None


def eurepoc(workbook):
    sheet = workbook.worksheets[0]
    header = [cell for cell in next(sheet.iter_rows(values_only=True))]
    start, end = header.index("start_date"), header.index("end_date")
    for row in sheet.iter_rows(min_row=2, values_only=True):
        yield row[start], row[end]


def main(name, path):
    workbook = openpyxl.load_workbook(path, read_only=True)
    rows = missing = backwards = 0
    for start, end in {"aggravated-assaults": assaults, "eurepoc": eurepoc}[name](workbook):
        rows += 1
        if start in NULL:
            missing += 1
        elif end not in NULL and str(end) < str(start):
            backwards += 1
    print(json.dumps({"rows": rows, "accepted": rows - missing - backwards, "E101": missing, "E303": backwards}))


main(*sys.argv[1:3])

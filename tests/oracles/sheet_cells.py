"""Cells of an XLSX sheet as text, by openpyxl: an oracle for the reading of workbooks.

Reads a file and a sheet name; prints one JSON list of texts a row, blank rows left out, blank cells at the end cut.
Whole numbers have no decimals, dates and times are ISO, a day without a time is a day. Made with openpyxl 3.1.5.
"""

import datetime
import json
import sys

import openpyxl


def text(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        if value.microsecond:
            value = (value + datetime.timedelta(microseconds=500)).replace(microsecond=0)
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return str(value)


sheet = openpyxl.load_workbook(sys.argv[1], read_only=True, data_only=True)[sys.argv[2]]
for row in sheet.iter_rows(values_only=True):
    cells = [text(value) for value in row]
    while cells and not cells[-1].strip():
        cells.pop()
    if cells:
        print(json.dumps(cells))

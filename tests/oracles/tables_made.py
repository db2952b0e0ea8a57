"""Workbooks and Parquet files as other programs write them, made by openpyxl and pyarrow for the tests of reading.

Writes register.xlsx, sheets.xlsx and one Parquet file a compression into the folder named. Made with openpyxl 3.1.5
and pyarrow 26.0.1.
"""

import datetime
import decimal
import pathlib
import sys

import openpyxl
import pyarrow
import pyarrow.parquet

folder = pathlib.Path(sys.argv[1])

# A register: two banner rows, a header of two rows with merged names, a case merged over its lines.
book = openpyxl.Workbook()
sheet = book.active
sheet.title = "Cases"
sheet["A1"] = "Federal agency"
sheet.merge_cells("A1:H1")
sheet["A2"] = "Return for May"
for column, name in enumerate(["FIR No", "Date", None, "Victims", None, "CNIC", "Closed", "Rate"], start=1):
    sheet.cell(3, column, name)
for column, name in enumerate([None, "Occurred", "Reported", "Male", "Female", None, None, None], start=1):
    sheet.cell(4, column, name)
sheet.merge_cells("A3:A4")
sheet.merge_cells("B3:C3")
sheet.merge_cells("D3:E3")
rows = [
    ["604/23", datetime.date(2024, 5, 6), datetime.datetime(2024, 5, 7, 14, 30), 1, 2.0, 3520212345671, True, 0.25],
    [None, datetime.date(2024, 5, 8), datetime.time(9, 5), None, 1, None, False, "#N/A"],
    ["۱۲", datetime.datetime(1900, 3, 1), None, 1.5, "3.52E+12", 35202123456712345, None, "=1/4"],
]
for number, row in enumerate(rows, start=6):
    for column, value in enumerate(row, start=1):
        sheet.cell(number, column, value)
sheet.merge_cells("A6:A7")
book.save(folder / "register.xlsx")

# Months on sheets of their own, one that is empty, one with notes.
book = openpyxl.Workbook()
book.active.title = "Jan"
for name, value in [("Jan", "1/24"), ("Feb", "2/24")]:
    sheet = book[name] if name in book.sheetnames else book.create_sheet(name)
    sheet.append(["FIR", "Place"])
    sheet.append([value, "Lahore"])
book.create_sheet("Empty")
notes = book.create_sheet("Notes")
notes["A1"] = "Compiled by hand"
book.save(folder / "sheets.xlsx")

epoch = datetime.datetime(2024, 5, 6, 14, 30)
table = pyarrow.table({
    "text": pyarrow.array(["a", None, "تھانہ"]),
    "whole": pyarrow.array([604.0, None, 1.5]),
    "number": pyarrow.array([3520212345671, None, -1], pyarrow.int64()),
    "small": pyarrow.array([1, 2, None], pyarrow.int16()),
    "single": pyarrow.array([0.1, None, 2.0], pyarrow.float32()),
    "yes": pyarrow.array([True, False, None]),
    "day": pyarrow.array([datetime.date(2024, 5, 6), None, datetime.date(1969, 12, 31)]),
    "local": pyarrow.array([epoch, None, datetime.datetime(2024, 5, 6)], pyarrow.timestamp("ns")),
    "micro": pyarrow.array([epoch, None, epoch], pyarrow.timestamp("us")),
    "utc": pyarrow.array([epoch, None, epoch], pyarrow.timestamp("ms", tz="UTC")),
    "money": pyarrow.array([decimal.Decimal("12.50"), None, decimal.Decimal("-0.05")], pyarrow.decimal128(12, 2)),
    "kind": pyarrow.array(["x", "y", "x"]).dictionary_encode(),
})
for compression in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]:
    pyarrow.parquet.write_table(table, folder / f"{compression}.parquet", compression=compression)
many = pyarrow.table({"n": pyarrow.array(range(200_000)), "text": pyarrow.array(["x" * 20] * 200_000)})
pyarrow.parquet.write_table(many, folder / "many.parquet", row_group_size=30_000)

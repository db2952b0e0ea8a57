"""Reads OpenMetrics text from stdin with the parser of the Prometheus project; prints its samples as JSON."""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

samples = []
for family in text_string_to_metric_families(sys.stdin.read()):
    for sample in family.samples:
        samples.append({"family": family.name, "kind": family.type, "name": sample.name, "labels": sample.labels, "value": sample.value})
print(json.dumps(samples))

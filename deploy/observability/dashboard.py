#!/usr/bin/env python3
"""Makes grafana/darkroom.json. Panels are listed here, so that a change is one line to read: dashboard.py > grafana/darkroom.json"""

import json
import sys

BUCKETS = "sum by (le, {by}) (rate({name}_bucket[5m]))"


def quantile(share: float, name: str, by: str) -> str:
    return f"histogram_quantile({share}, {BUCKETS.format(by=by, name=name)})"


# Title, unit, and for each line its expression and its legend.
ROWS = [
    ("Requests", [
        ("Requests per second", "reqps", [("sum by (service, status) (rate(http_server_request_duration_seconds_count[5m]))", "{{service}} {{status}}")]),
        ("Time to the answer, 95 %", "s", [(quantile(0.95, "http_server_request_duration_seconds", "route"), "{{route}}")]),
        ("Turned away (429)", "reqps", [("sum by (route) (rate(darkroom_rate_limited_total[5m]))", "{{route}}")]),
        ("Uploads", "reqps", [("sum by (outcome) (rate(darkroom_uploads_total[5m]))", "{{outcome}}")]),
    ]),
    ("Jobs", [
        ("Jobs that have not ended", "short", [("max by (state) (darkroom_jobs)", "{{state}}")]),
        ("Oldest job that waits", "s", [("max(darkroom_oldest_queued_job_seconds)", "oldest")]),
        ("Jobs that ended", "short", [("sum by (state, reason) (increase(darkroom_jobs_ended_total[5m]))", "{{state}} {{reason}}")]),
        ("Time from acceptance to the end, 50 % and 95 %", "s", [
            (quantile(0.5, "darkroom_job_duration_seconds", "state"), "50 % {{state}}"),
            (quantile(0.95, "darkroom_job_duration_seconds", "state"), "95 % {{state}}"),
        ]),
    ]),
    ("Steps and the bus", [
        ("Steps without an answer", "short", [("max by (kind) (darkroom_steps_open)", "{{kind}}")]),
        ("Oldest step without an answer", "s", [("max by (kind) (darkroom_oldest_step_seconds)", "{{kind}}")]),
        ("Steps that ended", "short", [("sum by (kind, outcome) (rate(darkroom_steps_total[5m]))", "{{kind}} {{outcome}}")]),
        ("Time of a step, 95 %", "s", [(quantile(0.95, "darkroom_step_duration_seconds", "kind"), "{{kind}}")]),
        ("Messages in hand, 95 %", "s", [(quantile(0.95, "darkroom_message_duration_seconds", "topic"), "{{topic}}")]),
        ("Messages that the bus has not taken", "short", [("max(darkroom_outbox_messages)", "outbox")]),
    ]),
    ("Models", [
        ("Calls per second", "reqps", [("sum by (role, model, outcome) (rate(darkroom_model_call_duration_seconds_count[5m]))", "{{role}} {{model}} {{outcome}}")]),
        ("Time of a call, 95 %", "s", [(quantile(0.95, "darkroom_model_call_duration_seconds", "model"), "{{model}}")]),
        ("Tokens per second", "short", [("sum by (role, model, direction) (rate(darkroom_model_tokens_total[5m]))", "{{role}} {{model}} {{direction}}")]),
        ("Cost per hour", "currencyUSD", [("sum by (role, model) (increase(darkroom_model_cost_micro_usd_total[1h])) / 1e6", "{{role}} {{model}}")]),
        ("Breakers (0 closed, 1 half open, 2 open)", "short", [("max by (role, model) (darkroom_model_breaker)", "{{role}} {{model}}")]),
    ]),
    ("Sandbox", [
        ("Runs per second", "short", [("sum by (path) (rate(darkroom_sandbox_starts_total[5m]))", "{{path}}")]),
        ("Runs that were ended", "short", [("sum by (reason) (increase(darkroom_sandbox_kills_total[5m]))", "{{reason}}")]),
        ("Places", "short", [("sum by (state) (darkroom_sandbox_slots)", "{{state}}")]),
        ("Rooms that stand ready", "short", [("sum by (room) (darkroom_sandbox_rooms_ready)", "{{room}}")]),
    ]),
    ("Telemetry itself", [
        ("Lost", "short", [("sum by (service, signal, reason) (increase(darkroom_telemetry_dropped_total[5m]))", "{{service}} {{signal}} {{reason}}")]),
    ]),
]

WIDTH, HEIGHT, ACROSS = 8, 8, 3


def panels() -> list[dict]:
    source = {"type": "prometheus", "uid": "${source}"}
    made: list[dict] = []
    top = 0
    for row, contents in ROWS:
        made.append({"type": "row", "title": row, "collapsed": False, "gridPos": {"x": 0, "y": top, "w": 24, "h": 1}})
        top += 1
        for index, (title, unit, lines) in enumerate(contents):
            across, down = index % ACROSS, index // ACROSS
            made.append({
                "type": "timeseries",
                "title": title,
                "datasource": source,
                "gridPos": {"x": across * WIDTH, "y": top + down * HEIGHT, "w": WIDTH, "h": HEIGHT},
                "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
                "targets": [
                    {"refId": chr(ord("A") + at), "datasource": source, "expr": expression, "legendFormat": legend}
                    for at, (expression, legend) in enumerate(lines)
                ],
            })
        top += -(-len(contents) // ACROSS) * HEIGHT
    for number, panel in enumerate(made, 1):
        panel["id"] = number
    return made


def dashboard() -> dict:
    return {
        "uid": "darkroom",
        "title": "Darkroom",
        "tags": ["darkroom"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]},
        "panels": panels(),
    }


if __name__ == "__main__":
    json.dump(dashboard(), sys.stdout, indent=1, ensure_ascii=False)
    print()

"""Reads Python source for the critic: parses it as Python itself would, collects facts about it, and
lets bandit look at it. It stays resident because importing bandit takes longer than using it.

One JSON object per line on standard input and output. The first line in is the configuration, the
first line out says what is here; then each line in is one source and each line out its answer. It ends
by itself when its input ends. The source is never executed and nothing is written.
"""

import ast
import codecs
import io
import json
import logging
import os
import re
import resource
import signal
import sys
import threading
import tokenize
import traceback
import warnings

import source_facts

# How deep Python itself goes: what does not compile within it would not run either.
PYTHON_DEPTH = 1000
# Bandit takes several calls for each level of nesting that Python accepts.
BANDIT_DEPTH = 20_000
STACK_BYTES = 256 * 1024 * 1024
MEMORY_BYTES = 3 * 1024 * 1024 * 1024


class Refused(Exception):
    """The source cannot be read; the argument is the answer that says why."""


class Bandit:
    """Bandit's visitor with its default tests, minus those to skip. Comments cannot silence it."""

    def __init__(self, skip):
        import bandit
        from bandit.core import config, metrics, node_visitor, test_set, tester, utils

        self.version = bandit.__version__
        self.visitor = node_visitor.BanditNodeVisitor
        self.metrics = metrics.Metrics
        self.tests = test_set.BanditTestSet(config.BanditConfig(), {"exclude": set(skip)})
        self.broken = []
        # Bandit logs a test that fails and goes on as if it had found nothing; that must be seen.
        tester.BanditTester.report_error = staticmethod(lambda test, _, error: self.broken.append((test, error)))
        # Bandit lists all lines of each node's parent, which takes minutes for a long literal table. A
        # range says the same, and the search for `nosec` in those lines is not wanted at all.
        line_list = utils.linerange
        utils.linerange = lambda node: (
            range(node.lineno, node.end_lineno + 1) if hasattr(node, "lineno") else line_list(node)
        )
        utils.get_nosec = lambda nosec_lines, context: None

    def look(self, data, lines):
        self.broken.clear()
        totals = self.metrics()
        totals.begin("./main.py")
        visitor = self.visitor("./main.py", io.BytesIO(data), None, self.tests, False, {}, totals)
        visitor.process(data)
        if any(isinstance(error, (RecursionError, MemoryError)) for _, error in self.broken):
            raise RecursionError
        issues = [
            {
                "rule": issue.test_id,
                "severity": issue.severity.lower(),
                "confidence": issue.confidence.lower(),
                "message": issue.text,
            }
            | lines.place(issue.lineno, issue.col_offset)
            for issue in visitor.tester.results
        ]
        return issues, sorted({test for test, _ in self.broken})


def read(data, bandit, config):
    """The answer for one source."""
    lines = source_facts.Lines(data)
    sys.setrecursionlimit(PYTHON_DEPTH)
    try:
        tree = parse(data, lines)
    finally:
        sys.setrecursionlimit(BANDIT_DEPTH)
    nodes = []
    for node in ast.walk(tree):
        nodes.append(node)
        if len(nodes) > config["max_nodes"]:
            raise Refused({"complex": f"it has more than {config['max_nodes']} pieces of syntax"})
    try:
        collector = source_facts.Collector(nodes, lines, set(config["watch"]), config["max_facts"])
        facts = collector.collect()
    except source_facts.TooManyFacts:
        raise Refused({"complex": "it has too many imports and calls"}) from None
    issues, broken = bandit.look(data, lines)
    return {"read": facts | {"bandit": issues, "bandit_broken": broken}}


def parse(data, lines):
    """Compiles as Python would before a run, so that what cannot start is known before it starts."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError:
        encoding = "unknown"
    if encoding not in ("utf-8", "utf-8-sig"):
        raise Refused({"encoding": encoding})
    try:
        tree = ast.parse(data.removeprefix(codecs.BOM_UTF8).decode())
    except SyntaxError as error:
        raise Refused({"syntax": describe(error, lines, (error.offset or 1) - 1)}) from None
    except (ValueError, OverflowError) as error:
        raise Refused({"syntax": {"line": 1, "column": 1, "message": str(error)}}) from None
    try:
        compile(tree, "main.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        # The parser counts characters, the compiler behind it counts bytes.
        place = lines.place(error.lineno, (error.offset or 1) - 1)
        raise Refused({"syntax": describe(error, lines, place["column"] - 1)}) from None
    return tree


def describe(error, lines, before):
    line = min(max(error.lineno or 1, 1), len(lines.lines))
    message = error.msg
    if re.match(rb"\s*[!%]", lines.text(line)):
        message += " (notebook commands that start with ! or % do not exist here)"
    return {"line": line, "column": max(before, 0) + 1, "message": message}


def answer(request, bandit, config):
    try:
        return read(request["code"].encode(), bandit, config)
    except Refused as refused:
        return refused.args[0]
    except (RecursionError, MemoryError):
        return {"complex": "it is nested too deeply"}
    except Exception:
        return {"error": traceback.format_exc()[-4000:]}


def serve(requests, answers):
    def send(value):
        answers.write(json.dumps(value).encode() + b"\n")
        answers.flush()

    config = json.loads(requests.readline())
    try:
        bandit = Bandit(config["skip"])
    except Exception as error:
        send({"error": f"{type(error).__name__}: {error}"})
        return
    python = list(sys.version_info[:2])
    send({"hello": {"python": python, "bandit": bandit.version, "stdlib": sorted(sys.stdlib_module_names)}})
    for line in requests:
        # Ends this process even if its server is gone and the source keeps it busy for ever. The kernel does it: a
        # watching thread would need this interpreter, or read it while it runs and crash.
        signal.alarm(config["seconds"])
        request = json.loads(line)
        reply = answer(request, bandit, config)
        signal.alarm(0)
        send({"id": request["id"]} | reply)


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    # Answers go to a descriptor of their own: whatever prints by accident cannot garble them.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # A thread, because only a thread may have the deep stack that deeply nested source needs.
    threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=serve, args=(sys.stdin.buffer, answers))
    thread.start()
    thread.join()

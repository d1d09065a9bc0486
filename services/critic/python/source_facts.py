"""Plain facts about Python source: what it imports, which known names it reaches, and which texts it
hands to calls of interest. Nothing is judged here and nothing is executed.

Names are followed through imports, aliases, plain assignments and `getattr` with a literal. That
covers code as people and models write it; code that hides on purpose is the jail's business.
"""

import ast

# Built-in names that are facts of their own; everything else is reached through an import.
BUILTINS = {"exec", "eval", "compile", "__import__", "open", "input", "breakpoint", "__builtins__"}
# Built-in names that code may define for itself without meaning the built-in one.
MAY_BE_OWN = {"compile", "open", "input", "breakpoint"}
# Attributes through which code climbs out of the objects it was given.
CLIMBING = {"__subclasses__", "__globals__", "__builtins__"}
# Errors that code catches around an import it can do without.
CAUGHT_IMPORT = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
PATH_CALLS = {
    "pathlib.Path",
    "pathlib.PurePath",
    "pathlib.PosixPath",
    "pathlib.PurePosixPath",
    "os.path.join",
    "os.path.abspath",
    "os.path.normpath",
    "os.fspath",
}
LONGEST_TEXT = 500
DEEPEST_TEXT = 200
MOST_TARGETS = 8
POSITIONS_PER_NAME = 20


class TooManyFacts(Exception):
    """There is more to tell than may be told."""


class Lines:
    """Turns the parser's positions (bytes from 0) into those people count (characters from 1)."""

    def __init__(self, data):
        self.lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self.lines[0] = self.lines[0].removeprefix(b"\xef\xbb\xbf")

    def place(self, line, offset):
        line = min(max(line or 1, 1), len(self.lines))
        before = self.lines[line - 1][: max(offset or 0, 0)]
        return {"line": line, "column": len(before.decode("utf-8", "replace")) + 1}

    def text(self, line):
        return self.lines[line - 1] if 0 < line <= len(self.lines) else b""


class Collector:
    """Collects the facts of one parsed source. `watch` has the last names of the calls of interest."""

    def __init__(self, nodes, lines, watch, limit):
        self.nodes = nodes
        self.lines = lines
        self.watch = watch
        self.limit = limit
        self.targets = {}  # name -> dotted names it may stand for
        self.assigned = {}  # name -> the expressions assigned to it
        self.stores = {}  # name -> how often anything is bound to it
        self.stars = []  # modules imported with *
        self.defined = set()  # functions and classes of the source
        self.known_texts = {}  # name -> its text; also breaks cycles
        self.facts = 0

    def collect(self):
        self.bind()
        return {"imports": self.imports(), "uses": self.uses(), "calls": self.calls()}

    def place(self, node):
        self.facts += 1
        if self.facts > self.limit:
            raise TooManyFacts
        return self.lines.place(node.lineno, node.col_offset)

    def bind(self):
        for node in self.nodes:
            match node:
                case ast.Import(names=names):
                    for alias in names:
                        top = alias.name.split(".")[0]
                        self.add_target(alias.asname or top, alias.name if alias.asname else top)
                case ast.ImportFrom(module=str(module), level=0, names=names):
                    for alias in names:
                        if alias.name == "*":
                            self.stars.append(module)
                        else:
                            self.add_target(alias.asname or alias.name, f"{module}.{alias.name}")
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        self.add_assigned(target, value)
                case ast.AnnAssign(target=target, value=ast.expr() as value):
                    self.add_assigned(target, value)
                case ast.NamedExpr(target=target, value=value):
                    self.add_assigned(target, value)
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    self.defined.add(name)
                    self.count_store(name)
                case ast.arg(arg=name):
                    self.count_store(name)
                case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                    self.count_store(name)
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                self.count_store(node.id)
        # An alias of an alias needs another round; three cover what is ever written in earnest.
        for _ in range(3):
            for name, values in self.assigned.items():
                for value in values[:MOST_TARGETS]:
                    for dotted in self.resolve(value):
                        self.add_target(name, dotted)

    def add_target(self, name, dotted):
        known = self.targets.setdefault(name, [])
        if dotted not in known and len(known) < MOST_TARGETS:
            known.append(dotted)

    def add_assigned(self, target, value):
        if isinstance(target, ast.Name):
            self.assigned.setdefault(target.id, []).append(value)
        elif isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
            if len(target.elts) == len(value.elts):
                for inner, part in zip(target.elts, value.elts):
                    self.add_assigned(inner, part)

    def count_store(self, name):
        self.stores[name] = self.stores.get(name, 0) + 1

    def resolve(self, node, depth=0):
        """The dotted names that an expression may stand for, as far as imports and aliases tell."""
        tail = []
        while isinstance(node, ast.Attribute):
            tail.append(node.attr)
            node = node.value
        roots = []
        if isinstance(node, ast.Name):
            roots = self.targets.get(node.id, [])
            if not roots and node.id in BUILTINS:
                own = node.id in MAY_BE_OWN and node.id in self.defined
                roots = [] if own else [f"builtins.{node.id}"]
            elif not roots and self.stars and node.id not in self.stores:
                roots = [f"{module}.{node.id}" for module in self.stars[:MOST_TARGETS]]
        elif isinstance(node, ast.Call) and depth < DEEPEST_TEXT:
            roots = self.resolve_call(node, depth + 1)
        return [".".join([root, *reversed(tail)]) for root in roots]

    def resolve_call(self, node, depth):
        """What `__import__("m")`, `import_module("m")` and `getattr(m, "n")` give."""
        if not node.args:
            return []
        if isinstance(node.func, ast.Name) and node.func.id == "getattr" and len(node.args) >= 2:
            attribute = self.text(node.args[1])
            if attribute is None or not attribute["exact"]:
                return []
            return [f"{root}.{attribute['text']}" for root in self.resolve(node.args[0], depth)]
        module = self.imported_module(node, depth)
        return [module] if module else []

    def imported_module(self, node, depth=0):
        names = self.resolve(node.func, depth) if isinstance(node.func, (ast.Name, ast.Attribute)) else []
        if not node.args or not {"builtins.__import__", "importlib.import_module"} & set(names):
            return None
        module = self.text(node.args[0])
        return module["text"] if module and module["exact"] else None

    def imports(self):
        guarded = self.guarded_imports()
        found = []
        for node in self.nodes:
            if isinstance(node, ast.Import):
                named = [(alias.name, None) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                module = "." * node.level + (node.module or "")
                named = [(module, alias.name) for alias in node.names]
            elif isinstance(node, ast.Call) and (module := self.imported_module(node)):
                named = [(module, None)]
            else:
                continue
            for module, name in named:
                fact = {"module": module[:LONGEST_TEXT], "name": name, "guarded": id(node) in guarded}
                found.append(fact | self.place(node))
        return found

    def guarded_imports(self):
        """Imports whose failure the code itself catches."""
        guarded = set()
        for node in self.nodes:
            if isinstance(node, ast.Try) and any(catches_import_error(h) for h in node.handlers):
                for statement in node.body:
                    guarded.update(id(inner) for inner in ast.walk(statement))
        return guarded

    def uses(self):
        """Every longest dotted name that starts at an import or a built-in of interest."""
        inner, called, seen, found = set(), set(), {}, []
        for node in self.nodes:
            # Parents come before children, so a part of a longer name is known as such when met.
            if isinstance(node, ast.Call):
                called.add(id(node.func))
            if not isinstance(node, (ast.Name, ast.Attribute)):
                continue
            names = []
            if isinstance(node, ast.Attribute):
                inner.add(id(node.value))
                if node.attr in CLIMBING:
                    names.append(f"builtins.{node.attr}")
            if id(node) not in inner and isinstance(node.ctx, ast.Load):
                names += self.resolve(node)
            self.add_uses(found, seen, node, names, id(node) in called)
        for node in self.nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
                self.add_uses(found, seen, node, self.resolve(node), False)
        return found

    def add_uses(self, found, seen, node, names, is_called):
        for name in names:
            key = (name, is_called)
            seen[key] = seen.get(key, 0) + 1
            if seen[key] <= POSITIONS_PER_NAME:
                found.append({"name": name[:LONGEST_TEXT], "called": is_called} | self.place(node))

    def calls(self):
        found = []
        for node in self.nodes:
            if not isinstance(node, ast.Call):
                continue
            names = self.resolve(node.func)
            last = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
            if last not in self.watch and not any(n.rsplit(".", 1)[-1] in self.watch for n in names):
                continue
            receiver = self.text(node.func.value) if isinstance(node.func, ast.Attribute) else None
            arguments = []
            for argument in node.args[:4]:
                if isinstance(argument, ast.Starred):
                    break
                arguments.append(self.text(argument))
            keywords = {k.arg: text for k in node.keywords if k.arg and (text := self.text(k.value))}
            fact = {"names": names, "last": last, "receiver": receiver, "arguments": arguments, "keywords": keywords}
            found.append(fact | self.place(node))
        return found

    def text(self, node, depth=0):
        """The text of an expression, or how it begins: `{"text", "exact"}`; `None` when nothing is known."""
        found = self.spell(node, depth)
        if found is None or (not found[0] and not found[1]):
            return None
        text, exact = found
        # Lone surrogates (possible through escapes) cannot travel as UTF-8.
        text = text.encode("utf-8", "replace").decode("utf-8")
        return {"text": text[:LONGEST_TEXT], "exact": exact and len(text) <= LONGEST_TEXT}

    def spell(self, node, depth):
        if depth > DEEPEST_TEXT:
            return None
        match node:
            case ast.Constant(value=str(text)):
                return text[: LONGEST_TEXT + 1], True
            case ast.Constant(value=bytes(data)):
                return data[: LONGEST_TEXT + 1].decode("latin-1"), True
            case ast.JoinedStr(values=values):
                return self.spell_parts(values, depth)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self.spell_parts([left, right], depth)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self.spell_path([left, right], depth)
            case ast.BinOp(left=left, op=ast.Mod()):
                return cut_at(self.spell(left, depth + 1), "%")
            case ast.Call(func=ast.Attribute(value=value, attr="format")):
                return cut_at(self.spell(value, depth + 1), "{")
            case ast.Call(func=ast.Attribute(value=value, attr="joinpath"), args=arguments):
                return self.spell_path([value, *arguments], depth)
            case ast.Call(func=ast.Name(id="str"), args=[value], keywords=[]):
                return self.spell(value, depth + 1)
            case ast.Call(args=[_, *_]) if isinstance(node.func, (ast.Name, ast.Attribute)):
                if PATH_CALLS & set(self.resolve(node.func, depth + 1)):
                    return self.spell_path(node.args, depth)
            case ast.Name(id=name):
                return self.spell_name(name, depth)
        return None

    def spell_parts(self, parts, depth):
        spelled = ""
        for part in parts:
            if isinstance(part, ast.FormattedValue):
                plain = part.conversion in (-1, ord("s")) and part.format_spec is None
                part = part.value if plain else None
            found = self.spell(part, depth + 1)
            spelled += found[0] if found else ""
            if not found or not found[1] or len(spelled) > LONGEST_TEXT:
                return spelled[: LONGEST_TEXT + 1], False
        return spelled, True

    def spell_path(self, parts, depth):
        spelled = ""
        for index, part in enumerate(parts):
            found = self.spell(part, depth + 1)
            if found and found[0].startswith("/"):
                spelled = ""
            elif index and not spelled.endswith("/"):
                spelled += "/"
            if not found and not index:
                return None
            spelled += found[0] if found else ""
            if not found or not found[1] or len(spelled) > LONGEST_TEXT:
                return spelled[: LONGEST_TEXT + 1], False
        return spelled, True

    def spell_name(self, name, depth):
        """The text of a name that is bound exactly once in the whole source."""
        if name not in self.known_texts:
            self.known_texts[name] = None
            values = self.assigned.get(name, [])
            if len(values) == 1 and self.stores.get(name) == 1:
                self.known_texts[name] = self.spell(values[0], depth + 1)
        return self.known_texts[name]


def cut_at(found, mark):
    if not found:
        return None
    text, exact = found
    return (text, exact) if mark not in text else (text.split(mark, 1)[0], False)


def catches_import_error(handler):
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or getattr(kind, "id", "") in CAUGHT_IMPORT for kind in kinds)

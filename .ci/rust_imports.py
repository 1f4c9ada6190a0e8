"""Reads the source files of a Rust crate, and finds which file uses which.

`Crate(src)` reads `src/lib.rs` and all files that its `mod` lines lead to. `Crate.edges` then has one entry for each
pair of files (a, b) where a uses something that b defines: the lines in a, and what is used there. A re-export is
followed to the file that defines the name, so that `use super::Thing` is a use of the file that says `struct Thing`.

Comments, strings and everything behind `#[cfg(test)]` or `#[test]` are left out. Files are found by the usual layout:
`#[path]` and `include!` are not understood. Only names that a file writes count: no methods of a value, and no paths
that a macro puts together from its arguments.
"""
from collections import defaultdict, namedtuple

from rust_source import BEFORE_ITEMS, ITEM_WORDS, RELATIVE, Source

Use = namedtuple("Use", "name path glob line routes scope vis")
Edge = namedtuple("Edge", "line text")

# A name after one of these is a new one.
DEFINING = ITEM_WORDS | {"mod"}
# These words begin no path.
WORDS = DEFINING | BEFORE_ITEMS | set(
    "Self pub impl where if else match return use dyn in as move await loop while for let ref mut break continue"
    " true false _".split())


class Module:
    """One module: its file, and the names in it."""

    def __init__(self, path, file, parent):
        self.path, self.file, self.parent = path, file, parent
        self.children, self.items, self.uses, self.paths = {}, {}, [], []
        self.made, self.exports_macros = set(), False

    def allows(self, vis, viewer):
        """Whether a name with this visibility can be seen from the module `viewer`."""
        scope = {None: self.path, "self": self.path, "super": self.path[:-1]}.get(vis, ())
        return viewer.path[:len(scope)] == scope


class Crate:
    """All modules of a crate, and the edges between their files."""

    def __init__(self, src):
        self.src, self.root, self.modules, self.problems, self.edges = src, None, [], [], defaultdict(list)
        self.read_file(src / "lib.rs", (), None)
        for module in self.modules:
            self.find_edges(module)

    def read_file(self, path, names, parent):
        """Reads the file of one module, and the files of its children."""
        source = Source(path.read_text(encoding="utf-8"))
        file = path.relative_to(self.src.parent).as_posix()
        return self.read_module(source, 0, len(source.tokens), names, file, parent)

    def read_module(self, source, lo, hi, names, file, parent):
        """Reads the items of one module: a whole file, or the part of one between braces."""
        module = Module(names, file, parent)
        self.root = self.root or module
        self.modules.append(module)
        for item in source.items(lo, hi):
            if source.is_test(item.attrs):
                continue
            attrs = [source.joined(*attr) for attr in item.attrs]
            if item.kind == "mod":
                if any(attr.startswith("path=") for attr in attrs):
                    self.problems.append(f"{file}:{item.line}: `#[path]` is not understood here")
                child = self.read_child(source, item, module)
                if child:
                    module.children[item.name] = (item.vis, child)
                    child.exports_macros = "macro_use" in attrs
            elif item.kind == "use":
                self.read_use(source, item.start + 1, item.vis, module, None)
            else:
                if item.kind == "macro":
                    self.note_made_names(source, item, module)
                elif item.kind != "impl" and item.name:
                    module.items[item.name] = (item.vis, file)
                if "macro_export" in attrs:
                    self.root.items[item.name] = ("pub", file)
                for attr in item.attrs:
                    self.read_code(source, *attr, module)
                self.read_code(source, item.start, item.end, module)
        return module

    def read_child(self, source, item, module):
        """Reads the module that a `mod` line names, in its own file or between braces."""
        names = (*module.path, item.name)
        if item.body:
            return self.read_module(source, *item.body, names, module.file, module)
        base = self.src.joinpath(*names)
        for path in (base.with_suffix(".rs"), base / "mod.rs"):
            if path.exists():
                return self.read_file(path, names, module)
        self.problems.append(f"{module.file}:{item.line}: the file of `mod {item.name}` is missing")
        return None

    def read_use(self, source, start, vis, module, scope):
        """Notes what one `use` line brings into a module (scope None), or into a block (the places of its braces)."""
        leaves, end = source.use_tree(start)
        routes = vis is not None or module.file.endswith(("/mod.rs", "/lib.rs"))
        module.uses += [Use(name, path, glob, line, routes, scope, vis) for name, path, glob, line in leaves
                        if "$" not in path]
        return end

    def note_made_names(self, source, item, module):
        """A macro may define items: the names in its arguments that look like names of new items."""
        for k in range(item.start + 2, item.end):
            if source.tokens[k].is_word and source.text(k - 1) in ITEM_WORDS | {"(", "{", ","}:
                module.made.add(source.text(k))

    def read_code(self, source, lo, hi, module):
        """Collects the paths and the inner `use` lines of code, but for what exists only in tests."""
        blocks, i = [(lo - 1, hi)], lo
        while i < hi:
            token = source.tokens[i]
            while blocks[-1][1] <= i and len(blocks) > 1:
                blocks.pop()
            before = source.text(i - 1) if i else ""
            if token.text == "#" and source.text(i + 1) == "[" and source.is_test(source.attributes(i)[0]):
                item = source.item(i, hi)
                i = source.closes[item.start] + 1 if source.text(item.start) == "{" else item.end
                continue
            if token.text == "{":
                blocks.append((i, source.closes[i]))
            elif token.text == "use" and source.text(i + 1) != "<":
                i = self.read_use(source, i + 1, None, module, blocks[-1])
                continue
            elif token.text == "pub" and source.text(i + 1) == "(" and source.text(i + 2) in RELATIVE | {"in"}:
                i = source.closes[i + 1]
            elif token.is_word and token.text not in WORDS:
                path, at = [token.text], i
                while source.text(i + 1) == "::" and i + 2 < hi and source.tokens[i + 2].is_word:
                    path.append(source.text(i + 2))
                    i += 2
                is_field = source.text(i + 1) == ":" and len(path) == 1
                if before not in ("::", ".") and (before != "$" or token.text == "crate") and not is_field \
                        and before not in DEFINING and path not in (["crate"], ["self"], ["super"]):
                    module.paths.append((tuple(path), token.line, at, source.text(i + 1) == "!"))
            i += 1

    def lookup(self, module, name, viewer=None, seen=frozenset(), at=None):
        """What a name means in a module: modules, or the files that define it. `viewer` sees only what it may see."""
        def viewer_sees(vis):
            return viewer is None or module.allows(vis, viewer)

        found = []
        if name in module.children and viewer_sees(module.children[name][0]):
            found.append(module.children[name][1])
        if name in module.items and viewer_sees(module.items[name][0]):
            found.append(module.items[name][1])
        open_uses = [use for use in module.uses if use not in seen and viewer_sees(use.vis)
                     and (use.scope is None or at is not None and use.scope[0] < at < use.scope[1])]
        for use in [use for use in open_uses if use.name == name]:
            found += self.resolve(module, use.path, seen | {use}, at)
        for use in [] if found else [use for use in open_uses if use.glob]:
            for target in self.resolve(module, use.path, seen | {use}, at):
                if isinstance(target, Module):
                    found += self.lookup(target, name, module, seen | {use})
        return found or [module.file] * (name in module.made)

    def resolve(self, module, path, seen=frozenset(), at=None):
        """What a path means in a module; nothing if it leads to another crate. What follows a type is left out."""
        first = {"crate": self.root, "self": module, "super": module.parent}.get(path[0])
        found = [first] * bool(first) if path[0] in RELATIVE else self.lookup(module, path[0], module, seen, at)
        for name in path[1:]:
            inside = [target for target in found if isinstance(target, Module)]
            if not inside:
                break
            if name == "super":
                found = [target.parent for target in inside if target.parent]
            else:
                # A name that was not found is one that a macro makes: it counts for the file of its module.
                found = [hit for target in inside for hit in self.lookup(target, name, None, seen) or [target.file]]
        return found

    def find_edges(self, module):
        """Adds the edges that the uses and paths of one module make."""
        reached = set()
        for path, line, at, is_macro in module.paths:
            self.edges_of_path(module, path, line, at, is_macro, reached)
        for use in module.uses:
            targets = self.resolve(module, use.path, frozenset([use]), use.scope and use.scope[0] + 1)
            if use.glob and (use in reached or all(isinstance(t, Module) and t.file == module.file for t in targets)):
                continue
            for target in targets:
                if use in reached or not (use.routes and self.is_below(target, module)):
                    self.add(module, target, use.line, use.path + (("*",) if use.glob else ()))

    def edges_of_path(self, module, path, line, at, is_macro, reached):
        """One path in code. What a plain `use` line brought is counted there; `reached` collects lines that matter."""
        own = path[0] in RELATIVE or path[0] in module.items
        uses = [use for use in module.uses if use.name == path[0] and not own
                and (use.scope is None or use.scope[0] < at < use.scope[1])]
        targets = self.resolve(module, path, frozenset(), at)
        first = targets if len(path) == 1 else self.resolve(module, path[:1], frozenset(), at)
        leads_to_module = any(isinstance(target, Module) for target in first)
        if uses and not leads_to_module:
            reached.update(uses)
        elif path[0] in RELATIVE or leads_to_module and len(path) > 1:
            for target in targets:
                self.add(module, target, line, path)
        elif first and not own and not leads_to_module:
            for use in module.uses:
                if use.glob and any(hit in first for hit in self.through(module, use, path[0])):
                    reached.add(use)
                    for target in first:
                        self.add(module, target, use.line, (*use.path, path[0]))
                    break
        elif is_macro and not first:
            self.edge_to_macro(module, path[0], line)

    def through(self, module, use, name):
        """What a glob brings under this name."""
        targets = self.resolve(module, use.path, frozenset([use]))
        return [hit for t in targets if isinstance(t, Module) for hit in self.lookup(t, name, module, frozenset([use]))]

    def edge_to_macro(self, module, name, line):
        """A macro that is called without a path comes from a module above, or from a `#[macro_use] mod` there."""
        above = module.parent
        while above:
            for owner in [above, *(child for _, child in above.children.values() if child.exports_macros)]:
                if name in owner.items:
                    self.add(module, owner.items[name][1], line, (name + "!",))
            above = above.parent

    def is_below(self, target, module):
        """Whether a target is in a file of a module below this one."""
        file = target.file if isinstance(target, Module) else target
        return self.names_of(file)[:len(module.path)] == module.path and file != module.file

    def names_of(self, file):
        """The path of the module that a file holds: of `src/a/mod.rs` it is ("a",)."""
        parts = file.removesuffix(".rs").split("/")[1:]
        return tuple(parts[:-1] if parts[-1] in ("mod", "lib") else parts)

    def add(self, module, target, line, path):
        """Adds one edge, unless it stays in its file."""
        file = target.file if isinstance(target, Module) else target
        edge = Edge(line, "::".join(path))
        if file != module.file and edge not in self.edges[module.file, file]:
            self.edges[module.file, file].append(edge)

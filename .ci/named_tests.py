"""Finds the tests of this repository by name, and the requirements that they cite.

A test of Rust is named as its program runs it, after the name of the program: `session::refresh::rule::a_test` is in
`tests/session/refresh/rule.rs`, `client::login::turns::a_test` in `client/tests/login/turns.rs`, and
`src::edge::network::tests::a_test` in `src/edge/network.rs`. A test of JavaScript is its file and its title:
`js::tabs: a title` is in `js/test/tabs.test.mjs`, `browser::tabs: a title` in `tests/browser/tabs.test.mjs`.
"""
import re
from collections import namedtuple

from rust_source import Source

FOLDERS = ("src", "tests", "client", "examples", "templates", "js")
CITED = re.compile(r"\s*// requirements? (\S.*)")
IS_TEST = re.compile(r"(?:\w+::)*test(?:\(|$)")
# These tests are not run everywhere, or not at all. Those that the throttle ignores are run by `.ci/run`.
IS_OFF = re.compile(r"cfg\((?!test\)|unix\)|target_os|feature|all\(test)|ignore\b")
RUN_THOUGH_IGNORED = "throttle::full"
JS_TEST = re.compile(r'^\s*(?:await )?(?:t\.)?test\("([^"]+)"(?!, \{[^}]*(?:skip|todo))', re.M)
JS_COMMENT = re.compile(r"/\*.*?\*/", re.S)

# `cited` has the tests of each number, `stray` the places of comments that are above no test.
Found = namedtuple("Found", "names cited stray")


def program_of(path):
    """The name of a file, as the names of its tests begin."""
    folders = [part for part in path.parts[:-1] if part not in ("test", "tests")]
    folders = folders[:1] + [part for part in folders[1:] if part != "src"]
    stem = path.name.split(".")[0]
    return "::".join(folders + ([] if stem in ("main", "lib", "mod") else [stem]))


def rust_tests(text, name):
    """The name and the line of each test of a Rust file."""
    source = Source(text)

    def walk(start, end, path):
        for item in source.items(start, end):
            attrs = [source.joined(*attr) for attr in item.attrs]
            if any(map(IS_OFF.match, attrs)) and path != RUN_THOUGH_IGNORED:
                continue
            if item.kind == "fn" and any(map(IS_TEST.match, attrs)):
                yield f"{path}::{item.name}", item.line
            elif item.kind == "mod" and item.body:
                yield from walk(*item.body, f"{path}::{item.name}")

    return list(walk(0, len(source.tokens), name))


def citations(text, tests):
    """For each comment `// requirement 39`: its line, its numbers, and the test below it or None."""
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if cited := CITED.match(line):
            test, at = next(((test, at) for test, at in tests if at > number), (None, number))
            is_above = all(re.match(r"\s*(#\[|//)", between) for between in lines[number:at - 1])
            yield number, re.split(r", ", cited[1].strip()), test if is_above else None


def find(root):
    """All tests below a folder."""
    found = Found(set(), {}, [])
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            short = path.relative_to(root)
            if "node_modules" in short.parts or "target" in short.parts:
                continue
            if path.name.endswith(".test.mjs"):
                titles = JS_TEST.findall(JS_COMMENT.sub("", path.read_text(encoding="utf-8")))
                found.names.update(f"{program_of(short)}: {title}" for title in titles)
            elif path.suffix == ".rs":
                text = path.read_text(encoding="utf-8")
                tests = rust_tests(text, program_of(short)) if re.search(r"test(\(.*)?\]", text) else []
                found.names.update(test for test, _ in tests)
                for line, numbers, test in citations(text, tests):
                    if test is None:
                        found.stray.append(f"{short.as_posix()}:{line}")
                        continue
                    for number in numbers:
                        found.cited.setdefault(number, []).append(test)
    return found

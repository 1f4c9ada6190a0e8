"""Reads Rust source text: its tokens, its items, and its `use` trees. Comments, texts and characters are left out."""
import re
from collections import namedtuple

Token = namedtuple("Token", "text line is_word")
Item = namedtuple("Item", "kind name vis attrs start end line body")

TOKEN = re.compile(r"""(?P<space>\s+|//[^\n]*) | (?P<comment>/\*)
    | (?P<text>[bc]?r(?P<hashes>\#*)".*?"(?P=hashes) | [bc]?"(?:\\.|[^"\\])*")
    | (?P<quote>b?'(?:\\(?:u\{[^}]*\}|.)[^']*|[^'\\])' | '[A-Za-z_]\w*)
    | (?P<word>(?:r\#)?[A-Za-z_]\w*) | (?P<number>\d\w*(?:\.\d\w*)?) | (?P<mark>::|\.\.[.=]?|.)""", re.X | re.S)
ITEM_WORDS = {"struct", "enum", "union", "trait", "fn", "type", "const", "static"}
BEFORE_ITEMS = {"unsafe", "async", "default", "auto", "extern", "safe"}
RELATIVE = {"crate", "self", "super"}
PATH_IN_TEXT = re.compile(r'"((?:crate|self|super)(?:::\w+)+)"')


def tokens_of(source):
    """The tokens of a source text, without comments; a text becomes `"`, unless it is a path (as in `serde(with)`)."""
    tokens, at, line = [], 0, 1
    while at < len(source):
        found = TOKEN.match(source, at)
        text, end = found.group(), found.end()
        if found["comment"]:
            depth = 1
            while depth and end < len(source):
                step = {"/*": 1, "*/": -1}.get(source[end:end + 2], 0)
                depth, end = depth + step, end + (2 if step else 1)
            text = source[at:end]
        elif found["text"]:
            path = PATH_IN_TEXT.fullmatch(text)
            parts = re.findall(r"\w+|::", path[1]) if path else ['"']
            tokens += [Token(part, line, part[0].isalpha()) for part in parts]
        elif found["word"]:
            tokens.append(Token(text.removeprefix("r#"), line, True))
        elif not found["space"] and not found["quote"]:
            tokens.append(Token(text, line, False))
        line, at = line + text.count("\n"), end
    return tokens


class Source:
    """The tokens of one file, and where each bracket closes."""

    def __init__(self, text):
        self.tokens, self.closes, stack = tokens_of(text), {}, []
        for i, token in enumerate(self.tokens):
            if token.text in ("(", "[", "{"):
                stack.append(i)
            elif token.text in (")", "]", "}") and stack:
                self.closes[stack.pop()] = i
        self.closes.update({i: len(self.tokens) for i in stack})

    def text(self, i):
        """The token at this place; empty after the last."""
        return self.tokens[i].text if i < len(self.tokens) else ""

    def joined(self, start, end):
        """These tokens without spaces, such as `cfg(test)`."""
        return "".join(token.text for token in self.tokens[start:end])

    def attributes(self, i):
        """The outer attributes that begin here, and the place after them."""
        attrs = []
        while self.text(i) == "#" and self.text(i + 1) == "[":
            attrs.append((i + 2, self.closes[i + 1]))
            i = self.closes[i + 1] + 1
        return attrs, i

    def is_test(self, attrs):
        """Whether what has these attributes exists only in tests."""
        only_in_tests = r"cfg\(test\)$|cfg\(all\((?:[^()]*,)?test[,)]|(?:\w+::)*test(?:\(|$)"
        return any(re.match(only_in_tests, self.joined(*attr)) for attr in attrs)

    def end_of(self, i, hi, kind):
        """The place after the item, statement, field or match arm that begins at i."""
        while i < hi:
            text = self.text(i)
            if text == ";" or kind is None and text == ",":
                return i + 1
            if text in (")", "]", "}"):
                return i
            if i in self.closes:
                i = self.closes[i]
                if text == "{" and kind not in ("use", "const", "static", "type", "let"):
                    return i + 1
            i += 1
        return hi

    def item(self, i, hi):
        """The item that begins here, with its attributes and visibility. `kind` is None where it is not an item."""
        attrs, start = self.attributes(i)
        at, vis = start, None
        if self.text(at) == "pub":
            at, vis = at + 1, "pub"
            if self.text(at) == "(" and self.text(at + 1) in RELATIVE | {"in"}:
                vis = self.joined(at + 1, self.closes[at])
                at = self.closes[at] + 1
        first = at
        while self.text(at) in BEFORE_ITEMS or self.text(at) == '"' \
                or self.text(at) == "const" and self.text(at + 1) in BEFORE_ITEMS | {"fn"}:
            at += 1
        word = self.text(at)
        kind, name = None, ""
        if word in ITEM_WORDS | {"mod", "impl", "use", "crate", "let"}:
            kind, name = word, self.text(at + 1)
        elif word == "macro_rules":
            kind, name = word, self.text(at + 2)
        elif re.fullmatch(r"(?:\w+::)*\w+!.*", self.joined(at, at + 9)):
            kind, name = "macro", self.joined(at, at + 9).split("!")[0]
        end = self.end_of(first, hi, kind)
        opened = next((k for k in range(at, end) if self.text(k) == "{"), None)
        body = (opened + 1, self.closes[opened]) if opened is not None else None
        return Item(kind, name, vis, attrs, at, max(end, i + 1), self.tokens[min(at, hi - 1)].line, body)

    def items(self, lo, hi):
        """All items from lo to hi. Inner attributes and stray semicolons are left out."""
        while lo < hi:
            if self.joined(lo, lo + 3) == "#![":
                lo = self.closes[lo + 2] + 1
            elif self.text(lo) == ";":
                lo += 1
            else:
                item = self.item(lo, hi)
                yield item
                lo = item.end

    def use_tree(self, i, prefix=()):
        """The leaves of a use tree as (name, path, is a glob, line), and the place after it."""
        path = list(prefix)
        while i < len(self.tokens):
            text = self.text(i)
            if text == "{":
                end, leaves, i = self.closes[i], [], i + 1
                while i < end:
                    more, i = self.use_tree(i, path)
                    leaves, i = leaves + more, i + (self.text(i) == ",")
                return leaves, end + 1
            if text == "*":
                return [("*", tuple(path), True, self.tokens[i].line)], i + 1
            if self.tokens[i].is_word:
                path.append(text)
                if self.text(i + 1) != "::":
                    line, name = self.tokens[i].line, None
                    if self.text(i + 1) == "as":
                        name, i = self.text(i + 2), i + 2
                    path = path[:-1] if path[-1] == "self" and len(path) > 1 else path
                    return [(name or path[-1], tuple(path), False, line)], i + 1
            elif text == "::" and not path or text == "$" and self.text(i + 1) != "crate":
                path.append(text)
            elif text not in ("::", "$"):
                return [], i + 1
            i += 1
        return [], i



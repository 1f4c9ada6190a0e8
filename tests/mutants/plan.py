"""Which mutants are tested, and by which tests.

A mutant is named as `cargo mutants` names it, without line and column, so that a name outlives edits elsewhere in its
file. `#2` is the second of its name.
"""
import hashlib
import json
import re
import subprocess
from collections import Counter, namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("token", "keys", "session", "bearer", "revocation", "throttle")
# Files whose mutants are all tested.
WHOLE = {
    "rotation": ("src/session/rotation.rs", "src/session/policy.rs"),
    "gate": ("src/bearer/decide.rs", "src/bearer/gate.rs", "src/bearer/presented.rs"),
    "verifier": ("src/token/verifier.rs", "src/token/checks.rs"),
    "throttle": ("src/throttle/decide.rs", "src/throttle/lanes.rs", "src/throttle/siege.rs",
                 "src/throttle/settle.rs"),
}
# As many of the others, chosen by a seed.
SAMPLED, SIZE, SEED = "sample", 200, 15
GROUPS = (*WHOLE, SAMPLED)
GOALS = {group: 0.95 for group in WHOLE} | {SAMPLED: 0.90}
# The loom models are tests. The other provider of signatures is in another build than these tests.
LEFT_OUT = ("src/**/model.rs", "src/keys/crypto/rust_crypto.rs", "src/keys/crypto/es512.rs",
            "src/keys/crypto/hmac_key.rs")

# Tests that take more than a second. A mutant that the others miss meets them with `run --missed`.
SLOW = ("after_a_logout_has_returned_nothing_refreshes", "a_store_that_may_sleep_is_not_asked_at_all",
        "an_open_watch_counts_as_a_request", "passwords::", "every_session_has_160_random_bits",
        "a_siege_is_a_gauge", "tokens_that_are_seen_once_do_not", "a_secret_leaves_no_copies",
        "what_is_remembered_has_a_bound", "base64url_may_be_padded", "a_member_that_is_null_is_as_if_absent")
QUICK = tuple(word for name in SLOW for word in ("--skip", name))


def quick(program, *tests):
    return ("--test", program, "--", *tests, *QUICK)


def unit(room):
    return ("--lib", "--", f"{room}::", *QUICK)


# The tests that a mutant meets, one program after the other: arguments of `cargo test`. The first line that fits its
# file counts.
PROGRAMS = (
    ("src/session/rotation.rs", quick("session", "refresh::"), ("--lib", "--", "session::explorer::table")),
    ("src/session/policy.rs", quick("session", "refresh::", "login::", "settings::")),
    ("src/session/", quick("session"), quick("endpoint")),
    ("src/bearer/decide.rs", quick("bearer"), quick("remote", "merged::")),
    ("src/bearer/credentials.rs", quick("bearer"), unit("bearer")),
    ("src/bearer/", quick("bearer"), quick("endpoint")),
    ("src/keys/remote/", quick("remote"), unit("keys")),
    ("src/keys/jwk_members.rs", ("--test", "token", "--", "base64url_may_be_padded"), quick("token"), unit("keys")),
    ("src/keys/wiped.rs", quick("token"), ("--test", "token", "--", "a_secret_leaves_no_copies")),
    ("src/keys/key_source", quick("token"), unit("keys"), quick("remote")),
    ("src/keys/key_set.rs", quick("token"), unit("keys"), quick("remote"), quick("endpoint", "mcp::")),
    ("src/keys/", quick("token"), unit("keys")),
    ("src/token/identity", quick("session")),
    ("src/token/stamp.rs", quick("session")),
    ("src/token/json", quick("token"), unit("token")),
    ("src/token/typed.rs", quick("token"), unit("token")),
    ("src/token/verifier.rs", quick("token"), quick("bearer"), quick("remote"), quick("session", "former_names::")),
    ("src/token/checks.rs", quick("token"), quick("bearer"), quick("remote")),
    ("src/token/", quick("token"), quick("bearer")),
    ("src/revocation/", quick("session"), unit("revocation"), quick("bearer")),
    ("src/throttle/siege.rs", quick("throttle", "siege::"), ("--test", "session", "--", "a_siege_is_a_gauge")),
    ("src/throttle/rule.rs", quick("throttle", "pace::", "promises::", "success::"), quick("endpoint", "throttled::")),
    ("src/throttle/mark.rs", quick("throttle", "pace::", "promises::", "success::"), quick("throttle"),
     quick("session", "events::familiarity")),
    ("src/throttle/", quick("throttle", "pace::", "promises::", "success::"), quick("throttle")),
)
# Those that are missed meet all tests that need no server, but for the examples.
ALL = ("--lib", "--test", "session", "--test", "bearer", "--test", "token", "--test", "remote", "--test", "throttle",
       "--test", "endpoint", "--test", "store")

Mutant = namedtuple("Mutant", "name exact file group text")


def programs(mutant):
    return next(tests for start, *tests in PROGRAMS if mutant.file.startswith(start))


def mutants(tree=ROOT):
    """Every mutant of the rooms, in the order of the source."""
    command = ["cargo", "mutants", "--no-config", "--list", "--json", "--dir", tree]
    command += [f"--file=src/{room}/**" for room in ROOMS] + [f"--exclude={file}" for file in LEFT_OUT]
    listed = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    seen, lines = Counter(), {}
    for one in listed:
        file, what = one["file"], re.sub(r"^\S+:\d+:\d+: ", "", one["name"])
        name = f"{file}: {what}"
        seen[name] += 1
        if seen[name] > 1:
            name += f" #{seen[name]}"
        if file not in lines:
            lines[file] = (Path(tree) / file).read_text().splitlines()
        span = (one["function"] or {}).get("span")
        text = lines[file][span["start"]["line"] - 1:span["end"]["line"]] if span else lines[file]
        group = next((group for group, files in WHOLE.items() if file in files), SAMPLED)
        yield Mutant(name, one["name"], file, group, digest("\n".join(text)))


def planned(found, results):
    """Those that are tested: the whole files, and a sample of the rest that takes a next one for each that does not
    compile. The order of the sample is that of a hash, so that a new mutant does not change who else is in it."""
    found = list(found)
    yield from sorted((one for one in found if one.group != SAMPLED), key=lambda one: GROUPS.index(one.group))
    left = SIZE
    for one in sorted((one for one in found if one.group == SAMPLED), key=lambda one: digest(f"{SEED} {one.name}")):
        if left == 0:
            break
        left -= results.get(one.name, one.text, "") != "unviable"
        yield one


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:8]

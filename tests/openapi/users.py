"""The users of the fuzzer: alice or bob.

Their passwords and tokens replace the invented ones in every other request.

The fuzzer takes strings of this file into its requests, and so guesses at these users too. They
have a device mark each, so that its guesses do not keep them out.
"""

import itertools
import json
import os
import urllib.parse
import urllib.request

import schemathesis

USERS = itertools.cycle([("alice", "wonderland-7"), ("bob", "builder-8")])
TURNS = itertools.count()
MARKS = {}


def log_in():
    username, password = next(USERS)
    form = {"username": username, "password": password, "device_mark": MARKS.get(username, "")}
    url = os.environ["SERVER"] + "/auth/login"
    with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode()) as answer:
        tokens = json.load(answer)
    MARKS[username] = tokens["device_mark"]
    return tokens


# Before the first guess.
for _ in range(2):
    log_in()


PROTECTED = "^/(me|admin|auth/(sessions.*|logout.*))$"


# A session for each request, because any request may end its session.
@schemathesis.auth(refresh_interval=None).apply_to(path_regex=PROTECTED)
class SignedIn:
    def get(self, case, context):
        return log_in()["access_token"]

    def set(self, case, token, context):
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def before_call(context, case, kwargs):
    if not isinstance(case.body, dict) or next(TURNS) % 2:
        return
    known = dict(zip(("username", "password"), next(USERS)))
    if "refresh_token" in case.body:
        known["refresh_token"] = log_in()["refresh_token"]
    for name, value in known.items():
        # A malformed value stays malformed.
        if isinstance(case.body.get(name), str) and case.body[name]:
            case.body[name] = value

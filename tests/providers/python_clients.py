"""The OAuth clients of Python, as they are published, log in to the example server and refresh.

    python_clients.py URL

They ask for `openid`, which this server does not have: the response says which scope is granted.
"""

import os
import sys
import urllib.parse

# As docs/guide/clients.md says. The server is on loopback.
os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import LegacyApplicationClient
from requests_oauthlib import OAuth2Session

SERVER = sys.argv[1]
TOKEN = SERVER + "/auth/token"
ALICE = {"username": "alice", "password": "wonderland-7"}


def requests_oauthlib(scope):
    session = OAuth2Session(client=LegacyApplicationClient("web", scope=scope), scope=scope)
    return session, lambda: session.refresh_token(TOKEN)


def authlib(scope):
    session = AuthlibSession("web", scope=scope, token_endpoint_auth_method="none")
    return session, lambda: session.refresh_token(TOKEN, scope=scope)


def words(scope):
    """One client hands on the text, another its words."""
    return " ".join([scope] if isinstance(scope, str) else scope).split()


def check(client, scope, granted):
    session, refresh = client(scope)
    answers = []
    session.hooks["response"].append(lambda answer, **_: answers.append(answer))

    first = dict(session.fetch_token(TOKEN, **ALICE))
    second = dict(refresh())
    assert [answer.status_code for answer in answers] == [200, 200], answers
    grants = []
    for answer, token in zip(answers, [first, second]):
        sent = dict(urllib.parse.parse_qsl(answer.request.body))
        assert sent["scope"] == scope, sent["scope"]
        grants.append(sent["grant_type"])
        assert answer.json()["scope"] == granted, answer.json()["scope"]
        assert words(token["scope"]) == granted.split(), token["scope"]
    assert grants == ["password", "refresh_token"], grants
    for name in ["access_token", "refresh_token"]:
        assert first[name] != second[name], f"the {name} is the old one"

    me = session.get(SERVER + "/me")
    assert me.status_code == 200 and me.json()["username"] == "alice", me.status_code
    admin = session.get(SERVER + "/admin").status_code
    assert admin == (200 if "admin" in granted.split() else 403), admin
    print(f"{client.__name__}: asked for {scope!r}, has {granted!r}")


for client in [requests_oauthlib, authlib]:
    check(client, "openid", "")
    check(client, "openid admin", "admin")

// Stock OAuth clients and examples/server: the password grant, and refreshes. They ask for scopes
// that this server does not have, as `openid`.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import * as oauth from "oauth4webapi";
import { InMemoryWebStorage, UserManager, WebStorageStateStore } from "oidc-client-ts";
import * as openid from "openid-client";
import { startExample, startMcp } from "./support/programs.mjs";

const ALICE = { username: "alice", password: "wonderland-7" };

let server, issuer, tokenEndpoint;
before(async () => {
  server = await startExample("server", { DATABASE_URL: "memory:" });
  issuer = server.origin;
  tokenEndpoint = `${issuer}/auth/token`;
});
after(() => server?.stop());

async function isAdmin(token) {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${server.origin}/admin`, { headers })).status === 200;
}

describe("oidc-client-ts", () => {
  let users;
  // Its timers keep the process alive.
  afterEach(() => users?.removeUser());

  function manager(settings) {
    const store = new InMemoryWebStorage();
    return new UserManager({
      authority: issuer,
      metadata: { issuer, token_endpoint: tokenEndpoint },
      client_id: "web",
      redirect_uri: `${issuer}/callback`,
      userStore: new WebStorageStateStore({ store }),
      ...settings,
    });
  }

  test("logs in and refreshes with its own scope, openid, and is told what it has", async () => {
    users = manager({});
    const user = await users.signinResourceOwnerCredentials(ALICE);
    assert.equal(user.scope, "");
    assert.ok(!(await isAdmin(user.access_token)));
    await users.storeUser(user);
    const next = await users.signinSilent();
    assert.notEqual(next.access_token, user.access_token);
    assert.equal(next.scope === "admin", await isAdmin(next.access_token));
  });

  test("logs in and refreshes with a scope of which a part is granted", async () => {
    users = manager({ scope: "openid admin profile" });
    const user = await users.signinResourceOwnerCredentials(ALICE);
    assert.equal(user.scope, "admin");
    await users.storeUser(user);
    const next = await users.signinSilent();
    assert.notEqual(next.access_token, user.access_token);
    assert.equal(next.scope, "admin");
    assert.ok(await isAdmin(next.access_token));
  });
});

describe("openid-client", () => {
  function configure() {
    const metadata = { issuer, token_endpoint: tokenEndpoint };
    const config = new openid.Configuration(metadata, "web", undefined, openid.None());
    openid.allowInsecureRequests(config);
    return config;
  }

  test("logs in and refreshes with the same scope, and is told what is granted", async () => {
    const config = configure();
    const scope = "openid admin offline_access";
    const tokens = await openid.genericGrantRequest(config, "password", { ...ALICE, scope });
    assert.equal(tokens.scope, "admin");
    const next = await openid.refreshTokenGrant(config, tokens.refresh_token, { scope });
    assert.notEqual(next.access_token, tokens.access_token);
    assert.equal(next.scope, "admin");
    assert.ok(await isAdmin(next.access_token));
  });

  test("is granted everything without a scope", async () => {
    const config = configure();
    const tokens = await openid.genericGrantRequest(config, "password", ALICE);
    assert.equal(tokens.scope, "admin");
    const next = await openid.refreshTokenGrant(config, tokens.refresh_token);
    assert.equal(next.scope, "admin");
  });

  test("a wrong password is invalid_grant", async () => {
    const wrong = { ...ALICE, password: "wrong" };
    await assert.rejects(openid.genericGrantRequest(configure(), "password", wrong), {
      error: "invalid_grant",
      status: 400,
    });
  });

  test("an unknown refresh token is invalid_grant", async () => {
    await assert.rejects(openid.refreshTokenGrant(configure(), "unknown"), {
      error: "invalid_grant",
      status: 400,
    });
  });
});

describe("oauth4webapi", () => {
  test("discovers examples/mcp, logs in, refreshes and revokes", async () => {
    const mcp = await startMcp();
    try {
      const at = new URL(mcp.origin);
      const loose = { [oauth.allowInsecureRequests]: true };
      const found = await oauth.discoveryRequest(at, { algorithm: "oauth2", ...loose });
      const as = await oauth.processDiscoveryResponse(at, found);
      assert.equal(as.token_endpoint, `${mcp.origin}/auth/token`);
      const client = { client_id: "web" };
      const none = oauth.None();

      const form = new URLSearchParams({ ...ALICE, scope: "openid mcp:tools" });
      const login = await oauth.genericTokenEndpointRequest(
        as,
        client,
        none,
        "password",
        form,
        loose,
      );
      const tokens = await oauth.processGenericTokenEndpointResponse(as, client, login);
      assert.equal(tokens.scope, "mcp:tools");

      const options = { additionalParameters: { scope: "openid mcp:tools" }, ...loose };
      const token = tokens.refresh_token;
      const refresh = await oauth.refreshTokenGrantRequest(as, client, none, token, options);
      const next = await oauth.processRefreshTokenResponse(as, client, refresh);
      assert.equal(next.scope, "mcp:tools");

      const revoked = next.refresh_token;
      const revocation = await oauth.revocationRequest(as, client, none, revoked, loose);
      await oauth.processRevocationResponse(revocation);
      const late = await oauth.refreshTokenGrantRequest(as, client, none, revoked, loose);
      await assert.rejects(oauth.processRefreshTokenResponse(as, client, late), {
        error: "invalid_grant",
      });
    } finally {
      mcp.stop();
    }
  });
});

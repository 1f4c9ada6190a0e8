// The client of the MCP SDK, and examples/mcp with its own login.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  discoverOAuthProtectedResourceMetadata,
  extractWWWAuthenticateParams,
  refreshAuthorization,
} from "@modelcontextprotocol/sdk/client/auth.js";
import { connect, whoami, withHeader } from "./support/mcp.mjs";
import { startMcp } from "./support/programs.mjs";

describe("the MCP SDK's client and examples/mcp", () => {
  let server, url;
  before(async () => {
    server = await startMcp();
    url = `${server.origin}/mcp`;
  });
  after(() => server?.stop());

  async function logIn() {
    const body = new URLSearchParams({ username: "alice", password: "wonderland-7" });
    const response = await fetch(`${server.origin}/auth/login`, { method: "POST", body });
    assert.equal(response.status, 200);
    return response.json();
  }

  test("with a token in a header it lists the tools and calls one", async () => {
    const { access_token: token } = await logIn();
    const client = await connect(url, withHeader(token));
    const { tools } = await client.listTools();
    assert.deepEqual(
      tools.map(({ name }) => name),
      ["whoami"],
    );
    assert.equal(await whoami(client), "alice");
    await client.close();
  });

  test("after a logout its next call is 401", async () => {
    const { access_token: access, refresh_token: token } = await logIn();
    const client = await connect(url, withHeader(access));
    assert.equal(await whoami(client), "alice");
    const body = new URLSearchParams({ token });
    await fetch(`${server.origin}/auth/logout`, { method: "POST", body });
    await assert.rejects(whoami(client), { code: 401, message: /session_ended|session has ended/ });
    await client.close();
  });

  test("without a token it is 401", async () => {
    await assert.rejects(connect(url), { code: 401 });
    await assert.rejects(connect(url, withHeader("stale")), { code: 401 });
  });

  test("it reads the metadata's URL and the scope in the challenge", async () => {
    const resourceMetadataUrl = new URL(
      `${server.origin}/.well-known/oauth-protected-resource/mcp`,
    );
    const found = async (options) => {
      const response = await fetch(url, { method: "POST", ...options });
      assert.equal(response.status, 401);
      return extractWWWAuthenticateParams(response);
    };
    assert.deepEqual(await found(), {
      resourceMetadataUrl,
      scope: "mcp:tools",
      error: undefined,
    });
    const { headers } = withHeader("stale").requestInit;
    assert.deepEqual(await found({ headers }), {
      resourceMetadataUrl,
      scope: "mcp:tools",
      error: "invalid_token",
    });
  });

  test("it finds the metadata of the resource, from the challenge or the URL alone", async () => {
    const resourceMetadataUrl = `${server.origin}/.well-known/oauth-protected-resource/mcp`;
    for (const options of [{ resourceMetadataUrl }, {}]) {
      assert.deepEqual(await discoverOAuthProtectedResourceMetadata(url, options), {
        resource: url,
        authorization_servers: [server.origin],
        scopes_supported: ["mcp:tools"],
        bearer_methods_supported: ["header"],
      });
    }
  });

  test("it refreshes with a token endpoint that it was told", async () => {
    const { refresh_token: refreshToken } = await logIn();
    const tokens = await refreshAuthorization(server.origin, {
      metadata: { token_endpoint: `${server.origin}/auth/token` },
      clientInformation: { client_id: "any" },
      refreshToken,
      resource: url,
    });
    assert.notEqual(tokens.refresh_token, refreshToken);
    const client = await connect(url, withHeader(tokens.access_token));
    assert.equal(await whoami(client), "alice");
    await client.close();
  });
});

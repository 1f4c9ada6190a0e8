// The client of the MCP SDK, examples/mcp, and oidc-provider, where the user logs in.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Browser } from "./support/browser.mjs";
import { connect, Login, whoami, withHeader } from "./support/mcp.mjs";
import { fillIn, startOidcProvider } from "./support/oidc_provider.mjs";
import { startMcp } from "./support/programs.mjs";

describe("the MCP SDK's client, examples/mcp and oidc-provider", () => {
  let provider, server, url;
  before(async () => {
    provider = await startOidcProvider(0);
    server = await startMcp({ ISSUER: provider.issuer });
    url = `${server.origin}/mcp`;
  });
  after(async () => {
    server?.stop();
    await provider?.stop();
  });

  test("it finds the issuer, registers, logs in, and calls a tool", async () => {
    const authProvider = new Login();
    await assert.rejects(connect(url, { authProvider }), UnauthorizedError);
    const { page, redirectUrl } = authProvider;
    assert.equal(page.origin, provider.issuer);
    assert.equal(page.searchParams.get("scope"), "mcp:tools");
    assert.equal(page.searchParams.get("resource"), url);

    const callback = await new Browser().follow(page, fillIn, redirectUrl);
    const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider });
    await transport.finishAuth(callback.searchParams.get("code"));
    const client = await connect(url, { authProvider });
    assert.equal(await whoami(client), "alice");
    await client.close();
  });

  test("a token for another resource is 401, and one without the scope is 403", async () => {
    const other = await provider.logIn("https://other.example.com");
    await assert.rejects(connect(url, withHeader(other.access_token)), { code: 401 });
    const narrow = await provider.logIn(url);
    await assert.rejects(connect(url, withHeader(narrow.access_token)), { code: 403 });
  });
});

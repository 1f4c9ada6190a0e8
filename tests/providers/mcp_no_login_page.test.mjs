// What the MCP SDK's client says where these sessions have no login page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  discoverOAuthServerInfo,
  UnauthorizedError,
} from "@modelcontextprotocol/sdk/client/auth.js";
import { connect, Login, whoami } from "./support/mcp.mjs";
import { startMcp } from "./support/programs.mjs";

const SENTENCE = /^this server has no login page for MCP clients: configure the client to send/;

let server, url;
before(async () => {
  server = await startMcp();
  url = `${server.origin}/mcp`;
});
after(() => server?.stop());

test("it accepts the metadata of the server, which names the page", async () => {
  const { authorizationServerMetadata: metadata } = await discoverOAuthServerInfo(url);
  assert.equal(metadata.issuer, server.origin);
  assert.equal(metadata.token_endpoint, `${server.origin}/auth/token`);
  const page = `${server.origin}/.well-known/no-login-page`;
  assert.equal(metadata.authorization_endpoint, page);
  assert.equal(metadata.registration_endpoint, page);
});

test("a client that registers fails with the sentence", async () => {
  const authProvider = new Login();
  await assert.rejects(connect(url, { authProvider }), { message: SENTENCE });
  assert.equal(authProvider.page, undefined);
});

test("a client that is registered elsewhere opens the page, which has the sentence", async () => {
  const authProvider = new Login();
  authProvider.saveClientInformation({ client_id: "web" });
  await assert.rejects(connect(url, { authProvider }), UnauthorizedError);
  const response = await fetch(authProvider.page);
  assert.equal(response.status, 404);
  assert.match(await response.text(), SENTENCE);
});

test("a client that was given a refresh token refreshes by itself", async () => {
  const body = new URLSearchParams({ username: "alice", password: "wonderland-7" });
  const response = await fetch(`${server.origin}/auth/login`, { method: "POST", body });
  const tokens = await response.json();
  const authProvider = new Login();
  const issuer = server.origin;
  authProvider.saveClientInformation({ client_id: "web", issuer });
  authProvider.saveTokens({ ...tokens, access_token: "stale", issuer });
  const client = await connect(url, { authProvider });
  assert.equal(await whoami(client), "alice");
  assert.notEqual(authProvider.saved.refresh_token, tokens.refresh_token);
  await client.close();
});

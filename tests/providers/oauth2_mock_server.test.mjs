// oauth2-mock-server: an issuer for tests.

import assert from "node:assert/strict";
import { test } from "node:test";
import { OAuth2Server } from "oauth2-mock-server";
import { explain } from "./support/programs.mjs";
import { assertRefused } from "./support/requests.mjs";
import { settingsOf } from "./support/settings.mjs";
import { testProvider } from "./support/suite.mjs";

const AUDIENCE = "https://api.example.com";

async function start(port) {
  const server = new OAuth2Server();
  await server.issuer.keys.generate("RS256");
  await server.start(port, "127.0.0.1");
  const issuer = server.issuer.url;

  // The provider's own endpoint; `change` is what its documented hook does with the claims.
  async function ask(change, parameters = {}) {
    const hook = (token) => change(token.payload);
    server.service.on("beforeTokenSigning", hook);
    const body = new URLSearchParams({
      grant_type: "password",
      username: "alice",
      password: "wonderland-7",
      client_id: "web",
      scope: "orders",
      ...parameters,
    });
    const response = await fetch(`${issuer}/token`, { method: "POST", body });
    server.service.off("beforeTokenSigning", hook);
    assert.equal(response.status, 200);
    return response.json();
  }
  const named = (payload) => (payload.aud ??= AUDIENCE);
  return {
    settings: settingsOf("oauth2-mock-server", "http://localhost:8080", issuer),
    expected: { subject: "alice", issuer, scope: "orders" },
    tokens: {
      access: async () => (await ask(named)).access_token,
      id: async () => (await ask(named)).id_token,
      withoutAudience: async () => (await ask(() => {})).access_token,
      ofClient: async () => {
        return (await ask(named, { grant_type: "client_credentials" })).access_token;
      },
      forAnother: async () => {
        const other = (payload) => (payload.aud ??= "https://other.example.com");
        return (await ask(other)).access_token;
      },
      expired: async () => {
        const past = (payload) => {
          named(payload);
          payload.exp = payload.iat - 3600;
        };
        return (await ask(past)).access_token;
      },
    },
    stop: () => server.stop(),
  };
}

testProvider("oauth2-mock-server", {
  start,
  needed: { AUDIENCE: ".audience(", ACCEPT_UNTYPED_JWT: ".accept_untyped_jwt()" },
  more: (now) => {
    test("its ID token is refused by its audience alone", async () => {
      const { provider, application } = now();
      await assertRefused(application, await provider.tokens.id(), /audience/);
    });

    test("without the hook a user's token has no aud, and a client's no sub", async () => {
      const { provider, application } = now();
      const { settings, tokens } = provider;
      for (const [token, reason, line] of [
        [await tokens.withoutAudience(), /there is no aud/, "`audience_claim`"],
        [await tokens.ofClient(), /there is no sub/, "`subject_claim`"],
      ]) {
        await assertRefused(application, token, reason);
        const { text } = await explain(token, settings);
        assert.ok(text.includes(line), text);
      }
    });
  },
});

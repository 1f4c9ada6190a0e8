// oauth2-mock-server, whose hook adds the claims that its tokens lack.

import assert from "node:assert/strict";
import { OAuth2Server } from "oauth2-mock-server";
import { settingsOf } from "./settings.mjs";

const AUDIENCE = "https://api.example.com";

/** Starts it with a new key; `tokens` are of its token endpoint. */
export async function startMockServer(port, options = {}) {
  const { kid, ...ofServer } = options;
  const server = new OAuth2Server(undefined, undefined, ofServer);
  await server.issuer.keys.generate("RS256", { kid });
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
    const response = await fetch(new URL("/token", issuer), {
      method: "POST",
      // It would be used after a restart.
      headers: { connection: "close" },
      body,
    });
    server.service.off("beforeTokenSigning", hook);
    assert.equal(response.status, 200);
    return response.json();
  }
  const named = (payload) => (payload.aud ??= AUDIENCE);
  return {
    keys: server.issuer.keys,
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

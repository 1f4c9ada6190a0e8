// Better Auth with the plugin `jwt`, and a user who signs up.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { jwt } from "better-auth/plugins";
import { Browser } from "./support/browser.mjs";
import { listen } from "./support/listen.mjs";
import { assertRefused } from "./support/requests.mjs";
import { settingsOf } from "./support/settings.mjs";
import { testProvider } from "./support/suite.mjs";

async function start(port) {
  const database = { user: [], session: [], account: [], verification: [], jwks: [] };
  let handle;
  const server = await listen(port, (request, response) => handle(request, response));
  const issuer = `http://127.0.0.1:${server.port}`;
  const auth = betterAuth({
    baseURL: issuer,
    secret: randomBytes(32).toString("base64"),
    database: memoryAdapter(database),
    emailAndPassword: { enabled: true },
    plugins: [jwt({ sessionCookieCache: true })],
    session: { cookieCache: { enabled: true, strategy: "jwt" } },
    telemetry: { enabled: false },
    logger: { level: "error" },
  });
  handle = toNodeHandler(auth);

  const browser = new Browser();
  const signUp = await browser.fetch(`${issuer}/api/auth/sign-up/email`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: issuer },
    body: JSON.stringify({ name: "Alice", email: "a@example.com", password: "wonderland-7" }),
  });
  assert.equal(signUp.status, 200);
  const { user } = await signUp.json();

  // The provider's own function, which only its server calls.
  const sign = async (claims) => {
    const { token } = await auth.api.signJWT({ body: { payload: { sub: user.id, ...claims } } });
    return token;
  };
  return {
    settings: settingsOf("Better Auth", "https://app.example.com", issuer),
    expected: { subject: user.id, issuer, scope: "" },
    tokens: {
      access: async () => {
        const response = await browser.fetch(`${issuer}/api/auth/token`);
        assert.equal(response.status, 200);
        return (await response.json()).token;
      },
      ofCookie: () => browser.cookie("better-auth.session_data"),
      forAnother: () => sign({ aud: "https://other.example.com" }),
      expired: () => sign({ exp: Math.floor(Date.now() / 1000) - 3600 }),
    },
    stop: server.stop,
  };
}

testProvider("Better Auth", {
  start,
  needed: { AUDIENCE: ".audience(", ACCEPT_UNTYPED_JWT: ".accept_untyped_jwt()" },
  more: (now) => {
    test("the JWT in its session cookie, which the same key signed, is refused", async () => {
      const { provider, application } = now();
      await assertRefused(application, provider.tokens.ofCookie(), /session-cache/);
    });
  },
});

// Better Auth with the plugin `jwt`.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { jwt } from "better-auth/plugins";
import { Browser } from "./browser.mjs";
import { listen } from "./listen.mjs";
import { settingsOf } from "./settings.mjs";

/** Starts it with new keys, of this algorithm, and a user who has signed up. */
export async function startBetterAuth(port, alg = "EdDSA") {
  const database = { user: [], session: [], account: [], verification: [], jwks: [] };
  let handle;
  const server = await listen(port, (request, response) => handle(request, response));
  const issuer = `http://127.0.0.1:${server.port}`;
  const auth = betterAuth({
    baseURL: issuer,
    secret: randomBytes(32).toString("base64"),
    database: memoryAdapter(database),
    emailAndPassword: { enabled: true },
    plugins: [jwt({ sessionCookieCache: true, jwks: { keyPairConfig: { alg } } })],
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

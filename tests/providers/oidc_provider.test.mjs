// oidc-provider, with a user who logs in via the code flow, and a machine.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { startOidcProvider } from "./support/oidc_provider.mjs";
import { explain } from "./support/programs.mjs";
import { assertAccepted, assertRefused } from "./support/requests.mjs";
import { settingsOf } from "./support/settings.mjs";
import { testProvider } from "./support/suite.mjs";

const AUDIENCE = "https://api.example.com";

async function start(port, jwt) {
  const { issuer, logIn, ofMachine, changed, stop } = await startOidcProvider(port, jwt);
  const access = async (resource) => (await logIn(resource)).access_token;
  const past = (jwt) => (jwt.payload.exp = jwt.payload.iat - 3600);
  return {
    settings: settingsOf("oidc-provider", "https://op.example.com", issuer),
    expected: { subject: "alice", issuer, scope: "orders" },
    tokens: {
      access: () => access(AUDIENCE),
      id: async () => (await logIn(AUDIENCE)).id_token,
      opaque: () => access(),
      bound: async () => (await logIn(AUDIENCE, { isBound: true })).access_token,
      ofMachine: async () => (await ofMachine(AUDIENCE)).access_token,
      forAnother: () => access("https://other.example.com"),
      expired: () => changed(past, () => access(AUDIENCE)),
    },
    stop,
  };
}

testProvider("oidc-provider", {
  start,
  needed: { AUDIENCE: ".audience(" },
  more: (now) => {
    test("a machine's token has the client as its subject", async () => {
      const { provider, application } = now();
      const token = await provider.tokens.ofMachine();
      const { subject, scope } = await assertAccepted(application, token);
      assert.deepEqual([subject, scope], ["machine", "orders"]);
    });

    test("its ID token is refused by its typ", async () => {
      const { provider, application } = now();
      await assertRefused(application, await provider.tokens.id(), /typ/);
    });

    test("without the check of typ its audience alone keeps the ID token out", async () => {
      const { settings, tokens } = now().provider;
      const token = await tokens.id();
      const loose = { ...settings, ACCEPT_UNTYPED_JWT: "1" };
      const { isAccepted, text } = await explain(token, loose);
      assert.ok(!isAccepted);
      assert.match(text, /aud +REFUSED/);
      // This is why docs/issuers.md forbids the id of the client as the audience.
      assert.ok((await explain(token, { ...loose, AUDIENCE: "web" })).isAccepted);
    });

    test("a token that is bound to a key of the client (DPoP) is refused", async () => {
      const { provider, application } = now();
      const token = await provider.tokens.bound();
      await assertRefused(application, token, /cnf|proof/);
      const { isAccepted, text } = await explain(token, provider.settings);
      assert.ok(!isAccepted);
      assert.match(text, /cnf +REFUSED/);
    });

    test("without a resource its access token is opaque, and explain says so", async () => {
      const { provider, application } = now();
      const token = await provider.tokens.opaque();
      await assertRefused(application, token, /opaque|not a JWT/);
      const { isAccepted, text } = await explain(token, provider.settings);
      assert.ok(!isAccepted);
      assert.match(text, /opaque|not a JWT/);
    });
  },
});

test("oidc-provider: explain says that an encrypted token is encrypted", async () => {
  const encrypt = { alg: "dir", enc: "A128CBC-HS256", key: randomBytes(32) };
  const provider = await start(0, { sign: { alg: "RS256" }, encrypt });
  try {
    const token = await provider.tokens.access();
    const { isAccepted, text } = await explain(token, provider.settings);
    assert.ok(!isAccepted);
    assert.match(text, /form +REFUSED.*encrypted/);
  } finally {
    await provider.stop();
  }
});

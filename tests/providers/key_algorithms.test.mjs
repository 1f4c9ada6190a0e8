// Each algorithm that these providers can sign with.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startBetterAuth } from "./support/better_auth.mjs";
import { startMockServer } from "./support/oauth2_mock_server.mjs";
import { startOidcProvider } from "./support/oidc_provider.mjs";
import { startExample } from "./support/programs.mjs";
import { assertAccepted } from "./support/requests.mjs";
import { settingsOf } from "./support/settings.mjs";

const algorithmOf = (token) => JSON.parse(atob(token.split(".")[0])).alg;

test("oauth2-mock-server: a key set with a key of each algorithm", async () => {
  // With the RS256 of the start there are 11 keys. The provider signs with one after the other, two
  // for each request, so that 11 requests reach them all.
  const more = "RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519".split(" ");
  const provider = await startMockServer(0);
  let application;
  try {
    for (const algorithm of more) await provider.keys.generate(algorithm);
    application = await startExample("external_issuer", provider.settings);
    const found = new Set();
    for (let count = 0; count <= more.length; count += 1) {
      const token = await provider.tokens.access();
      await assertAccepted(application, token);
      found.add(algorithmOf(token));
    }
    assert.deepEqual([...found].sort(), ["RS256", ...more].sort());
  } finally {
    application?.stop();
    await provider.stop();
  }
});

for (const algorithm of ["EdDSA", "ES256", "ES512", "PS256", "RS256"]) {
  test(`Better Auth: ${algorithm}`, async () => {
    const provider = await startBetterAuth(0, algorithm);
    const application = await startExample("external_issuer", provider.settings);
    try {
      const token = await provider.tokens.access();
      assert.equal(algorithmOf(token), algorithm);
      await assertAccepted(application, token);
    } finally {
      application.stop();
      await provider.stop();
    }
  });
}

for (const alg of ["RS256", "PS256", "ES256", "EdDSA"]) {
  test(`oidc-provider: ${alg}`, async () => {
    const provider = await startOidcProvider(0, { sign: { alg } });
    const settings = settingsOf("oidc-provider", "https://op.example.com", provider.issuer);
    const application = await startExample("external_issuer", settings);
    try {
      const { access_token: token } = await provider.ofMachine(settings.AUDIENCE);
      assert.equal(algorithmOf(token), alg);
      await assertAccepted(application, token);
    } finally {
      application.stop();
      await provider.stop();
    }
  });
}

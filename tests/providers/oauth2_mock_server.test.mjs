// oauth2-mock-server: an issuer for tests.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startMockServer } from "./support/oauth2_mock_server.mjs";
import { explain, startExample } from "./support/programs.mjs";
import { assertAccepted, assertRefused, me, until } from "./support/requests.mjs";
import { testProvider } from "./support/suite.mjs";

testProvider("oauth2-mock-server", {
  start: startMockServer,
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

test("oauth2-mock-server: an issuer with a slash at its end", async () => {
  const provider = await startMockServer(0, { shouldIssuerUrlBeSuffixedWithATralingSlash: true });
  let application;
  try {
    assert.match(provider.settings.ISSUER, /[/]$/);
    application = await startExample("external_issuer", provider.settings);
    const { issuer } = await assertAccepted(application, await provider.tokens.access());
    assert.equal(issuer, provider.settings.ISSUER);

    const ISSUER = provider.settings.ISSUER.slice(0, -1);
    const { isAccepted, text } = await explain(await provider.tokens.access(), {
      ...provider.settings,
      ISSUER,
    });
    assert.ok(!isAccepted);
    assert.ok(text.includes(`.issuer("${provider.settings.ISSUER}")`), text);
  } finally {
    application?.stop();
    await provider.stop();
  }
});

test("oauth2-mock-server: another key with the same kid, after a restart", async () => {
  let provider = await startMockServer(0, { kid: "development" });
  const application = await startExample("external_issuer", provider.settings);
  try {
    await assertAccepted(application, await provider.tokens.access());
    const { port } = new URL(provider.settings.ISSUER);
    await provider.stop();
    provider = await startMockServer(Number(port), { kid: "development" });
    const token = await provider.tokens.access();
    await until(() => me(application, token), ({ status }) => status === 200);
  } finally {
    application.stop();
    await provider.stop();
  }
});

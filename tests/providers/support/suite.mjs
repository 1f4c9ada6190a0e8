// What holds for each provider.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { freePort } from "./listen.mjs";
import { explain, startExample } from "./programs.mjs";
import { assertAccepted, assertRefused, me, tampered, until } from "./requests.mjs";

/**
 * `start(port)` starts the provider with new keys, and resolves to
 * `{ settings, expected, tokens, stop }`: the environment of the application, what `/me` answers,
 * and functions that get tokens from the provider. `needed` has, for each setting, what `explain`
 * says when it is missing.
 */
export function testProvider(name, { start, needed, more }) {
  describe(name, () => {
    let provider, application;
    before(async () => {
      provider = await start(await freePort());
      application = await startExample("external_issuer", provider.settings);
    });
    after(async () => {
      application?.stop();
      await provider?.stop();
    });

    test("its access token is accepted with the documented settings", async () => {
      const token = await provider.tokens.access();
      const { claims, ...found } = await assertAccepted(application, token);
      assert.deepEqual(found, provider.expected);
      assert.equal(claims.iss, provider.settings.ISSUER);
    });

    test("a request without a token is 401", async () => {
      const { status, challenge } = await me(application);
      assert.deepEqual([status, challenge], [401, "Bearer"]);
    });

    test("a token for another audience is refused", async () => {
      await assertRefused(application, await provider.tokens.forAnother(), /audience/);
    });

    test("an expired token is refused", async () => {
      await assertRefused(application, await provider.tokens.expired(), /expired/);
    });

    test("a tampered token is refused", async () => {
      for (const token of tampered(await provider.tokens.access())) {
        await assertRefused(application, token, /signature/);
      }
    });

    test("explain accepts the token, and names each setting that is missing", async () => {
      const token = await provider.tokens.access();
      const all = await explain(token, provider.settings);
      assert.ok(all.isAccepted, all.text);
      for (const [setting, line] of Object.entries(needed)) {
        const { [setting]: _, ...others } = provider.settings;
        const without = await explain(token, others);
        assert.ok(!without.isAccepted, `${setting} is not needed: ${without.text}`);
        assert.ok(without.text.includes(line), `no ${line} in: ${without.text}`);
      }
    });

    more?.(() => ({ provider, application }));

    test("the keys change in a restart, and new tokens are accepted", async () => {
      // A new application: the tampered tokens may have caused the one fetch of this minute.
      const other = await startExample("external_issuer", provider.settings);
      try {
        const old = await provider.tokens.access();
        await assertAccepted(other, old);
        const { port } = new URL(provider.settings.ISSUER);
        await provider.stop();
        provider = await start(Number(port));
        const token = await provider.tokens.access();
        const kids = [old, token].map((token) => JSON.parse(atob(token.split(".")[0])).kid);
        assert.notEqual(kids[0], kids[1]);
        await until(() => me(other, token), ({ status }) => status === 200);
      } finally {
        other.stop();
      }
    });

    test("while the provider is down a new application answers 503, then 200", async () => {
      const token = await provider.tokens.access();
      const { port } = new URL(provider.settings.ISSUER);
      await provider.stop();
      const early = await startExample("external_issuer", provider.settings);
      try {
        const { status, challenge } = await me(early, token);
        assert.deepEqual([status, challenge], [503, null]);
        provider = await start(Number(port));
        const next = await provider.tokens.access();
        await until(() => me(early, next), ({ status }) => status === 200);
      } finally {
        early.stop();
      }
    });
  });
}

// Better Auth with the plugin `jwt`, and a user who signs up.

import { test } from "node:test";
import { startBetterAuth } from "./support/better_auth.mjs";
import { assertRefused } from "./support/requests.mjs";
import { testProvider } from "./support/suite.mjs";

testProvider("Better Auth", {
  start: startBetterAuth,
  needed: {
    JWKS_URL: "RemoteJwks::new(",
    AUDIENCE: ".audience(",
    ACCEPT_UNTYPED_JWT: ".accept_untyped_jwt()",
  },
  more: (now) => {
    test("the JWT in its session cookie, which the same key signed, is refused", async () => {
      const { provider, application } = now();
      await assertRefused(application, provider.tokens.ofCookie(), /session-cache/);
    });
  },
});

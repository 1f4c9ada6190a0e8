// The options `readTokens` and `base`: what a server wraps its tokens in, and where it is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ALICE, LIFE, json, denied, browser } from "./support.mjs";

test("tokens that the server wraps are found with `readTokens`", async () => {
  for (const delivery of ["cookie", "body"]) {
    const { tab, server, clock } = browser({ delivery });
    const answer = server.answer.bind(server);
    server.answer = async (call) => {
      const plain = answer(call);
      const isOurs = call.path.startsWith("/auth/") && plain.status === 200;
      return isOurs ? json(200, { data: await plain.json() }) : plain;
    };
    // A body without `data` has no tokens, whatever the function does with it.
    const session = tab({ readTokens: (body) => ({ ...body.data, scope: body.data.scope }) });
    assert.equal((await session.login(ALICE)).scope, "admin");
    await clock.advance(LIFE + 1);
    assert.equal((await session.fetch("/me")).status, 200);
    assert.equal(server.to("/auth/refresh").at(-1).headers.has("idempotency-key"), true);
    server.fail("/auth/login", json(200, { portal: true }));
    await assert.rejects(session.login(ALICE), { reason: "no_tokens", message: /readTokens/ });
    await assert.rejects(session.login({ ...ALICE, password: "wrong" }), { status: 400 });
    assert.equal((await session.logout()), undefined);
    assert.equal(session.state().loggedIn, false);
    await assert.rejects(tab().login(ALICE), { reason: "no_tokens" });
  }
});

test("a server on another origin gets the token that it has issued", async () => {
  for (const delivery of ["cookie", "body"]) {
    const { tab, server } = browser();
    const session = tab({ base: "https://api.example/auth", delivery });
    await session.login(ALICE);
    server.fail("/me", denied("token_expired"));
    assert.equal((await session.fetch("https://api.example/me")).status, 200);
    const sent = server.to("/me").map(({ headers }) => headers.get("authorization"));
    assert.equal(sent.length, 2);
    for (const token of sent) assert.match(token, /^Bearer SECRET/);
    for (const other of ["https://api.example:8443/me", "http://api.example/me"]) {
      await session.fetch(other);
      assert.equal(server.calls.at(-1).headers.get("authorization"), null, other);
    }
  }
});

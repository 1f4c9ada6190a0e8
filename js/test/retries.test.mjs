// Lost answers, refusals, and what is not a logout.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ALICE, LIFE, settle, json, invalidGrant, hangs } from "./support.mjs";
import { breaks, denied, loggedIn, isUnavailable } from "./support.mjs";

test("an attempt has a limit and its retries one key; the next refresh has another", async () => {
  const { one, server, clock, heard } = await loggedIn();
  server.fail("/auth/refresh", hangs);
  const refresh = one.refresh();
  await clock.advance(9_999);
  assert.equal(server.keys().length, 1);
  await clock.advance(1_500);
  await refresh;
  await one.refresh();
  const [first, again, next] = server.keys();
  assert.equal(again, first);
  assert.notEqual(next, first);
  assert.equal(server.keys().length, 3);
  await settle();
  assert.deepEqual(heard.map(([cause]) => cause), ["refresh", "refresh"]);
  assert.equal(clock.waiting, 0);
});

test("a life counts from the attempt that has brought the token", async () => {
  const { one, server, clock } = await loggedIn();
  server.fail("/auth/refresh", hangs);
  const refresh = one.refresh();
  await clock.advance(11_000);
  const { expiresAt } = await refresh;
  const [, { at }] = server.calls;
  assert.equal(expiresAt, at + LIFE);
});

test("lost connections, 5xx, 429 and foreign pages are retried, but not for ever", async () => {
  const { one, server, clock, jar, heard } = await loggedIn();
  const before = jar.read();
  const html = () => new Response("<h1>Welcome to our hotel</h1>", { status: 200 });
  const cut = () => new ReadableStream({ start: (stream) => stream.error(new Error("cut")) });
  const broken = () => new Response(cut(), { status: 200 });
  const busy = [500, 502, 503, 429].map((status) => () => json(status, {}));
  for (const fault of [breaks, html, broken, ...busy]) {
    server.calls.length = 0;
    server.fail("/auth/refresh", fault, fault, fault);
    const result = assert.rejects(one.refresh(), isUnavailable);
    await clock.advance(10_000);
    await result;
    assert.equal(server.keys().length, 3);
    assert.equal(new Set(server.keys()).size, 1);
    const [first, second, third] = server.calls.map((call) => call.at);
    assert.ok(second > first && third - second > second - first, "each wait is longer");
    assert.deepEqual(jar.read(), before);
  }
  await settle();
  assert.deepEqual(heard, []);
  await one.refresh();
});

test("Retry-After is honoured, as seconds and as a date, unless it is too long", async () => {
  const { one, server, clock } = await loggedIn();
  for (const retryAfter of [() => "7", () => new Date(clock.time + 7_000).toUTCString()]) {
    // A date has no fractions of a second.
    clock.time = Math.ceil(clock.time / 1000) * 1000;
    server.calls.length = 0;
    server.fail("/auth/refresh", json(503, {}, { "retry-after": retryAfter() }));
    const refresh = one.refresh();
    await clock.advance(6_999);
    assert.equal(server.keys().length, 1);
    await clock.advance(1);
    await refresh;
    assert.equal(server.keys().length, 2);
  }
  server.calls.length = 0;
  server.fail("/auth/refresh", json(503, {}, { "retry-after": "120" }));
  await assert.rejects(one.refresh(), { ...isUnavailable, retryAfter: 120_000 });
  assert.equal(server.keys().length, 1);
});

test("a call whose ended token cannot be renewed does not ask before Retry-After", async () => {
  const { one, server, clock } = await loggedIn();
  await clock.advance(LIFE + 1);
  const busy = () => json(429, { reason: "too_many" }, { "retry-after": "120" });
  const resting = (retryAfter) =>
    ({ ...isUnavailable, status: 429, reason: "too_many", retryAfter });
  server.fail("/auth/refresh", busy());
  await assert.rejects(one.fetch("/me"), resting(120_000));
  clock.time += 1_000;
  await assert.rejects(one.fetch("/me"), resting(119_000));
  await assert.rejects(one.accessToken(), resting(119_000));
  assert.equal(server.keys().length, 1);
  assert.equal(server.to("/me").length, 0);

  clock.time += 119_000;
  server.fail("/auth/refresh", busy());
  await assert.rejects(one.fetch("/me"), resting(120_000));
  assert.equal(server.keys().length, 2);
  clock.time -= 1_000;
  assert.equal((await one.fetch("/me")).status, 200, "a clock that was set back waits for nothing");
});

test("a 401 is not cured before Retry-After", async () => {
  const { one, tab, server } = await loggedIn();
  server.fail("/me", denied("token_expired"), denied("token_expired"));
  server.fail("/auth/refresh", json(503, {}, { "retry-after": "60" }));
  for (const _ of ["once", "twice"]) await assert.rejects(one.fetch("/me"), isUnavailable);
  assert.equal(server.keys().length, 1);
  // Tokens that another tab has renewed are used.
  const other = tab();
  server.fail("/me", async () => { await other.refresh(); return denied("token_expired"); });
  assert.equal((await one.fetch("/me")).status, 200);
  assert.equal(server.keys().length, 2);
});

test("a user who asks for it, or logs in, does not wait for Retry-After", async () => {
  const { one, server, clock, jar } = await loggedIn();
  const fail = () => server.fail("/auth/refresh", json(503, {}, { "retry-after": "3600" }));
  await clock.advance(LIFE + 1);
  fail();
  await assert.rejects(one.fetch("/me"), isUnavailable);
  assert.equal((await one.refresh()).loggedIn, true);
  assert.equal((await one.fetch("/me")).status, 200);

  fail();
  await assert.rejects(one.refresh(), { ...isUnavailable, retryAfter: 3_600_000 });
  await one.login(ALICE);
  jar.write({ ...jar.read(), expires_at: clock.time });
  assert.equal((await one.fetch("/me")).status, 200);

  // Five minutes are the longest wait.
  fail();
  await assert.rejects(one.refresh(), isUnavailable);
  jar.write({ ...jar.read(), expires_at: clock.time });
  clock.time += 299_999;
  await assert.rejects(one.fetch("/me"), { ...isUnavailable, retryAfter: 1 });
  clock.time += 1;
  assert.equal((await one.fetch("/me")).status, 200);
});

test("without any answer, the calls of the next five seconds fail at once", async () => {
  const { one, server, clock } = await loggedIn();
  await clock.advance(LIFE + 1);
  server.fail("/auth/refresh", breaks, breaks, breaks);
  const first = assert.rejects(one.fetch("/me"), { ...isUnavailable, status: 0 });
  await clock.advance(4_000);
  await first;
  assert.equal(server.keys().length, 3);
  const after = { ...isUnavailable, status: 0 };
  await assert.rejects(one.fetch("/me"), after);
  await assert.rejects(one.accessToken(), after);
  assert.equal(server.keys().length, 3);
  assert.equal(server.to("/me").length, 0);
  await clock.advance(5_000);
  assert.equal((await one.fetch("/me")).status, 200);
});

test("a user who asks for it does not wait where there was no answer", async () => {
  const { one, server, clock } = await loggedIn();
  await clock.advance(LIFE + 1);
  server.fail("/auth/refresh", breaks, breaks, breaks);
  const first = assert.rejects(one.fetch("/me"), isUnavailable);
  await clock.advance(4_000);
  await first;
  assert.equal((await one.refresh()).loggedIn, true);
  assert.equal((await one.fetch("/me")).status, 200);
});

test("a refresh that succeeds ends the rest, also if it brings the same token", async () => {
  const { one, server, jar } = await loggedIn();
  const { access_token } = jar.value;
  server.fail("/auth/refresh", json(503, {}, { "retry-after": "60" }));
  await assert.rejects(one.refresh(), isUnavailable);
  server.fail("/auth/refresh", json(200, { access_token, expires_in: 1000 }));
  await one.refresh();
  server.fail("/me", denied("token_expired"));
  assert.equal((await one.fetch("/me")).status, 200);
});

test("an answer that repeats what the jar holds writes nothing", async () => {
  const { one, server, jar, heard } = await loggedIn();
  const { access_token } = jar.value;
  server.fail("/auth/refresh", json(200, { access_token, expires_in: 1000 }));
  assert.equal((await one.refresh()).loggedIn, true);
  await settle();
  assert.equal(jar.writes, 0);
  assert.deepEqual(heard, []);
});

test("a terminal refusal logs out, with its reason, and is not tried again", async () => {
  const ends = ["session_expired", "session_revoked", "refresh_reused", "user_gone"];
  for (const reason of ["token_invalid", ...ends]) {
    const { one, server, jar, heard } = await loggedIn();
    server.fail("/auth/refresh", invalidGrant(reason));
    assert.equal((await one.refresh()).loggedIn, false);
    assert.equal(jar.value, null);
    await settle();
    assert.deepEqual(heard, [["ended", false, reason]]);
    assert.equal(server.keys().length, 1);
  }
});

test("`invalid_request` logs out with cookies, and not with tokens in bodies", async () => {
  const lost = await loggedIn();
  lost.server.cookie = null;
  assert.equal((await lost.one.refresh()).loggedIn, false);

  const other = await loggedIn({ delivery: "body" });
  other.server.fail("/auth/refresh", json(400, { error: "invalid_request" }));
  await assert.rejects(other.one.refresh(), { kind: "refused", status: 400 });
  assert.equal(other.one.state().loggedIn, true);
});

test("no other answer logs out", async () => {
  const { one, server, jar } = await loggedIn();
  const before = jar.read();
  const answers = [
    json(403, { error: "access_denied", reason: "cross_site" }),
    json(401, {}),
    json(404, {}),
    json(413, {}),
    json(400, {}),
    json(400, null),
    json(403, { error: "invalid_grant" }),
    new Response("invalid_grant", { status: 400 }),
  ];
  for (const answer of answers) {
    server.fail("/auth/refresh", answer);
    await assert.rejects(one.refresh(), { kind: "refused", status: answer.status });
    assert.deepEqual(jar.read(), before);
  }
  assert.equal(server.keys().length, answers.length, "and none was tried again");
});

test("a reason of the application has digits, and up to 64 characters", async () => {
  const { one, server } = await loggedIn();
  for (const reason of ["otp2_required", "7", "x".repeat(64)]) {
    server.fail("/auth/login", json(403, { error: "access_denied", reason }));
    await assert.rejects(one.login(ALICE), { kind: "refused", reason });
  }
  for (const reason of ["x".repeat(65), "Upper", "two words", "a-b", "", 7, {}, ["denied"], null]) {
    server.fail("/auth/login", json(403, { error: "access_denied", reason }));
    await assert.rejects(one.login(ALICE), { kind: "refused", reason: undefined });
  }
});

test("a reason that repeats what was sent is not shown", async () => {
  const { one, server } = await loggedIn();
  const credentials = { username: "alice", password: "correct_horse_7", code: 471_100 };
  for (const reason of ["alice", "correct_horse_7", "no_correct_horse_7", "471100"]) {
    server.fail("/auth/login", json(403, { error: "access_denied", reason }));
    await assert.rejects(one.login(credentials), { reason: undefined, message: "refused (403)" });
  }
  // By chance: a reason is made of short words.
  for (const sent of [{ username: "gone" }, { username: "user" }, { delivery: "user_gone" }]) {
    server.fail("/auth/login", json(403, { error: "access_denied", reason: "user_gone" }));
    await assert.rejects(one.login(sent), { reason: "user_gone" });
  }
});

test("the message of a refusal has the server's sentence", async () => {
  const { one, server } = await loggedIn();
  const error_description = "the user's access was suspended (see the handbook, 7.2)";
  for (const status of [400, 403, 409]) {
    server.fail("/auth/login", json(status, { error: "access_denied", error_description }));
    const message = `refused (${status}): ${error_description}`;
    await assert.rejects(one.login({ ...ALICE, remember: "on" }), { kind: "refused", message });
  }
  const full = { error: "temporarily_unavailable", error_description: "too many logins" };
  server.fail("/auth/logout", json(429, { ...full, reason: "too_many" }));
  const message = "unavailable (429, too_many): too many logins";
  await assert.rejects(one.logout(), { kind: "unavailable", message });
});

test("a sentence with what was sent, or one that is not text, is not in a message", async () => {
  const { one, server } = await loggedIn({ delivery: "body" });
  const credentials = { ...ALICE, code: 471_100, answers: [{ pet: "Rex the dog" }] };
  for (const error_description of [
    `${ALICE.password} is wrong`,
    "there is no user alice",
    "the code 471100 is wrong",
    "the pet is not Rex the dog",
    `the token is ${"x".repeat(25)}`,
    "a\nline", "\u202Ethe other way", "say \"friend\"", "word ".repeat(61), "", 7, {}, null,
  ]) {
    server.fail("/auth/login", json(400, { error: "invalid_grant", error_description }));
    await assert.rejects(one.login(credentials), { message: "refused (400)" });
  }
  // The same for the token in a header, and in a body.
  for (const token of ["access_token", "refresh_token"]) {
    const { one, server, jar } = await loggedIn({ delivery: "body" });
    jar.write({ ...jar.read(), [token]: "a.short.one" });
    const answer = { error: "invalid_client", error_description: "a.short.one is wrong" };
    server.fail("/auth/logout", json(403, answer));
    await assert.rejects(one.logout(), { message: "refused (403)" });
  }
});

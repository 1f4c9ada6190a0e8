// An application on axios, as it is published.

import assert from "node:assert/strict";
import { test } from "node:test";
import axios from "axios";
import { attachSession } from "../axios.js";
import { LIFE, PAGE, breaks, denied, invalidGrant, json, loggedIn } from "./support.mjs";

/** A page whose user is logged in, with an axios instance. */
async function page(config) {
  const world = await loggedIn();
  const instance = axios.create({ baseURL: PAGE, ...config });
  assert.equal(attachSession(instance, world.one), instance);
  return { ...world, api: instance };
}

test("axios sends the access token, and only to trusted origins", async () => {
  const { api, server, jar } = await page();
  const answer = await api.post("/orders", { apples: 3 }, { params: { page: 7 } });
  assert.deepEqual(answer.data, { path: "/orders", text: '{"apples":3}' });
  const [{ headers }] = server.calls;
  assert.equal(headers.get("authorization"), `Bearer ${jar.value.access_token}`);
  assert.equal(headers.get("content-type"), "application/json");
  await api.get("https://evil.example/me").catch(() => {});
  assert.equal(server.calls.at(-1).origin, "https://evil.example");
  assert.equal(server.calls.at(-1).headers.get("authorization"), null);
  // A caller's own credentials are left as they are.
  await api.get("/me", { headers: { authorization: "Basic eA==" } }).catch(() => {});
  assert.equal(server.calls.at(-1).headers.get("authorization"), "Basic eA==");
});

test("axios repeats a 401 once, after a refresh and with its body", async () => {
  const { api, server, jar } = await page();
  server.fail("/orders", denied("token_expired"));
  const before = jar.value.access_token;
  const { data } = await api.put("/orders", { apples: 3 });
  assert.equal(data.text, '{"apples":3}');
  assert.deepEqual(server.calls.map(({ path }) => path), ["/orders", "/auth/refresh", "/orders"]);
  const sent = server.to("/orders").map(({ headers }) => headers.get("authorization"));
  assert.deepEqual(sent, [`Bearer ${before}`, `Bearer ${jar.value.access_token}`]);

  server.calls.length = 0;
  server.fail("/orders", denied("token_expired"), denied("token_expired"));
  const error = await api.get("/orders").then(assert.fail, (error) => error);
  assert.deepEqual([error.status, error.response.data.reason], [401, "token_expired"]);
  assert.equal(server.to("/orders").length, 2, "once");
});

test("many calls of axios and of `session.fetch` make one refresh", async () => {
  const { api, one, server, clock } = await page();
  await clock.advance(LIFE + 1);
  const answers = await Promise.all([api.get("/a"), one.fetch("/b"), api.get("/c")]);
  assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200]);
  assert.equal(server.to("/auth/refresh").length, 1);
});

test("errors of axios stay its own, and have no token in them", async () => {
  const { api, server, jar } = await page();
  server.fail("/orders", json(404, { error: "not_found" }));
  const missing = await api.get("/orders").then(assert.fail, (error) => error);
  assert.ok(axios.isAxiosError(missing));
  assert.deepEqual([missing.status, missing.response.data], [404, { error: "not_found" }]);
  const token = jar.value.access_token;
  const { headers } = missing.config;
  assert.ok(!JSON.stringify([missing, headers, missing.message]).includes(token));
  assert.equal(missing.request.headers.get("authorization"), null);

  server.fail("/orders", breaks);
  await assert.rejects(api.get("/orders"), axios.isAxiosError);
  const stopped = new AbortController();
  stopped.abort();
  await assert.rejects(api.get("/orders", { signal: stopped.signal }), axios.isCancel);
});

test("a login that cannot be renewed is a `SessionError` in an error of axios", async () => {
  const { api, server, clock } = await page();
  await clock.advance(LIFE + 1);
  server.fail("/auth/refresh", json(403, { error: "access_denied", reason: "cross_site" }));
  const error = await api.get("/me").then(assert.fail, (error) => error);
  assert.ok(axios.isAxiosError(error));
  const { name, kind, reason } = error.cause;
  assert.deepEqual([name, kind, reason], ["SessionError", "refused", "cross_site"]);
  assert.equal(server.to("/me").length, 0);
});

test("a user who was logged out meanwhile is a 401 of axios", async () => {
  const { api, one, server } = await page();
  server.fail("/me", denied("session_revoked"));
  server.fail("/auth/refresh", invalidGrant("session_revoked"));
  await assert.rejects(api.get("/me"), ({ status }) => status === 401);
  assert.equal(one.state().loggedIn, false);
});

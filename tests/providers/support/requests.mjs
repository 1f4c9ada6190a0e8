// Requests to an application, and what a refusal has to look like.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

/** `GET /me` of `external_issuer`. */
export async function me(application, token) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${application.origin}/me`, { headers });
  const text = await response.text();
  return {
    status: response.status,
    challenge: response.headers.get("www-authenticate"),
    retryAfter: response.headers.get("retry-after"),
    text,
    body: response.ok ? JSON.parse(text) : undefined,
  };
}

export async function assertAccepted(application, token) {
  const { status, body, text } = await me(application, token);
  assert.equal(status, 200, `${text}\n${application.log()}`);
  return body;
}

/** 401 `invalid_token`, for the reason that the log names. */
export async function assertRefused(application, token, reason) {
  const before = application.log().length;
  const { status, challenge } = await me(application, token);
  assert.equal(status, 401, application.log());
  assert.match(challenge, /^Bearer error="invalid_token", error_description="/);
  // The log comes through another pipe than the response.
  const log = await until(() => application.log().slice(before), (log) => reason.test(log), 5);
  assert.ok(!log.includes(token), "the log has the token");
}

/** Asks until an answer is as it should be; fails with the last one. */
export async function until(ask, isDone, seconds = 70) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (isDone(answer)) return answer;
    if (Date.now() > end) assert.fail(`after ${seconds} s: ${JSON.stringify(answer)}`);
    await pause(100);
  }
}

/** The same token with another subject, and with another signature. */
export function tampered(token) {
  const [header, payload, signature] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url"));
  const other = { ...claims, sub: "admin" };
  const changed = Buffer.from(JSON.stringify(other)).toString("base64url");
  const bytes = Buffer.from(signature, "base64url");
  bytes[5] ^= 1;
  return [
    `${header}.${changed}.${signature}`,
    `${header}.${payload}.${bytes.toString("base64url")}`,
  ];
}

// Requests to the endpoints, and answers that may be anything.

// Milliseconds: well below half of the server's overlap, which is 30 seconds.
const ATTEMPT_LIMIT = 10_000;

/**
 * @typedef {object} Reply
 * @property {string} path
 * @property {number} sent when, by the browser's clock
 * @property {number} status 0: no whole answer
 * @property {any} answer the JSON of the body: of a success, what `readTokens` makes of it
 * @property {string} [reason] the server's word for programs
 * @property {string} [description] the server's sentence for developers
 * @property {number} retryAfter milliseconds
 * @property {boolean} [isJson]
 * @property {string} [type] the media type
 * @property {boolean} [isLate] the time limit has passed
 * @property {boolean} [hasTokens]
 * @property {boolean} [hasWrongType] tokens that are not Bearer tokens
 * @property {boolean} isBusy the same request may succeed later
 */

/**
 * @typedef {(path: string, body?: object, headers?: Record<string, string>) => Promise<Reply>} Ask
 */

/**
 * Returns a function that posts to an endpoint. It never throws: the cause of a failure is not
 * passed on, because such an error may have anything in its text.
 *
 * @param {object} parts
 * @param {import("./place.js").Place} parts.place
 * @param {boolean} parts.byCookie
 * @param {(body: any) => unknown} parts.readTokens
 * @param {import("./place.js").FullEnvironment} parts.environment
 * @returns {Ask}
 */
export function createAsk({
  place, byCookie, readTokens, environment: { fetch: send, timers, now },
}) {
  return async (path, body, headers) => {
    const sent = now();
    const limit = new AbortController();
    const timer = timers.setTimeout(() => limit.abort(), ATTEMPT_LIMIT);
    try {
      const response = await send(new Request(place.urlOf(path), {
        method: "POST",
        headers: { ...(body && { "content-type": "application/json" }), ...headers },
        body: body && JSON.stringify(body),
        credentials: byCookie ? "include" : "same-origin",
        redirect: "error", // tokens go nowhere else
        signal: limit.signal,
      }));
      // React Native follows redirects whatever is asked, and does not say so.
      const mayBeRedirected = response.redirected !== false;
      if (mayBeRedirected && !isFrom(place.endpoints, response)) throw new Error("redirected");
      const reply = read(response, await response.text(), { readTokens, now });
      return { path, sent, ...reply, ...textsOf(reply.answer, wordsSent(body, headers)) };
    } catch {
      const nothing = { status: 0, answer: null, retryAfter: 0, isJson: false, isBusy: true };
      return { path, sent, ...nothing, isLate: limit.signal.aborted };
    } finally {
      timers.clearTimeout(timer);
    }
  };
}

/** A response that a program has made has no URL. */
function isFrom({ origin }, { url }) {
  return !url || new URL(url).origin === origin;
}

function read({ status, headers }, text, { readTokens, now }) {
  const body = parse(text);
  const answer = status === 200 ? shaped(body, readTokens) : body;
  const hasWrongType = status === 200 && !isBearer(answer?.token_type);
  const hasTokens = status === 200 && !hasWrongType && hasAccessToken(answer);
  // A page for guests of a hotel is 200 too.
  const isOdd = status === 200 && !hasTokens && !hasWrongType;
  return {
    status,
    answer,
    retryAfter: retryAfter(headers, now),
    isJson: body !== undefined,
    type: headers.get("content-type")?.split(";")[0],
    hasTokens,
    hasWrongType,
    isBusy: isOdd || status === 429 || status >= 500,
  };
}

/** The texts of an answer that an error may show. */
function textsOf(answer, secrets) {
  return { reason: reason(answer, secrets), description: description(answer, secrets) };
}

/**
 * The reason of an answer, if it is a word as the server writes them that repeats nothing of what
 * was sent. Short words may be a part of a reason by chance.
 */
function reason(answer, secrets) {
  const text = answer?.reason;
  if (typeof text !== "string" || !/^[a-z0-9_]{1,64}$/.test(text)) return undefined;
  const isRepeated = (secret) => text === secret || (secret.length >= 8 && text.includes(secret));
  return secrets.some(isRepeated) ? undefined : text;
}

/**
 * The `error_description` of an answer, if it is a sentence (RFC 6749 section 5.2) that has no
 * token in it, and nothing of what was sent.
 */
function description(answer, secrets) {
  const text = answer?.error_description;
  const isText = typeof text === "string" && /^[ !#-\[\]-~]{1,300}$/.test(text);
  // A token is one long word.
  if (!isText || /[^ ]{25}/.test(text)) return undefined;
  return secrets.some((secret) => text.includes(secret)) ? undefined : text;
}

function wordsSent(body, headers) {
  const { delivery, dry_run, grant_type, scope, ...fields } = body ?? {};
  return wordsOf([fields, headers?.authorization?.split(" ")[1] ?? ""]);
}

/** The texts and numbers in a value, at any depth. Short ones, as `on`, are in many sentences. */
function wordsOf(value) {
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(wordsOf);
  return String(value).length > 3 ? [String(value)] : [];
}

function parse(text) {
  try { return JSON.parse(text); } catch { return undefined; }
}

/** A body in which the application finds no tokens has none: a page for guests is 200 too. */
function shaped(body, readTokens) {
  try { return body && readTokens(body); } catch { return undefined; }
}

function hasAccessToken(answer) {
  return typeof answer?.access_token === "string" && Number.isFinite(answer.expires_in);
}

/** Upper and lower case are the same (RFC 6749 section 5.1). */
function isBearer(type) {
  return type === undefined || type === null || /^bearer$/i.test(type);
}

/** Seconds, or a date of the server's clock, which may differ from ours. */
function retryAfter(headers, now) {
  const after = headers.get("retry-after");
  if (!Number.isNaN(Number(after))) return Math.max(0, after * 1000);
  const sent = Date.parse(headers.get("date")) || now();
  return Math.max(0, Date.parse(after) - sent || 0);
}

// Where this script runs, where the server is, and who may receive the token.

import { SessionError } from "./error.js";
import { browserLocks } from "./turns.js";

/** @import { Environment, LocalReason } from "../session.d.ts" */

const isHttp = (url) => /^https?:/.test(url);

/** Whether this is a page, or a worker of one. Some servers have workers, without a `location`. */
function isBrowser() {
  if (typeof document !== "undefined") return true;
  const isWorker = typeof window !== "undefined" || "WorkerGlobalScope" in globalThis;
  const hasUrl = /^(https?|blob):/.test(globalThis.location?.href ?? "");
  return isWorker && hasUrl && !("Deno" in globalThis);
}

/**
 * What this script uses of a browser: what the application gives, and else the browser's own.
 *
 * @param {Environment} given
 */
export function environmentOf({
  page = urlOfPage(),
  fetch = (request) => globalThis.fetch(request),
  locks = browserLocks(),
  now = () => Date.now(),
  timers = globalThis,
  random = () => Math.random(),
  randomKey = randomBytes,
}) {
  return { page, fetch, locks, now, timers, random, randomKey };
}

/** @typedef {ReturnType<typeof environmentOf>} FullEnvironment */

// Without TLS `crypto.randomUUID` is missing. `getRandomValues` is not.
function randomBytes() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The URL of this page. A frame without a URL (`about:srcdoc`) has the origin of its parent. */
function urlOfPage() {
  const url = globalThis.location?.href;
  return !isHttp(url) && isHttp(globalThis.origin) ? `${globalThis.origin}/` : url;
}

function resolve(base, page) {
  try {
    const url = new URL(base, page);
    return isHttp(url.href) ? url : null;
  } catch {
    return null;
  }
}

/** @param {LocalReason} reason @param {string} hint */
function unusable(reason, hint) {
  return new SessionError("misconfigured", { reason, hint });
}

/**
 * Refuses to run where it cannot work.
 *
 * @param {object} options
 * @param {string} options.base
 * @param {string} [options.page]
 * @param {readonly string[]} options.origins
 * @param {boolean} options.singleUser
 */
export function findPlace({ base, page, origins, singleUser }) {
  if (!isBrowser() && !singleUser) {
    throw unusable("not_a_browser", "createSession() was called on a server, where all " +
      "visitors would share one login. Call it in code that only the browser runs. A program " +
      "with one user (a desktop application, a test) sets `singleUser: true`.");
  }
  const endpoints = resolve(base, page);
  if (!endpoints) {
    throw unusable("no_server", `there is no server at ${JSON.stringify(base)} for ` +
      `${page ? `a page at ${page.split(/[?#,]/)[0]}` : "a program without a page"}. Open the ` +
      "page over https, or set `base` to the URL of the endpoints, as in " +
      "https://api.example.com/auth.");
  }
  const ownOrigin = page && isHttp(page) ? new URL(page).origin : globalThis.origin ?? "null";
  const listed = origins.map((origin) => new URL(origin).origin);
  // The server of the endpoints has issued the token.
  const trusted = new Set([ownOrigin, endpoints.origin, ...listed]);
  // All files and all sandboxes are called "null".
  trusted.delete("null");
  const { origin, pathname, search } = endpoints;
  return {
    page,
    ownOrigin,
    endpoints,
    /** The name of the login in what all pages of an origin share: storage and locks. */
    name: `tower-bearer ${origin}${pathname.replace(/\/$/, "")}${search}`,
    /** Whether the page itself has an origin. A file and a sandboxed frame do not. */
    isOpaque: ownOrigin === "null" || globalThis.origin === "null",
    isElsewhere: endpoints.origin !== ownOrigin,
    /** @param {string} path as in `/login` */
    urlOf(path) {
      const url = new URL(endpoints);
      url.pathname = url.pathname.replace(/\/$/, "") + path;
      return url;
    },
    /** @param {string} url */
    isTrusted: (url) => trusted.has(new URL(url, page).origin),
  };
}

/** @typedef {ReturnType<typeof findPlace>} Place */

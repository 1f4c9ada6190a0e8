// A server in front of the example server: it has pages of its own with `js/session.js`, passes
// `/auth` on, and can change what passes.

import { readFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";

const scripts = fileURLToPath(new URL("../../js", import.meta.url));
const TYPES = { ".js": "text/javascript", ".html": "text/html" };

/**
 * @param {object} options
 * @param {string} [options.backend] the origin of the example server
 * @param {string} [options.host] the host name in the front's origin
 * @param {Record<string, string>} [options.pages] HTML by path, besides an empty page at `/`
 * @param {(request: import("node:http").IncomingMessage) => object} [options.cors] headers for the
 *   pages of other origins. With them the backend takes the request for one of its own pages, as
 *   with `CookieDelivery::with_origin`
 * @param {boolean} [options.withoutCookies] the server is one without `with_cookies`
 * @param {string} [options.cookieName] the server is one with this `CookieDelivery::with_name`, and
 *   the pages are those of the backend
 */
export async function startFront({ backend, host = "127.0.0.1", pages = {}, ...changes } = {}) {
  const all = { "/": "<!doctype html><title>a page</title>", ...pages };
  const server = createServer(async (incoming, answer) => {
    const { pathname } = new URL(incoming.url, "http://front");
    const isOfBackend = changes.cookieName !== undefined || pathname.startsWith("/auth/");
    if (isOfBackend) return pass(incoming, answer, backend, changes);
    // A sandboxed page loads its modules from another origin: from ours.
    answer.setHeader("access-control-allow-origin", "*");
    answer.setHeader("content-type", TYPES[path.extname(pathname)] ?? "text/html");
    try {
      const file = () => readFile(path.join(scripts, path.normalize(pathname)));
      answer.end(all[pathname] ?? await file());
    } catch {
      answer.writeHead(404).end();
    }
  });
  // `localhost` and 127.0.0.1 are one machine and two sites.
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => { server.closeAllConnections(); server.close(); };
  return { origin: `http://${host}:${server.address().port}`, stop };
}

async function pass(incoming, answer, backend, { cors, withoutCookies, cookieName }) {
  const permission = cors?.(incoming) ?? {};
  if (incoming.method === "OPTIONS") return answer.writeHead(204, permission).end();
  let body = "";
  for await (const chunk of incoming) body += chunk;
  const headers = { ...incoming.headers, host: new URL(backend).host };
  delete headers["content-length"];
  if (cors) headers["sec-fetch-site"] = "same-origin";
  if (withoutCookies) {
    delete headers.cookie;
    if (body) body = JSON.stringify({ ...JSON.parse(body), delivery: undefined });
  }
  if (cookieName && headers.cookie) {
    // The cookies of other applications are passed on as they are.
    headers.cookie = headers.cookie.replaceAll(`__Host-${cookieName}_`, "__Host-");
  }
  const options = { method: incoming.method, headers };
  const passed = request(backend + incoming.url, options, (response) => {
    const given = { ...response.headers, ...permission };
    if (cookieName && given["set-cookie"]) {
      const rename = (cookie) => cookie.replace(/^__Host-/, `__Host-${cookieName}_`);
      given["set-cookie"] = given["set-cookie"].map(rename);
    }
    answer.writeHead(response.statusCode, given);
    response.pipe(answer);
  });
  passed.on("error", () => answer.writeHead(502).end());
  passed.end(body);
}

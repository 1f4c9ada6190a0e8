// HTTP servers on loopback, at a port that is known before they listen.

import { randomInt } from "node:crypto";
import { createServer } from "node:http";

/** Serves requests at this port, or at a free one with 0. */
export async function listen(port, handler) {
  const server = createServer((request, response) => {
    // A client that keeps a connection would use it after a restart.
    response.shouldKeepAlive = false;
    handler(request, response);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const stop = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  return { port: server.address().port, stop };
}

/**
 * A port where nothing listens now, below those that the system assigns by itself: no connection
 * takes it before its server listens.
 */
export async function freePort() {
  for (;;) {
    const port = randomInt(15_000, 30_000);
    try {
      await (await listen(port)).stop();
      return port;
    } catch (error) {
      if (error.code !== "EADDRINUSE") throw error;
    }
  }
}

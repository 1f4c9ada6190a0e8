// HTTP servers on loopback, at a port that is known before they listen.

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

/** A port where nothing listens now. */
export async function freePort() {
  const { port, stop } = await listen(0);
  await stop();
  return port;
}

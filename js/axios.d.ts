// The types of axios.js. They describe the part of an axios instance that it uses, so that they
// need no axios.

import type { Session } from "./session.js";

/** What an axios instance has, `axios` itself included. */
export interface AxiosLike {
  defaults: { adapter?: any; env?: any };
}

/**
 * Sends all requests of an axios instance through `session.fetch`, and returns the instance. A
 * response outside of 2xx is axios's own error. When `session.fetch` throws a `SessionError`, it is the
 * `cause` of the error of axios. Instances that were made from this one before are not changed.
 *
 * It needs axios 1.12, the first version that can be given a `fetch`.
 */
export function attachSession<Instance extends AxiosLike>(
  instance: Instance,
  session: Pick<Session, "fetch">,
): Instance;

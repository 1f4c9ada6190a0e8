// For applications on axios: its requests go through `session.fetch`, which adds the access token
// for trusted origins, renews it, and repeats a request once after a 401.
//
//   import axios from "axios";
//   import { attachSession } from "tower-bearer/axios";
//   const api = attachSession(axios.create({ baseURL: "/api" }), session);
//
// It needs axios 1.12, the first version that can be given a `fetch`.

/** @type {typeof import("./axios.d.ts").attachSession} */
export function attachSession(instance, session) {
  instance.defaults.adapter = "fetch";
  instance.defaults.env = { ...instance.defaults.env, fetch: session.fetch };
  return instance;
}

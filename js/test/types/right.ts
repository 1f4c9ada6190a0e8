// Uses all that the package exports, as an application in TypeScript does. `tsc` reads it.

import axios from "axios";
import { createSession, localStorageJar, memoryJar, SessionError } from "tower-bearer";
import type {
  Cause, EndReason, Environment, ErrorKind, Held, Jar, LocalReason, Locks, Options, Reason,
  ServerReason, Session, State,
} from "tower-bearer";
import { attachSession } from "tower-bearer/axios";
import type { AxiosLike } from "tower-bearer/axios";

export const withDefaults: Session = createSession();
createSession({});

const locks: Locks = {
  async request(name, { signal }, work) {
    signal.throwIfAborted();
    return work();
  },
};
const environment: Environment = {
  page: "https://app.example/",
  fetch: (request: Request) => fetch(request),
  locks,
  now: Date.now,
  timers: globalThis,
  random: Math.random,
  randomKey: () => crypto.randomUUID(),
};
export const environments: Environment[] = [
  environment,
  { fetch, locks: navigator.locks },
  { locks: null, page: undefined },
];

const jar: Jar = {
  read: (): Held | null => null,
  write: ({ login, access_token, refresh_token, scope, lifetime, expires_at, ends_at }) => {
    const texts: (string | undefined)[] = [login, access_token, refresh_token, scope];
    const times: (number | undefined)[] = [lifetime, expires_at, ends_at];
    console.log(texts, times);
  },
  clear() {},
  subscribe: (listener: () => void) => listener(),
  setDefaultName: (name: string) => console.log(name),
  mark: () => undefined,
  keepMark: (mark: string) => console.log(mark),
};
export const jars: Jar[] = [jar, localStorageJar(), localStorageJar("mine"), memoryJar()];

const options: Options = {
  base: "https://api.example/auth",
  delivery: "body",
  origins: ["https://api.example"] as const,
  jar,
  readTokens: (body) => body.data,
  onChange(state: State, cause: Cause, reason?: Reason) {
    if (cause === "ended") console.log(inWords(reason), state.expiresAt?.toFixed(), state.scope);
  },
  singleUser: true,
  lockName: "mine",
  environment,
};
const session: Session = createSession(options);

function inWords(reason: Reason | undefined): string {
  switch (reason) {
    case "session_revoked": return "ended elsewhere";
    case "otp_required": return "a reason of the application";
    default: return reason ?? "";
  }
}
export const reasons: [LocalReason, EndReason, ServerReason] =
  ["cookie_not_kept", "refresh_reused", "credentials_invalid"];

interface Credentials { username: string; password: string; device?: string }
export async function use(credentials: Credentials): Promise<void> {
  const { loggedIn }: State = await session.login(credentials);
  await session.login({ username: "alice", password: "wonderland-7", code: 471_100 });
  const answers: Response[] = [
    await session.fetch("/me"),
    await session.fetch(new URL("https://api.example/me"), { method: "POST", body: "apples" }),
    await session.fetch(new Request("/me")),
  ];
  const token: string | null = await session.accessToken();
  const state: State = await session.refresh();
  const now: State = session.state();
  await session.logout();
  await session.logout({ everywhere: true });
  console.log(loggedIn, answers, token, state, now);
}

export function kinds(error: unknown): ErrorKind | null {
  if (!(error instanceof SessionError)) return null;
  const { kind, status, reason, retryAfter, message, name } = error;
  console.log(status + retryAfter, reason?.length, message, name);
  return kind;
}
export const errors: SessionError[] = [
  new SessionError("refused"),
  new SessionError("unavailable", { status: 503, reason: "timeout", retryAfter: 5, hint: "wait" }),
];

// A part of the session is passed on without it.
const { fetch: fetchWithToken } = session;
export const passedOn: typeof fetch = fetchWithToken;

export const api = attachSession(axios.create({ baseURL: "/api" }), session);
export const me = api.get<{ username: string }>("/me").then(({ data }) => data.username);
attachSession(axios, session).create();
export const like: AxiosLike = axios;

// The types of session.js, which is checked against them. README.md has the table of the reasons.

/** Whether a user is logged in here. */
export interface State {
  loggedIn: boolean;
  /** The end of the access token, in milliseconds of the browser's clock. `null`: no login. */
  expiresAt: number | null;
  /** What the access token allows: words with spaces between them. */
  scope: string;
}

/**
 * What has changed the state. `ended`: the server has ended the login, or the browser has lost its
 * cookie. `other-tab`: another tab has logged in or out, or has renewed the token, or a refresh has
 * found that the cookie is that of another login, as after a `login()` whose answer was lost.
 */
export type Cause = "login" | "refresh" | "logout" | "ended" | "other-tab";

/** The reasons that this script gives. */
export type LocalReason =
  | "not_a_browser" | "no_server" | "page_without_origin" | "cookies_disabled"
  | "server_without_cookies" | "cookie_not_kept" | "cors_or_network" | "mixed_content"
  | "not_json" | "no_tokens" | "token_type" | "timeout" | "login_replaced";

/** Why the server, or the loss of the cookie, has ended a login. */
export type EndReason =
  | "session_revoked" | "session_expired" | "refresh_reused" | "user_gone" | "token_invalid"
  | "token_missing";

/** The reasons that the server gives. */
export type ServerReason =
  | EndReason | "credentials_invalid" | "too_many_attempts" | "cross_site" | "cross_site_cookie";

/** A word for programs: one of ours, or one that your own server has, as `otp_required`. */
export type Reason = LocalReason | ServerReason | (string & {});

/**
 * What a program can do about an error.
 *
 * - `unavailable`: try again, after `retryAfter` milliseconds.
 * - `refused`: the server has said no, or another login has replaced that of the call.
 * - `misconfigured`: the page, the browser or the server has to change. The message says how.
 */
export type ErrorKind = "unavailable" | "refused" | "misconfigured";

/** Why a call did not succeed. No error has a token or a password in its text. */
export class SessionError extends Error {
  constructor(kind: ErrorKind, details?: {
    status?: number | undefined;
    reason?: Reason | undefined;
    retryAfter?: number | undefined;
    hint?: string | undefined;
  });
  readonly kind: ErrorKind;
  /** The status of the response. 0: there was no response. */
  readonly status: number;
  readonly reason: Reason | undefined;
  /** Milliseconds. 0: the server has named no time. */
  readonly retryAfter: number;
}

/** A login as a jar keeps it. Times are milliseconds of the browser's clock. */
export interface Held {
  /** The same for as long as a user is logged in. */
  login: string;
  access_token: string;
  /** Absent with cookies. */
  refresh_token?: string | undefined;
  scope?: string | undefined;
  /** How long the access token lives from its start to its end. */
  lifetime: number;
  /** The end of the access token. */
  expires_at: number;
  /** The end of the login, if it is not used before. */
  ends_at?: number | undefined;
  /** Another login has had no answer, and may have replaced the cookie of this one. */
  unsure?: boolean | undefined;
  /** With cookies: "remember me" was not ticked, so the login must not outlive the browser. */
  until_browser_closes?: boolean | undefined;
}

/** Keeps a login. An application can pass its own jar. */
export interface Jar {
  read(): Held | null;
  write(held: Held): void;
  clear(): void;
  /** The listener hears that another tab has changed what this jar keeps. */
  subscribe?(listener: () => void): void;
  /** Is told a name that belongs to the URL of the endpoints, before anything else. */
  setDefaultName?(name: string): void;
  /**
   * The mark of this device, for tokens in bodies: strangers who guess passwords do not use up its
   * logins.
   */
  mark?(): string | undefined;
  /** Keeps the mark for the next login. No logout clears it. */
  keepMark?(mark: string): void;
}

/**
 * Keeps the login in `localStorage`, where all tabs find it. A login that ends with the browser is
 * in `sessionStorage`. Where storage is full or forbidden, it keeps the login in this page.
 *
 * @param key The name in `localStorage`. Without one, `createSession` names the login after the URL
 * of the endpoints, so that two applications on one origin do not share it.
 */
export function localStorageJar(key?: string): Jar;

/**
 * Keeps the login in this page alone: no token is stored. With cookies `refresh()` brings the login
 * back after a reload; with tokens in bodies a reload ends it.
 */
export function memoryJar(): Jar;

/** Makes tabs wait for each other, as `navigator.locks` does. */
export interface Locks {
  request(
    name: string,
    options: { signal: AbortSignal },
    work: () => Promise<unknown>,
  ): Promise<unknown>;
}

/** What a browser has. A program that is not a browser, and a test, replace parts of it. */
export interface Environment {
  /** The URL of the page: its origin gets the access token, and `base` is relative to it. */
  page?: string | undefined;
  /** Sends a request, as the browser's `fetch` does. */
  fetch?: ((request: Request) => Promise<Response>) | undefined;
  /** `navigator.locks` by default. `null`: each tab renews by itself. */
  locks?: Locks | null | undefined;
  /** The time in milliseconds, as `Date.now` gives it. */
  now?: (() => number) | undefined;
  /** `setTimeout` and `clearTimeout`, as the browser has them. */
  timers?: {
    setTimeout(call: () => void, milliseconds: number): unknown;
    clearTimeout(timer: any): void;
  } | undefined;
  /** A number from 0 to 1, as `Math.random` gives it: clients do not all renew at once. */
  random?: (() => number) | undefined;
  /** A text that is never the same, for `Idempotency-Key`. */
  randomKey?: (() => string) | undefined;
}

export interface Options {
  /** Where the server has its endpoints: a path, or a URL of another origin. `/auth` by default. */
  base?: string | undefined;
  /** `cookie`, the default: no script can read the refresh token. `body`: the jar has it. */
  delivery?: "cookie" | "body" | undefined;
  /** Other origins that get the access token. Those of the page and of `base` always do. */
  origins?: readonly string[] | undefined;
  /**
   * Finds the tokens in the JSON of a login or a refresh, for a server that wraps them or gives
   * them other names, as with `AuthEndpoints::with_token_response`. It returns an object with the
   * names of RFC 6749. The members are `access_token`, `expires_in`, `refresh_token` (with tokens
   * in bodies), and where the server has them `scope`, `token_type`, `refresh_token_expires_in`,
   * `until_browser_closes` and `device_mark`. By default it is the JSON itself.
   */
  readTokens?: ((body: any) => unknown) | undefined;
  /** Keeps the login. `localStorageJar()` by default. */
  jar?: Jar | undefined;
  /** Hears what has changed the state. With `ended` there is a reason. */
  onChange?: ((state: State, cause: Cause, reason?: Reason) => void) | undefined;
  /**
   * This program is not a browser, and has one user: a desktop program, a test, or React Native,
   * which is not tested. README.md says what has to be there.
   */
  singleUser?: boolean | undefined;
  /** The name of the lock. By default it is made from the URL of the endpoints. */
  lockName?: string | undefined;
  /** What a browser has, for a program that is not a browser, and for tests. */
  environment?: Environment | undefined;
}

export interface Session {
  /**
   * Logs in. A user who was logged in here before is logged out: with tokens in bodies afterwards,
   * which is tried once and takes ten seconds at most. It succeeds only if the login can be
   * renewed: with cookies, if the browser sends the cookie back.
   *
   * @param credentials What the server wants: `{ username, password, device }`.
   * @throws {SessionError}
   */
  login(credentials: object): Promise<State>;
  /**
   * As the browser's own `fetch`, with the access token for trusted origins. After a 401 that asks
   * for a token, the request is sent once more, with a renewed token. A `signal` stops the request,
   * and not a renewal that it waits for.
   *
   * @throws {SessionError} The token has ended, and cannot be renewed for now. `login_replaced`:
   * another user may have logged in while the call waited.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /**
   * The access token, for a WebSocket say. `null`: no user is logged in.
   *
   * @throws {SessionError} The token has ended, and cannot be renewed for now. `login_replaced`:
   * another user may have logged in while the call waited.
   */
  accessToken(): Promise<string | null>;
  /**
   * Renews now. With cookies also where the jar is empty: so the cookie brings a login back.
   *
   * @throws {SessionError}
   */
  refresh(): Promise<State>;
  /**
   * Logs out. Without an answer this fails, and the user is still logged in, because no script can
   * delete the cookie.
   *
   * @param options `everywhere`: on all devices.
   * @throws {SessionError}
   */
  logout(options?: { everywhere?: boolean | undefined }): Promise<void>;
  /** Whether a user is logged in here. It sends nothing, and is a new object each time. */
  state(): State;
}

/**
 * Creates the session of a page: one for each page, however many parts of it make requests. It
 * sends nothing by itself.
 *
 * @throws {SessionError} `not_a_browser`: it was called on a server. `no_server`: `base` is not a
 * URL, and the page has none.
 */
export function createSession(options?: Options): Session;

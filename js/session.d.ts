// The types of session.js. README.md says what the reasons mean.

export interface State {
  loggedIn: boolean;
  /** The end of the access token, in milliseconds of the browser's clock. */
  expiresAt: number | null;
  scope: string;
}

export type Cause = "login" | "refresh" | "logout" | "ended" | "other-tab";

/** The reasons that this script gives or explains. The server has more. */
export type Reason =
  | "not_a_browser" | "no_server" | "page_without_origin" | "cookies_disabled"
  | "server_without_cookies" | "cookie_not_kept" | "cors_or_network" | "mixed_content"
  | "not_json" | "no_tokens" | "token_type" | "timeout" | "token_missing"
  | "cross_site" | "cross_site_cookie";

export class SessionError extends Error {
  readonly kind: "unavailable" | "refused" | "misconfigured";
  /** 0: no answer. */
  readonly status: number;
  readonly reason?: Reason | (string & {});
  /** Milliseconds. */
  readonly retryAfter: number;
}

export interface Held {
  login: string;
  access_token: string;
  refresh_token?: string;
  scope?: string;
  lifetime: number;
  expires_at: number;
  ends_at?: number;
}

export interface Jar {
  read(): Held | null;
  write(held: Held): void;
  clear(): void;
  subscribe?(listener: () => void): void;
  /** Is told a name that belongs to the URL of the endpoints, before anything else. */
  setDefaultName?(name: string): void;
}

/** Without `key` the login is named after the URL of the endpoints. */
export function localStorageJar(key?: string): Jar;
export function memoryJar(): Jar;

export interface Options {
  base?: string;
  delivery?: "cookie" | "body";
  origins?: string[];
  jar?: Jar;
  onChange?(state: State, cause: Cause, reason?: Reason | (string & {})): void;
  singleUser?: boolean;
  /** The URL of the page. */
  page?: string;
  fetch?(request: Request): Promise<Response>;
  /** `null`: each tab renews by itself. */
  locks?: Pick<LockManager, "request"> | null;
  /** By default it is made from the URL of the endpoints. */
  lockName?: string;
}

export interface Session {
  login(credentials: Record<string, unknown>): Promise<State>;
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  accessToken(): Promise<string | null>;
  refresh(): Promise<State>;
  logout(options?: { everywhere?: boolean }): Promise<void>;
  state(): State;
}

export function createSession(options?: Options): Session;

// Where a login is kept.

/**
 * A login as a jar keeps it. Times are milliseconds of the browser's own clock.
 *
 * @typedef {object} Held
 * @property {string} login the same for as long as a user is logged in
 * @property {string} access_token
 * @property {string} [refresh_token] absent with cookies
 * @property {string} [scope]
 * @property {number} lifetime of the access token
 * @property {number} expires_at the end of the access token
 * @property {number} [ends_at] the end of the login, if it is not used before
 */

/**
 * Keeps a login. An application can pass its own jar.
 *
 * @typedef {object} Jar
 * @property {() => Held | null} read
 * @property {(held: Held) => void} write
 * @property {() => void} clear
 * @property {(listener: () => void) => void} [subscribe] hears what other tabs do
 * @property {(name: string) => void} [setDefaultName] is told a name that belongs to the server's
 *   endpoints, before anything else
 * @property {() => string | undefined} [mark] the mark of this device, for tokens in bodies:
 *   strangers who guess passwords do not use up its logins
 * @property {(mark: string) => void} [keepMark] keeps it for the next login. No logout clears it
 */

/**
 * Keeps the login in `localStorage`, where all tabs find it. Where storage is full or forbidden, it
 * keeps the login in this page.
 *
 * @param {string} [key] the name in `localStorage`. Without one, `createSession` names the login
 *   after the URL of the endpoints, so that two applications on one origin do not share it
 * @returns {Jar}
 */
export function localStorageJar(key) {
  // A token that was renewed must not get lost where it cannot be stored.
  let spare = null;
  return {
    setDefaultName(name) {
      key ??= name;
    },
    read() {
      try {
        const held = spare ?? JSON.parse(localStorage.getItem(key));
        return typeof held?.access_token === "string" ? held : null;
      } catch {
        return null;
      }
    },
    write(held) {
      spare = null;
      try { localStorage.setItem(key, JSON.stringify(held)); } catch { spare = held; }
    },
    clear() {
      spare = null;
      try { localStorage.removeItem(key); } catch { /* nothing was there */ }
    },
    mark() {
      try { return localStorage.getItem(markKey(key)) ?? undefined; } catch { return undefined; }
    },
    keepMark(mark) {
      // Without it the next login is that of an unknown device.
      try { localStorage.setItem(markKey(key), mark); } catch { /* full, or forbidden */ }
    },
    subscribe(listener) {
      globalThis.addEventListener?.("storage", ({ key: changed }) => {
        // `null`: all of the storage was cleared.
        if (changed === key || changed === null) listener();
      });
    },
  };
}

/**
 * Keeps the login in this page alone: no token is stored. With cookies `refresh()` brings the login
 * back after a reload; with tokens in bodies a reload ends it.
 *
 * @returns {Jar}
 */
export function memoryJar() {
  let kept = null, keptMark;
  return {
    read: () => kept,
    write: (held) => { kept = held; },
    clear: () => { kept = null; },
    mark: () => keptMark,
    keepMark: (mark) => { keptMark = mark; },
  };
}

const markKey = (key) => `${key} device_mark`;

/** Whether two logins have the same tokens. */
export function isSame(a, b) {
  return a?.access_token === b?.access_token && a?.refresh_token === b?.refresh_token;
}

// Where a login is kept.

/** @import { Held, Jar } from "../session.d.ts" */

/**
 * Keeps the login in `localStorage`, where all tabs find it. A login that ends with the browser is
 * in `sessionStorage`. Where storage is full or forbidden, it keeps the login in this page.
 *
 * @param {string} [key] the name in `localStorage`. Without one, `createSession` names the login
 *   after the URL of the endpoints, so that two applications on one origin do not share it
 * @returns {Jar}
 */
export function localStorageJar(key) {
  let name = key ?? "tower-bearer";
  // A token that was renewed must not get lost where it cannot be stored.
  /** @type {Held | null} */
  let spare = null;
  const stored = () => textAt(name);
  const ofThisTab = () => textAt(name, "sessionStorage");
  return {
    setDefaultName(defaultName) {
      name = key ??= defaultName;
    },
    read() {
      // What is in `localStorage` is newer: another tab has written it.
      const held = spare ?? parsed(stored()) ?? parsed(ofThisTab());
      return typeof held?.access_token === "string" ? held : null;
    },
    write(held) {
      const isBrief = held.until_browser_closes;
      const storage = isBrief ? "sessionStorage" : "localStorage";
      const store = () => globalThis[storage].setItem(name, JSON.stringify(held));
      spare = null;
      remove(name, isBrief ? "localStorage" : "sessionStorage");
      try { return store(); } catch { /* full, or forbidden */ }
      try {
        // No other tab may find a used refresh token, or the user before. With cookies and the same
        // user, what is there is only old. Without it there may be room.
        const before = parsed(textAt(name, storage));
        if (before?.refresh_token || before?.login !== held.login) {
          globalThis[storage].removeItem(name);
        }
        store();
      } catch {
        spare = held;
      }
    },
    clear() {
      spare = null;
      // Other tabs that keep the login for themselves hear of its end by the event of this.
      if (ofThisTab() !== null) try { localStorage.setItem(name, ""); } catch { /* full */ }
      remove(name, "localStorage");
      remove(name, "sessionStorage");
    },
    mark: () => textAt(markKey(name)) ?? undefined,
    keepMark(mark) {
      // Without it the next login is that of an unknown device.
      try { localStorage.setItem(markKey(name), mark); } catch { /* full, or forbidden */ }
    },
    subscribe(listener) {
      globalThis.addEventListener?.("storage", ({ key: changed, storageArea }) => {
        // `null`: all of the storage was cleared.
        if (changed !== name && changed !== null) return;
        // Another tab has logged in or out. The events of `sessionStorage` are those of frames.
        if (storageArea === area("localStorage")) remove(name, "sessionStorage");
        listener();
      });
      // A page in the back/forward cache hears no such events.
      /** @type {string | null} */
      let left = null;
      globalThis.addEventListener?.("pagehide", () => { left = stored(); });
      globalThis.addEventListener?.("pageshow", ({ persisted }) => {
        if (persisted && stored() !== left) listener();
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
  /** @type {Held | null} */
  let kept = null;
  /** @type {string | undefined} */
  let keptMark;
  return {
    read: () => kept,
    write: (held) => { kept = held; },
    clear: () => { kept = null; },
    mark: () => keptMark,
    keepMark: (mark) => { keptMark = mark; },
  };
}

const markKey = (name) => `${name} device_mark`;

/** @typedef {"localStorage" | "sessionStorage"} Storage */

/** Where storage is blocked, to name it is an error. @param {Storage} storage */
function area(storage) {
  try { return globalThis[storage]; } catch { return undefined; }
}

/** @param {string} key @param {Storage} [storage] */
function textAt(key, storage = "localStorage") {
  try { return globalThis[storage].getItem(key); } catch { return null; }
}

/** @param {string} key @param {Storage} storage */
function remove(key, storage) {
  try { globalThis[storage].removeItem(key); } catch { /* nothing was there */ }
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return null; }
}

/** Whether two logins have the same tokens. */
export function isSame(a, b) {
  return a?.access_token === b?.access_token && a?.refresh_token === b?.refresh_token;
}

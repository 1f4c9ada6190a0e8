// The page of the example server. It shows `session.js` at work: a page of yours needs only that.

import { createSession } from "./session.js";

const $ = (id) => document.getElementById(id);
const session = createSession({ onChange: changed });

/** Tells a refresh that the user has asked for from one that happens by itself. */
let isAskedFor = false;
/** A late answer may be about a user who has logged out meanwhile. */
let arrival = 0;

const ENDINGS = {
  session_revoked: "This login was ended: on another device, or by the server.",
  session_expired: "This login has expired.",
  refresh_reused:
    "A token came back that had been used up: it may have been copied. " +
    "So this login was ended.",
  user_gone: "The user is gone, or has a new password.",
  token_missing: "This browser lost its cookie: it was deleted or blocked.",
};

const REFRESHED = {
  asAsked: "Refreshed, as you asked: a new access token.",
  silently: "Refreshed silently: a new access token.",
};

function inWords(error) {
  if (error.reason === "credentials_invalid") return "Wrong user name or password.";
  if (error.reason === "cross_site") return "The server takes this page for another site.";
  if (error.reason === "login_replaced") return "Another login came meanwhile. Try again.";
  // On a machine of a developer. Other users need other words.
  if (error.kind === "misconfigured") return error.message;
  if (error.kind === "refused") return `The server refused (${error.status}).`;
  return "No answer from the server. Try again in a moment.";
}

/* What is shown */

function log(text) {
  const entry = element("p");
  const now = new Date();
  const time = { dateTime: now.toISOString(), textContent: now.toLocaleTimeString() };
  entry.append(element("time", time), element("span", { textContent: text }));
  $("events").prepend(entry);
  while ($("events").childElementCount > 50) $("events").lastElementChild.remove();
}

function element(name, properties = {}) {
  return Object.assign(document.createElement(name), properties);
}

function changed(state, cause, reason) {
  switch (cause) {
    case "login": log("Logged in."); break;
    case "refresh": log(isAskedFor ? REFRESHED.asAsked : REFRESHED.silently); break;
    case "logout": log("Logged out."); break;
    case "ended": log(ENDINGS[reason] ?? "The login has ended."); break;
    case "other-tab": log(otherTab(state)); break;
  }
  show();
  if (cause === "ended") {
    $("login-message").textContent =
      ENDINGS[reason] ?? "The login has ended. Please log in again.";
  }
  // Another user may be logged in now.
  if (state.loggedIn && cause !== "refresh") arrive();
}

function otherTab({ loggedIn }) {
  const wasLoggedIn = !$("signed-in").hidden;
  if (loggedIn && wasLoggedIn) return "Another tab refreshed: this one uses its new access token.";
  return loggedIn ? "Another tab logged in." : "Another tab logged out.";
}

function show() {
  const { loggedIn } = session.state();
  const hadFocus = document.activeElement;
  const leaves = loggedIn ? $("signed-out") : $("signed-in");
  const comes = loggedIn ? $("signed-in") : $("signed-out");
  if (!leaves.hidden) {
    arrival++;
    const losesFocus = leaves.contains(hadFocus);
    leaves.hidden = true;
    comes.hidden = false;
    for (const message of document.querySelectorAll(".message")) message.textContent = "";
    if (loggedIn) {
      $("login-form").reset();
      $("signup-form").reset();
    } else {
      const hint = { className: "muted", textContent: "The response will appear here." };
      $("answer").replaceChildren(element("p", hint));
      $("who").textContent = "…";
      $("is-admin").hidden = true;
      $("sessions").replaceChildren();
    }
    // The keyboard's focus follows the page.
    if (losesFocus) $(loggedIn ? "session-title" : "login-title").focus();
  }
  tick();
}

/** `role="timer"` is not read aloud at each change. */
function tick() {
  const { loggedIn, expiresAt } = session.state();
  if (!loggedIn) {
    // The login may have ended by the clock alone.
    if (!$("signed-in").hidden) show();
    return;
  }
  const left = Math.max(0, Math.ceil((expiresAt - Date.now()) / 1000));
  const seconds = String(left % 60).padStart(2, "0");
  $("remaining").textContent =
    left > 0 ? `${Math.floor(left / 60)}:${seconds}` : "0:00, renewed by the next call";
}

/* What is asked of the server */

/**
 * Runs the work of a button, once at a time, and shows its error. The button is not really
 * disabled, because it would lose the focus.
 */
function onClick(id, message, work) {
  $(id).addEventListener("click", (event) => busily(event.currentTarget, message, work));
}

async function busily(button, message, work) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  message.textContent = "";
  try {
    await work();
  } catch (error) {
    message.textContent = inWords(error);
    log(message.textContent);
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

function onSubmit(id, message, work) {
  $(id).addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const { username, password } = form.elements;
    const credentials = { username: username.value, password: password.value };
    busily(form.querySelector("button"), message, () => work(credentials));
  });
}

/** A name for this browser in the list, shorter than its `User-Agent`. */
function deviceName() {
  const agent = navigator.userAgent;
  const browsers = [
    ["Edg", "Edge"],
    ["OPR", "Opera"],
    ["Firefox"],
    ["FxiOS", "Firefox"],
    ["CriOS", "Chrome"],
    ["Chrome"],
    ["Safari"],
  ];
  const systems = [
    ["Android"],
    ["iPhone"],
    ["iPad"],
    ["Windows"],
    ["CrOS", "ChromeOS"],
    ["Mac OS", "macOS"],
    ["Linux"],
  ];
  const find = (names) => names.find(([mark]) => agent.includes(mark))?.at(-1);
  return [find(browsers) ?? "A browser", find(systems)].filter(Boolean).join(" on ");
}

const logIn = (credentials) => session.login({ ...credentials, device: deviceName() });

async function signUp(credentials) {
  const body = new URLSearchParams(credentials);
  const answer = await fetch("/signup", { method: "POST", body }).catch(() => null);
  if (answer?.status === 201) {
    log(`${credentials.username} has signed up.`);
    await logIn(credentials);
    return;
  }
  const { error_description: why } = (await answer?.json().catch(() => null)) ?? {};
  const status = answer?.status;
  if (status === 409) {
    $("signup-message").textContent = "This user name is taken.";
  } else if (status === 400 && why) {
    $("signup-message").textContent = `Not like this: ${why}.`;
  } else {
    const kind = status < 500 ? "refused" : "unavailable";
    throw Object.assign(new Error("sign-up failed"), { kind, status });
  }
}

async function call(path) {
  const answer = await session.fetch(path);
  const text = await answer.text();
  log(`GET ${path} answered ${answer.status}.`);
  // The next user of this machine need not see the answer.
  if (!session.state().loggedIn) return;
  const status = element("p", {
    className: `status ${answer.ok ? "good" : "bad"}`,
    textContent: `GET ${path}: ${answer.status}`,
  });
  $("answer").replaceChildren(status, element("pre", { textContent: pretty(text) }));
}

function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

/** Finds out who is logged in, and where else. */
async function arrive() {
  const current = ++arrival;
  try {
    const answer = await session.fetch("/me");
    const me = answer.ok ? await answer.json() : null;
    if (current !== arrival) return;
    $("who").textContent = me?.username ?? "not known";
    $("is-admin").hidden = !me?.admin;
    await listSessions(current);
  } catch (error) {
    if (current === arrival) $("session-message").textContent = inWords(error);
  }
}

async function listSessions(current = arrival) {
  const answer = await session.fetch("/auth/sessions");
  const list = answer.ok ? (await answer.json()).sessions : null;
  if (current !== arrival) return;
  if (list) {
    $("sessions").replaceChildren(...list.map(listed));
  } else if (session.state().loggedIn) {
    $("sessions-message").textContent = `The list did not come (${answer.status}).`;
  }
}

const moments = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  hour: "numeric",
  minute: "2-digit",
});

function listed({ id, device, created_at: login, last_used_at: lastUse, current }) {
  const item = element("li");
  item.dataset.sessionId = id;
  const text = element("div");
  const deviceText = device || "A device without a name";
  const name = element("span", { className: "device", textContent: deviceText });
  const used = element("p", { className: "muted small", textContent: "last used " });
  // The server rounds the last use to an hour.
  const [from, until] = [new Date(lastUse * 1000), new Date((lastUse + 3600) * 1000)];
  const begun = new Date(login * 1000);
  const range = moments.formatRange(from, until);
  used.append(
    element("time", { dateTime: from.toISOString(), textContent: range }),
    ", logged in ",
    element("time", { dateTime: begun.toISOString(), textContent: moments.format(begun) }),
  );
  const badge = element("span", { className: "badge", textContent: "this device" });
  text.append(name, " ", ...(current ? [badge] : []), used);
  const looks = { type: "button", className: "revoke danger", textContent: "Revoke" };
  const button = element("button", looks);
  button.setAttribute("aria-label", `Revoke ${name.textContent}, ${used.textContent}`);
  const work = () => revoke(id, current, name.textContent);
  button.addEventListener("click", () => busily(button, $("sessions-message"), work));
  item.append(text, button);
  return item;
}

async function revoke(id, current, name) {
  // A logout takes the cookie too.
  if (current) return session.logout();
  const path = `/auth/sessions/${encodeURIComponent(id)}`;
  const { ok, status } = await session.fetch(path, { method: "DELETE" });
  // 404: the session has ended already.
  if (!ok && status !== 404) {
    throw Object.assign(new Error("not revoked"), { kind: "refused", status });
  }
  log(`Revoked: ${name}.`);
  await listSessions();
  $("sessions-title").focus();
}

async function refreshNow() {
  isAskedFor = true;
  try {
    const before = session.state().expiresAt;
    const { loggedIn, expiresAt } = await session.refresh();
    if (loggedIn && expiresAt === before) {
      log("The server repeated the token that this browser has.");
    }
  } finally {
    isAskedFor = false;
  }
}

onSubmit("login-form", $("login-message"), logIn);
onSubmit("signup-form", $("signup-message"), signUp);
onClick("refresh-now", $("session-message"), refreshNow);
onClick("logout", $("session-message"), () => session.logout());
onClick("logout-everywhere", $("session-message"), () => session.logout({ everywhere: true }));
onClick("call-me", $("session-message"), () => call("/me"));
onClick("call-admin", $("session-message"), () => call("/admin"));
onClick("reload-sessions", $("sessions-message"), () => listSessions());

setInterval(tick, 1000);
// A page that comes back from the browser's cache has missed what happened meanwhile.
addEventListener("pageshow", ({ persisted }) => persisted && open());

function open() {
  const { loggedIn } = session.state();
  log(loggedIn ? "The page was opened: you are still logged in." : "The page was opened.");
  show();
  if (loggedIn) arrive();
}

open();

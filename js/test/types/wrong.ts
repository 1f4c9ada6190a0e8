// Wrong uses. `tsc` fails if it takes one of them for right.

import axios from "axios";
import { createSession, localStorageJar, SessionError } from "tower-bearer";
import type { Jar, LocalReason, Session } from "tower-bearer";
import { attachSession } from "tower-bearer/axios";
// @ts-expect-error the modules inside are not part of the package
import { isSame } from "tower-bearer/session/jar.js";

export const inside = isSame;

declare const session: Session;

// @ts-expect-error a delivery is `cookie` or `body`
createSession({ delivery: "header" });
// @ts-expect-error an option is misspelled
createSession({ url: "/auth" });
// @ts-expect-error `base` is text
createSession({ base: new URL("https://app.example/auth") });
// @ts-expect-error `origins` is a list
createSession({ origins: "https://api.example" });
// @ts-expect-error what a browser has is in `environment`
createSession({ fetch });
// @ts-expect-error what a browser has is in `environment`
createSession({ locks: null });
// @ts-expect-error there is no such part
createSession({ environment: { storage: localStorage } });
// @ts-expect-error the clock gives milliseconds
createSession({ environment: { now: () => new Date() } });
// @ts-expect-error there is no such cause
createSession({ onChange: (state, cause) => cause === "expired" });
// @ts-expect-error a reason may be absent
createSession({ onChange: (state, cause, reason: string) => reason.length });
// @ts-expect-error a jar reads without waiting
export const slow: Jar = { read: async () => null, write() {}, clear() {} };
// @ts-expect-error a jar can be cleared
export const stubborn: Jar = { read: () => null, write() {} };
// @ts-expect-error the key is text
localStorageJar(7);
// @ts-expect-error there is no such kind
new SessionError("denied");
// @ts-expect-error the kind comes first, not the message
new SessionError("it does not work");
// @ts-expect-error there is no such reason of ours
export const reason: LocalReason = "session_revoked";
// @ts-expect-error credentials are an object
session.login("alice");
// @ts-expect-error `everywhere` is a boolean
session.logout({ everywhere: "yes" });
// @ts-expect-error the token may be absent
export const length = session.accessToken().then((token) => token.length);
// @ts-expect-error a state is not waited for, and has no token
session.state().accessToken;
// @ts-expect-error an error is read-only
new SessionError("refused").status = 7;
// @ts-expect-error the session comes second
attachSession(session, axios);
// @ts-expect-error a session is needed
attachSession(axios.create());

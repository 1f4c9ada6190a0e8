// oidc-provider with resource indicators, and a login as a user has it.

import assert from "node:assert/strict";
import { generateKeyPair, randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { Provider } from "oidc-provider";
import * as client from "openid-client";
import { Browser } from "./browser.mjs";
import { listen } from "./listen.mjs";

const CALLBACK = "http://127.0.0.1:1/callback";

// At each start it says that this is not for production.
for (const level of ["info", "warn"]) {
  const write = console[level];
  console[level] = (...words) => {
    if (!String(words[0]).startsWith("oidc-provider ")) write(...words);
  };
}

/** Starts it with new keys. `jwt` is how it signs and encrypts access tokens. */
export async function startOidcProvider(port, jwt) {
  let change = () => {};
  let handle;
  const server = await listen(port, (request, response) => handle(request, response));
  const issuer = `http://127.0.0.1:${server.port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "web",
        token_endpoint_auth_method: "none",
        redirect_uris: [CALLBACK],
        grant_types: ["authorization_code", "refresh_token"],
        application_type: "native",
      },
      {
        client_id: "machine",
        client_secret: "a secret of a machine, for tests",
        redirect_uris: [],
        response_types: [],
        grant_types: ["client_credentials"],
      },
    ],
    jwks: { keys: await Promise.all(Object.entries(KEYS).map(newKey)) },
    enabledJWA: { dPoPSigningAlgValues: ["ES256"] },
    scopes: ["openid", "offline_access", "orders", "mcp:tools"],
    cookies: { keys: [randomUUID()] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, audience) => {
          return { audience, scope: "orders mcp:tools", accessTokenFormat: "jwt", jwt };
        },
        useGrantedResource: () => true,
      },
    },
    formats: { customizers: { jwt: (_context, _token, jwt) => change(jwt) } },
    ttl: { AccessToken: 600, ClientCredentials: 600, Grant: 600, IdToken: 600, Session: 600 },
  });
  handle = provider.callback();
  provider.on("server_error", (_, error) => console.error(error));
  const discover = (id, authentication) => {
    const insecure = { execute: [client.allowInsecureRequests] };
    return client.discovery(new URL(issuer), id, undefined, authentication, insecure);
  };

  /** The tokens of a user, after a login with the code flow; with `isBound` they have a `cnf`. */
  async function logIn(resource, options) {
    const config = await discover("web", client.None());
    const verifier = client.randomPKCECodeVerifier();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: "openid orders",
      ...(resource ? { resource } : {}),
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    const callback = await new Browser().follow(url, fillIn, CALLBACK);
    const checks = { pkceCodeVerifier: verifier };
    if (!options?.isBound) return client.authorizationCodeGrant(config, callback, checks);
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
    return client.authorizationCodeGrant(config, callback, checks, undefined, { DPoP });
  }

  /** The token of a machine. */
  async function ofMachine(resource) {
    const secret = client.ClientSecretBasic("a secret of a machine, for tests");
    const config = await discover("machine", secret);
    return client.clientCredentialsGrant(config, { resource, scope: "orders" });
  }

  /** The same as `ask`, while the provider's customizer does this with each JWT. */
  async function changed(customizer, ask) {
    change = customizer;
    const tokens = await ask();
    change = () => {};
    return tokens;
  }
  return { issuer, logIn, ofMachine, changed, stop: server.stop };
}

const KEYS = {
  RS256: ["rsa", { modulusLength: 2048 }],
  PS256: ["rsa", { modulusLength: 2048 }],
  ES256: ["ec", { namedCurve: "P-256" }],
  EdDSA: ["ed25519"],
};

async function newKey([alg, [type, options]]) {
  const { privateKey } = await promisify(generateKeyPair)(type, options);
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), alg, use: "sig" };
}

/** What a user types into the provider's pages. */
export function fillIn(page) {
  if (page.includes('name="login"')) return { prompt: "login", login: "alice", password: "x" };
  assert.match(page, /name="prompt" value="consent"/);
  return { prompt: "consent" };
}

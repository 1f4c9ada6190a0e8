// The settings that docs/issuers.md names for a provider, as variables of `external_issuer`.

import { readFileSync } from "node:fs";
import path from "node:path";
import { root } from "./programs.mjs";

const document = readFileSync(path.join(root, "docs", "issuers.md"), "utf8");

/** `origin` is where the provider listens here, instead of `documented`. */
export function settingsOf(name, documented, origin) {
  const row = document.split("\n").find((line) => line.startsWith(`| ${name} |`));
  // A provider for tests has a paragraph.
  const text = row ?? document.split("\n\n").find((part) => part.startsWith(`**${name}**`));
  if (!text) throw new Error(`docs/issuers.md does not name ${name}`);

  const calls = [...text.replaceAll("\n", " ").matchAll(/(?:RemoteJwks::|\.)(\w+)\(([^()]*)\)/g)];
  const environment = {};
  for (const [, call, argument] of calls) {
    const [variable, separator] = VARIABLES[call] ?? [];
    if (variable === undefined) throw new Error(`external_issuer has no variable for ${call}`);
    if (variable === null) continue;
    const words = [...argument.matchAll(/"([^"]*)"/g)].map(([, word]) => word);
    const value = words.join(".").replaceAll(documented, origin) || "1";
    const before = environment[variable];
    environment[variable] = before ? `${before}${separator}${value}` : value;
  }
  return environment;
}

const VARIABLES = {
  // The issuer says the same.
  discover: [null],
  new: ["JWKS_URL"],
  issuer: ["ISSUER"],
  audience: ["AUDIENCE", ","],
  audience_claim: ["AUDIENCE_CLAIM", ","],
  subject_claim: ["SUBJECT_CLAIM", ","],
  scope_claim: ["SCOPE_CLAIMS", ","],
  accept_untyped_jwt: ["ACCEPT_UNTYPED_JWT"],
  accept_id_token_like: ["ACCEPT_ID_TOKEN_LIKE"],
};

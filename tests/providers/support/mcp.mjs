// The client of the MCP SDK.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

/** Connects with these options of the transport, or fails as the SDK does. */
export async function connect(url, options) {
  const client = new Client({ name: "tower-bearer-tests", version: "0" });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), options));
  return client;
}

/** The options of a user who configured a token in a header. */
export function withHeader(token) {
  return { requestInit: { headers: { authorization: `Bearer ${token}` } } };
}

export async function whoami(client) {
  const { content } = await client.callTool({ name: "whoami" });
  return content[0].text;
}

/** The part of a client application that the SDK's login needs; it notes what it is told. */
export class Login {
  redirectUrl = "http://127.0.0.1:1/callback";
  clientMetadata = {
    client_name: "tower-bearer-tests",
    redirect_uris: [this.redirectUrl],
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    application_type: "native",
  };
  clientInformation = () => this.client;
  saveClientInformation = (client) => (this.client = client);
  tokens = () => this.saved;
  saveTokens = (tokens) => (this.saved = tokens);
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier) => (this.verifier = verifier);
  redirectToAuthorization = (url) => (this.page = url);
}

// What a browser does in a login with redirects: it keeps cookies, and follows.

export class Browser {
  #jar = new Map();

  cookie(name) {
    return this.#jar.get(name);
  }

  async fetch(url, options = {}) {
    const cookie = [...this.#jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...options.headers, ...(cookie ? { cookie } : {}) };
    const response = await fetch(url, { ...options, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value) this.#jar.set(name, value);
      else this.#jar.delete(name);
    }
    return response;
  }

  /** Follows redirects; submits what `form` says where a page is shown; ends at `end`. */
  async follow(url, form, end) {
    for (;;) {
      let response = await this.fetch(url);
      if (response.status === 200) {
        const body = new URLSearchParams(form(await response.text()));
        response = await this.fetch(url, { method: "POST", body });
      }
      const location = response.headers.get("location");
      if (!location) throw new Error(`${url}: ${response.status} ${await response.text()}`);
      url = new URL(location, url);
      if (url.href.startsWith(end)) return url;
    }
  }
}

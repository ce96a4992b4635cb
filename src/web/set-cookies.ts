import { ResponseError } from "../errors.js";
import { type CookieOptions, isHostCookie, setCookieText } from "../http/cookies.js";
import type { HTTPServerRequest } from "../http/request.js";
import type { ResponseWriter } from "../http/response.js";

/** Attributes that say which cookie is meant, for clearing it. */
export type CookieScope = Omit<CookieOptions, "expires" | "expiresDays" | "maxAge">;

/**
 * The cookies that one answer sets. They go out with its headers, also with those of an error page that takes the answer's
 * place: clearing the response keeps them. Source: Tornado's `_new_cookie`.
 */
export class SetCookies {
  readonly #request: HTTPServerRequest;
  readonly #response: ResponseWriter;
  readonly #fields = new Map<string, string>();

  constructor(request: HTTPServerRequest, response: ResponseWriter) {
    this.#request = request;
    this.#response = response;
    response.beforeHeaders(() => {
      for (const field of this.#fields.values()) response.addHeader("Set-Cookie", field);
    });
  }

  /** A second cookie of the same name takes the place of the first, whose attributes are forgotten. */
  set(name: string, value: string, options: CookieOptions = {}): void {
    if (this.#response.headersWritten || this.#response.finished) {
      throw new ResponseError("setCookie() after the headers were written: call it before flush()");
    }
    const text = setCookieText(name, value, options, { https: this.#request.protocol === "https" });
    this.#fields.delete(name);
    this.#fields.set(name, text);
  }

  clear(name: string, scope: CookieScope = {}): void {
    this.set(name, "", { ...scope, expires: longAgo });
  }

  clearAll(scope: CookieScope = {}): void {
    const { domain: _, path: __, ...flags } = scope;
    for (const name of Object.keys(this.#request.cookies)) {
      if (isSettable(name)) this.clear(name, isHostCookie(name) ? flags : scope);
    }
  }
}

const longAgo = new Date(0);

/** Clients may send names that no answer may set; nobody set them here, so there is nothing to clear. */
function isSettable(name: string): boolean {
  return /^[!-:<>-~]+$/.test(name);
}

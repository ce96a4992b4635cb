import { expect } from "chai";
import { ConfigurationError } from "#src/errors.js";
import type { HeaderField } from "#src/http/header-value.js";
import {
  type DefaultFields,
  type SecurityHeaderOptions,
  SecurityHeaders,
  defaultSecurityHeaders,
  isDocumentType,
} from "#src/http/security-headers.js";

const all = ({ always, documents }: DefaultFields): HeaderField[] => [...always, ...documents];

const fieldsOf = (
  options?: SecurityHeaderOptions | false,
  protocol: "http" | "https" = "http",
): Record<string, string> => Object.fromEntries(all(new SecurityHeaders(options).fields({ protocol })));

describe("SecurityHeaders", () => {
  it("has these by default", () => {
    expect(fieldsOf()).to.deep.equal({
      "X-Content-Type-Options": "nosniff",
      "X-Frame-Options": "SAMEORIGIN",
      "Referrer-Policy": "same-origin",
      "Cross-Origin-Opener-Policy": "same-origin",
    });
    expect(fieldsOf({}, "https")).to.deep.equal(defaultSecurityHeaders);
  });

  it("tells those of documents from those of every answer", () => {
    const options = { "x-frame-options": "DENY", "Content-Security-Policy": "default-src 'self'" };
    const { always, documents } = new SecurityHeaders(options).fields({ protocol: "http" });
    expect(always.map(([name]) => name)).to.deep.equal(["X-Content-Type-Options", "Content-Security-Policy"]);
    expect(documents.map(([name]) => name)).to.deep.equal([
      "x-frame-options",
      "Referrer-Policy",
      "Cross-Origin-Opener-Policy",
    ]);
  });

  it("changes, adds and takes away by name, in any case", () => {
    const options = { "x-frame-options": "DENY", "REFERRER-POLICY": false, "Permissions-Policy": "camera=()" } as const;
    expect(fieldsOf(options)).to.deep.equal({
      "X-Content-Type-Options": "nosniff",
      "x-frame-options": "DENY",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Permissions-Policy": "camera=()",
    });
  });

  it("has none when it is off", () => {
    expect(fieldsOf(false)).to.deep.equal({});
  });

  it("promises https over https alone", () => {
    const options = { "Strict-Transport-Security": "max-age=60" };
    expect(fieldsOf(options, "http")).to.deep.equal(defaultSecurityHeaders);
    expect(fieldsOf(options, "https")).to.deep.equal({ ...defaultSecurityHeaders, ...options });
  });

  it("does not ask for the protocol when nothing depends on it", () => {
    const request = {
      get protocol(): never {
        throw new Error("asked");
      },
    };
    expect(new SecurityHeaders().fields(request).always).to.have.length(1);
  });

  const wrong: unknown[] = [
    true,
    "off",
    null,
    { "a b": "1" },
    { a: "1\r\nb: 2" },
    { a: 1 },
    { a: true },
    { a: null },
    { Connection: "close" },
    { "content-length": "1" },
  ];
  for (const options of wrong) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      const make = (): SecurityHeaders => new SecurityHeaders(options as SecurityHeaderOptions);
      expect(make).to.throw(ConfigurationError, /^securityHeaders/);
    });
  }
});

describe("isDocumentType", () => {
  for (const type of [
    "text/html",
    "text/html; charset=UTF-8",
    "TEXT/HTML",
    "application/xhtml+xml",
    "image/svg+xml",
    "application/pdf",
    "text/xml",
  ]) {
    it(`knows ${type}`, () => expect(isDocumentType(type)).to.equal(true));
  }
  for (const type of [
    "application/json",
    "text/plain",
    "text/event-stream",
    "image/png",
    "undefined",
    "",
    "x text/html",
  ]) {
    it(`is not ${type || "nothing"}`, () => expect(isDocumentType(type)).to.equal(false));
  }
});

import { expect } from "chai";
import { httpSettings } from "#src/http/limits.js";
import { type ParserError, parserRefusal } from "#src/http/parser-errors.js";

const settings = httpSettings();

function fault(code: string, rawPacket?: string): ParserError {
  return Object.assign(new Error("Parse Error"), { code, ...(rawPacket && { rawPacket: Buffer.from(rawPacket) }) });
}

describe("parserRefusal", () => {
  const rows: [code: string, status: number][] = [
    ["HPE_INVALID_METHOD", 501],
    ["HPE_INVALID_VERSION", 505],
    ["HPE_PAUSED_H2_UPGRADE", 505],
    ["HPE_HEADER_OVERFLOW", 431],
    ["HPE_CHUNK_EXTENSIONS_OVERFLOW", 413],
    ["ERR_HTTP_REQUEST_TIMEOUT", 408],
    ["HPE_INVALID_URL", 400],
    ["HPE_SOMETHING_NEW", 400],
  ];
  for (const [code, status] of rows) {
    it(`answers ${code} with ${status}`, () => {
      expect(parserRefusal(fault(code), 10, settings)).to.deep.equal({ status, reason: code });
    });
  }

  for (const code of ["ECONNRESET", "EPIPE"]) {
    it(`is silent about ${code}`, () => expect(parserRefusal(fault(code), 10, settings)).to.equal(undefined));
  }

  it("does not take a bare line feed behind the version for another version", () => {
    const error = Object.assign(fault("HPE_INVALID_VERSION"), { reason: "Expected CRLF after version" });
    expect(parserRefusal(error, 10, settings)?.status).to.equal(400);
  });

  it("tells a long request line from long fields by the first packet", () => {
    const line = `GET /${"a".repeat(9_000)}`;
    expect(parserRefusal(fault("HPE_HEADER_OVERFLOW", line), line.length, settings)?.status).to.equal(414);
    const fields = `GET / HTTP/1.1\r\nX: ${"a".repeat(9_000)}`;
    expect(parserRefusal(fault("HPE_HEADER_OVERFLOW", fields), fields.length, settings)?.status).to.equal(431);
    expect(parserRefusal(fault("HPE_HEADER_OVERFLOW", line), 2 * line.length, settings)?.status).to.equal(431);
  });
});

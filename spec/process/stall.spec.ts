import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { expect } from "chai";
import { describeStall, encodeStall, readStalls, type StallReport } from "#src/process/stall.js";

describe("readStalls", () => {
  let reports: StallReport[];
  let writer: Socket;

  /** Two ends of a line, as between a child and its primary. */
  beforeEach(async () => {
    reports = [];
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    writer = connect(port, "127.0.0.1");
    const [reader] = (await once(server, "connection")) as [Socket];
    readStalls(reader, (report) => reports.push(report));
    server.close();
  });

  async function afterAll(): Promise<StallReport[]> {
    writer.end();
    await once(writer.resume(), "close");
    return reports;
  }

  it("gives what was encoded, in whatever pieces it comes", async () => {
    const first = { duration: 27_000, stack: ["spin (src/app.ts:1:2)", "get (src/ä.ts:3:4)"] };
    const second = { duration: 5, stack: null };
    const bytes = Buffer.from(encodeStall(first) + encodeStall(second));
    for (const byte of bytes) writer.write(Buffer.of(byte));
    expect(await afterAll()).to.deep.equal([first, second]);
  });

  it("passes over what is no report", async () => {
    const wrong = ["nonsense", "{}", "null", '{"duration":"1","stack":null}', '{"duration":1,"stack":[1]}', ""];
    writer.write(`${wrong.join("\n")}\n${encodeStall({ duration: 1, stack: [] })}{"dura`);
    expect(await afterAll()).to.deep.equal([{ duration: 1, stack: [] }]);
  });
});

describe("describeStall", () => {
  it("says how long and where", () => {
    expect(describeStall({ duration: 27_000, stack: ["spin (a.ts:1:2)", "get (a.ts:3:4)"] })).to.equal(
      "its event loop has stood still for 27 s in\n    at spin (a.ts:1:2)\n    at get (a.ts:3:4)",
    );
    expect(describeStall({ duration: 500, stack: null })).to.equal(
      "its event loop has stood still for 0.5 s, in native code or in a call of the system",
    );
  });
});

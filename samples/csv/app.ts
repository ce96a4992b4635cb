import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { parse } from "csv-parse";
import { RequestHandler, Route, RunOnExecutor, type ServerSentEvent, defineApplication } from "waterspout";
import { sampleFile } from "./sample-file.js";

/** A row of the file, as the client gets it. */
interface Measurement {
  station: string;
  celsius: number;
}

/** What has been read so far: sent with each batch of rows. */
interface Batch {
  row: number;
  rows: Measurement[];
}

const batchSize = 1_000;

/**
 * Parses a CSV of any size on a worker thread and sends its rows as server-sent events while it is read. A client that
 * reads slowly slows the parser; one that leaves ends it, and its file is closed.
 */
@Route("/measurements")
export class MeasurementsHandler extends RequestHandler {
  async *get(): AsyncGenerator<ServerSentEvent> {
    this.events();
    for await (const { row, rows } of this.batches(sampleFile())) yield { id: row, data: rows };
    yield { event: "end" };
  }

  @RunOnExecutor()
  async *batches(file: string): AsyncGenerator<Batch> {
    let row = 0;
    let rows: Measurement[] = [];
    // Unlike pipe() it hands on the error of a file that cannot be read, and closes the file when the parser is left.
    const parser = pipeline(createReadStream(file), parse(), () => undefined);
    try {
      for await (const [station, celsius] of parser as AsyncIterable<[string, string]>) {
        row++;
        rows.push({ station, celsius: Number(celsius) });
        if (rows.length < batchSize) continue;
        yield { row, rows };
        rows = [];
      }
      if (rows.length > 0) yield { row, rows };
    } finally {
      console.log(`closed ${file} after row ${row}`);
    }
  }
}

export default defineApplication({ handlers: [MeasurementsHandler] });

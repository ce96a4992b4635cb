import type { Work } from "../work.js";
import { body } from "./body.js";
import { calls } from "./calls.js";
import { connections } from "./connections.js";
import { events } from "./events.js";
import { executorWorks } from "./executor.js";
import { hash } from "./hash.js";
import { file } from "./file.js";
import { image } from "./image.js";
import { json } from "./json.js";
import { memory } from "./memory.js";
import { scale } from "./scale.js";
import { start } from "./start.js";

/** All that is measured, in the order of the table. */
export const works: readonly Work[] = [
  json,
  body,
  file,
  events,
  ...executorWorks,
  image,
  calls,
  hash,
  start,
  memory,
  connections,
  scale,
];

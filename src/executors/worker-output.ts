import type { Post } from "./session-tasks.js";

/**
 * Sends what this thread prints to its executor at once, one message for each write.
 *
 * Node hands a worker's output over when the thread yields to its loop, so a loop that blocks would print its first line
 * at once and all others at its end (measured on Node 20 and 26). A write is one message and is printed whole, so lines of
 * several threads do not tear; nothing waits for an acknowledgement.
 */
export function redirectOutput(post: Post): void {
  for (const stream of ["stdout", "stderr"] as const) {
    process[stream]._writev = undefined as never;
    process[stream]._write = (chunk: Uint8Array, _encoding, done) => {
      post({ type: "output", stream, chunk });
      done();
    };
  }
}

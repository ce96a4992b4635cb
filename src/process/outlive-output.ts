let outlives = false;

/**
 * Lets this process outlive the reader of what it prints: a terminal that was closed, a pipe that nobody reads any more. Node
 * makes an uncaught exception of each line that cannot be written; a program that logs its uncaught exceptions, which cannot
 * be written either, would do so for ever.
 */
export function outliveOutput(): void {
  if (outlives) return;
  outlives = true;
  for (const stream of [process.stdout, process.stderr]) stream.on("error", nobodyReads);
}

function nobodyReads(): void {
  // Whom should it be told?
}

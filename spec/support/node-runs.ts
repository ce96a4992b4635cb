/** What `npm run test:nodes` shall run. */
export interface NodeRuns {
  /** Of Node, as npm knows them: `26`, `24.4`. */
  readonly versions: readonly string[];
  /** Of specs; none for all of them. */
  readonly folders: readonly string[];
}

/**
 * Reads the command line: numbers are versions of Node, everything else names a folder of specs.
 *
 * @param existing the folders that there are.
 * @throws Error on a folder that does not exist.
 */
export function nodeRuns(args: readonly string[], existing: readonly string[]): NodeRuns {
  const versions = args.filter(isVersion);
  const folders = args.filter((arg) => !isVersion(arg));
  const unknown = folders.find((folder) => !existing.includes(folder));
  if (unknown !== undefined) throw new Error(`no folder ${unknown} has specs, these have: ${existing.join(", ")}`);
  return { versions: versions.length > 0 ? versions : ["22", "24", "26"], folders };
}

function isVersion(arg: string): boolean {
  return /^\d+(\.\d+)*$/.test(arg);
}

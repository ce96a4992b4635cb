/** The words of the memory that a child's main thread shares with its watchdog. */
export const word = {
  /** Counts the beats of the event loop. */
  beats: 0,
  /** 1 while a debugger may hold the loop: then it is no stall. */
  inspected: 1,
  /** 1 ends the watchdog, which waits on it. */
  stop: 2,
} as const;

/** What a watchdog is given. Times are milliseconds. */
export interface WatchdogData {
  readonly memory: SharedArrayBuffer;
  /** How often the loop beats. */
  readonly interval: number;
  /** How many beats must be missing before it looks where the loop is. */
  readonly patience: number;
  /** How long that may take. */
  readonly within: number;
  /** Where the report is written to. */
  readonly descriptor: number;
  /** Whether positions are mapped to their sources. */
  readonly sourceMaps: boolean;
}

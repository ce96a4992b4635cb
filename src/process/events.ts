import type { ChildEnding } from "./ending.js";
import type { ReadyInfo } from "./messages.js";
import type { ReloadResult } from "./roll.js";
import type { StallReport } from "./stall.js";

/** Which child an event is about. */
export interface ChildIdentity {
  readonly taskId: number;
  /** Null when it could not be forked. */
  readonly pid: number | null;
  /** How many reloads were begun before it was forked. */
  readonly generation: number;
}

/** A child that serves: what `onReady` is told of each. */
export interface ReadyChild {
  readonly taskId: number;
  readonly pid: number;
  /** What the child said about itself. */
  readonly info: ReadyInfo;
}

/** Why the processes end. */
export type StopReason = "stopped" | "forced" | "boot failure" | "gave up";

/** What a supervisor tells, by the name of the event. */
export interface SupervisorEvents {
  /** A child was forked. */
  fork: [child: ChildIdentity];
  /** A child serves. */
  ready: [child: ChildIdentity];
  /** All children are ready for the first time; in the order of their task ids. */
  serving: [children: readonly ReadyChild[]];
  /** The event loop of a child stands still. It goes on again, or the child is killed at `livenessTimeout`. */
  stall: [child: ChildIdentity, report: StallReport];
  /** A child was asked to drain, because another one has its place or is not needed. */
  dismiss: [child: ChildIdentity];
  /** A child has ended; `expected` when it was asked to, or exited 0. */
  exit: [child: ChildIdentity, ending: ChildEnding, expected: boolean];
  /** A reload begins; what is forked from here on has this generation. */
  reload: [generation: number];
  reloaded: [result: ReloadResult];
  /** All children were asked to end, and none will be started any more. */
  stop: [reason: StopReason];
  /** All children have ended. */
  end: [];
}

/** Listens to some of the events. */
export type Observer = { readonly [Name in keyof SupervisorEvents]?: (...told: SupervisorEvents[Name]) => void };

/** Tells an event to whoever listens; never throws. */
export type Announce = <Name extends keyof SupervisorEvents>(name: Name, ...told: SupervisorEvents[Name]) => void;

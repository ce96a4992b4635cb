/** What a child says about itself once it serves, for example its address and its number of threads; plain JSON. */
export type ReadyInfo = Readonly<Record<string, unknown>>;

/** What a child tells of itself from time to time, from the moment it is ready. */
export interface ChildFigures {
  /** Requests answered since the child started. */
  readonly requests: number;
  /** Resident memory of the process with all its threads. Bytes. */
  readonly rss: number;
  /** The longest time by which the event loop was late since the figures before. Milliseconds. */
  readonly eventLoopDelay: number;
  /** How often its event loop was held for longer than the application's `blockedLoopThreshold`. */
  readonly blockedLoops: number;
  /** Connections that it did not take, because it had as many as it may. */
  readonly droppedConnections: number;
  /** Threads that could not be ended and are still there. */
  readonly lostThreads: number;
  /** True from the moment it stops accepting. */
  readonly draining: boolean;
  /** True while a debugger may hold its event loop: then its silence means nothing. */
  readonly inspected: boolean;
}

/** What a child tells the primary; `waterspout` keeps these apart from messages that the application sends itself. */
export type ChildMessage =
  | { readonly waterspout: "ready"; readonly info: ReadyInfo }
  | { readonly waterspout: "boot-failure"; readonly reason: string }
  /** A sign of life: the child's event loop turns. */
  | { readonly waterspout: "status"; readonly figures: ChildFigures };

/** What the primary tells a child. */
export type PrimaryMessage =
  /** The answer to "ready": from now on the child sends its status. */
  { readonly waterspout: "supervision" } & Supervision;

/** How a child is watched. Times are milliseconds. */
export interface Supervision {
  /** How often it sends its status. */
  readonly statusInterval: number;
  /** After how long a silence it is killed; 0 is never. */
  readonly livenessTimeout: number;
}

type Fields = Readonly<Record<string, unknown>>;
type Shapes<Message extends { waterspout: string }> = Readonly<
  Record<Message["waterspout"], (fields: Fields) => boolean>
>;

const childShapes: Shapes<ChildMessage> = {
  ready: ({ info }) => isRecord(info),
  "boot-failure": ({ reason }) => typeof reason === "string",
  status: ({ figures }) => isRecord(figures) && areFigures(figures),
};

const primaryShapes: Shapes<PrimaryMessage> = {
  supervision: ({ statusInterval, livenessTimeout }) => [statusInterval, livenessTimeout].every(Number.isFinite),
};

export function isChildMessage(message: unknown): message is ChildMessage {
  return hasShape(childShapes, message);
}

export function isPrimaryMessage(message: unknown): message is PrimaryMessage {
  return hasShape(primaryShapes, message);
}

function hasShape(shapes: Readonly<Record<string, (fields: Fields) => boolean>>, message: unknown): boolean {
  if (!isRecord(message)) return false;
  const { waterspout } = message;
  return typeof waterspout === "string" && Object.hasOwn(shapes, waterspout) && shapes[waterspout]?.(message) === true;
}

const numbers = ["requests", "rss", "eventLoopDelay", "blockedLoops", "droppedConnections", "lostThreads"] as const;

function areFigures(figures: Fields): boolean {
  const { draining, inspected } = figures;
  const areFlags = typeof draining === "boolean" && typeof inspected === "boolean";
  return areFlags && numbers.every((name) => Number.isFinite(figures[name]));
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What the end of a server has cut off; all zero when everything was done in time. */
export interface StopReport {
  /** Requests that were answered 503 when the `gracePeriod` was over. */
  readonly expiredRequests: number;
  /** Requests whose connection was destroyed: their answer had begun, or their client took it too slowly. */
  readonly cutRequests: number;
  /** WebSockets that were told to go (1001) and had not answered when their connection ended. */
  readonly cutSockets: number;
  /** Tasks of executors that were cancelled while the server stopped, those of clients that left included. */
  readonly cancelledTasks: number;
  /** Threads that are stuck in native code and that only the end of the process frees. */
  readonly lostThreads: number;
}

/** The report in words; undefined when there is nothing to report. */
export function describeStop(report: StopReport): string | undefined {
  const parts = [
    count(report.expiredRequests, "request was answered 503", "requests were answered 503"),
    count(report.cutRequests, "request was cut off", "requests were cut off"),
    count(report.cutSockets, "WebSocket was cut off", "WebSockets were cut off"),
    count(report.cancelledTasks, "task was cancelled", "tasks were cancelled"),
    count(report.lostThreads, "thread is stuck in native code", "threads are stuck in native code"),
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : `not all was done when the server stopped: ${parts.join(", ")}`;
}

function count(number: number, one: string, many: string): string | undefined {
  return number === 0 ? undefined : `${number} ${number === 1 ? one : many}`;
}

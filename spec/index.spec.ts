import { expect } from "chai";
import * as waterspout from "waterspout";
import * as testing from "waterspout/testing";

/** The public names. Who adds or removes one does it here as well, knowingly. */
const names = [
  "Application",
  "Authenticated",
  "CancelledError",
  "ClientClosedError",
  "ConfigurationError",
  "DeadlineExceededError",
  "ErrorHandler",
  "Executor",
  "ExecutorClosedError",
  "ExecutorContext",
  "FallbackHandler",
  "Finish",
  "Future",
  "HTTPError",
  "HTTPServer",
  "IOLoop",
  "InjectionError",
  "InlineExecutor",
  "MissingArgumentError",
  "ProcessPoolExecutor",
  "QueueFullError",
  "RedirectHandler",
  "RequestHandler",
  "RequestNotAvailableError",
  "ResponseError",
  "Route",
  "RunOnExecutor",
  "SerializationError",
  "StartError",
  "StreamRequestBody",
  "StaticFileHandler",
  "ThreadPoolExecutor",
  "Use",
  "WaterspoutError",
  "WebSocketClosedError",
  "WebSocketHandler",
  "WorkerBootError",
  "WorkerCrashedError",
  "WorkerOutOfMemoryError",
  "accessLog",
  "applicationLog",
  "bootstrap",
  "connect",
  "carryContext",
  "createSignedValue",
  "decodeSignedValue",
  "define",
  "defineApplication",
  "escapeHtml",
  "forkProcesses",
  "formatRoutes",
  "generalLog",
  "group",
  "isLocalUrl",
  "move",
  "options",
  "parseCommandLine",
  "parseConfigFile",
  "registerError",
  "route",
  "setLogLevel",
  "setLogSink",
  "taskId",
  "urlConcat",
];

describe("the package", () => {
  it("exports these names and no other", () => {
    expect(Object.keys(waterspout).toSorted()).to.deep.equal(names.toSorted());
  });

  it("exports from ./testing these and no other", () => {
    expect(Object.keys(testing).toSorted()).to.deep.equal(["executorContract", "startApplication"]);
  });
});

// Applications
export { type BootstrapOptions, type ServeOptions, bootstrap, defineApplication } from "./bootstrap.js";
export { HTTPServer } from "./server.js";
export { Application, type ApplicationDefinition, type ConfigureContext } from "./web/application.js";
export type { DependencyContainer, InjectionToken, Ref } from "./container.js";

// Handlers
export { Route, type RouteOptions } from "./decorators/route.js";
export { Authenticated } from "./decorators/authenticated.js";
export { StreamRequestBody } from "./decorators/stream-request-body.js";
export { RequestHandler } from "./web/handler.js";
export { ErrorHandler, type ErrorArguments } from "./web/error-handler.js";
export { FallbackHandler, type FallbackArguments, type RequestListener } from "./web/fallback-handler.js";
export { RedirectHandler, type RedirectArguments } from "./web/redirect-handler.js";
export { WebSocketHandler } from "./web/websocket-handler.js";
export type { WebSocketCompression, WebSocketOptions } from "./web/websocket-options.js";
export { StaticFileHandler, type StaticFileArguments } from "./web/static-handler.js";
export { type HandlerEntry, type RouteGroup, type RouteSpec, route } from "./web/route.js";
export { type GroupOptions, group } from "./web/group.js";
export { formatRoutes } from "./web/format-routes.js";
export type { HandlerClass } from "./web/verbs.js";
export type { EventStream, EventStreamOptions, ServerSentEvent } from "./web/events.js";
export { type Middleware, type MiddlewareClass, type MiddlewareFunction, type Next, Use } from "./web/middleware.js";
export { type ConnectMiddleware, connect } from "./web/connect.js";
export type { HealthOptions } from "./web/health.js";
export type { Outcome } from "./web/exchange.js";
export type { HTTPServerRequest } from "./http/request.js";
export type { FileMap, UploadedFile } from "./http/uploaded-file.js";
export { escapeHtml } from "./http/escape-html.js";
export type { TemplateEngine } from "./web/templates.js";
export type { CompressOptions } from "./http/compression.js";
export type { Validators } from "./http/conditional.js";
export type { HeaderValue } from "./http/header-value.js";
export type { CookieOptions, Cookies } from "./http/cookies.js";
export {
  type CookieSecret,
  type SignOptions,
  type VerifyOptions,
  createSignedValue,
  decodeSignedValue,
} from "./http/signed-value.js";
export type { ProxyHeaders } from "./http/trusted-proxies.js";
export type { CookieScope } from "./web/set-cookies.js";
export type { SignedCookieOptions } from "./web/signed-cookies.js";
export type { TrustOptions } from "./web/trust.js";
export type { XsrfOptions } from "./web/xsrf.js";
export type { CorsOptions } from "./cors-options.js";
export type { SecurityHeaderOptions } from "./http/security-headers.js";
export { isLocalUrl } from "./http/local-url.js";
export { type QueryValue, urlConcat } from "./http/url-concat.js";
export type { HTTPSettings } from "./http/limits.js";

// Executors
export { type RetryOptions, RunOnExecutor, type RunOnExecutorOptions } from "./decorators/run-on-executor.js";
export {
  Executor,
  type ExecutorStats,
  type MapOptions,
  type ShutdownOptions,
  type WorkerStats,
} from "./executors/executor.js";
export { ThreadPoolExecutor, type ThreadPoolOptions } from "./executors/thread.js";
export { ProcessPoolExecutor, type ProcessPoolOptions } from "./executors/process-pool.js";
export { InlineExecutor, type InlineOptions } from "./executors/inline.js";
export { Future } from "./executors/future.js";
export { type Movable, move } from "./executors/transfer.js";
export type { TaskEvent, WorkerEvent } from "./executors/diagnostics.js";
export { registerError } from "./executors/error-classes.js";
export { ExecutorContext, type ExecutorContextValue, carryContext } from "./context.js";
export type {
  Acquired,
  CancellablePromise,
  Class,
  ExecutorEnvironment,
  ExecutorMethod,
  MethodArguments,
  MethodResult,
  MethodStream,
  StreamMethod,
  TaskExecutor,
  TaskOptions,
} from "./concurrent.js";

// Processes and loop
export { IOLoop, type TimeoutHandle } from "./loop.js";
export { type Balance, type SupervisorOptions, forkProcesses, taskId } from "./process/fork.js";
export type { ChildEnding } from "./process/ending.js";
export type { ChildIdentity, ReadyChild, StopReason, SupervisorEvents } from "./process/events.js";
export type { ReadyInfo } from "./process/messages.js";
export type { ReloadResult } from "./process/roll.js";
export type { StopReport } from "./stop-report.js";
export type { StallReport } from "./process/stall.js";
export type { ChildState, ChildStatus, SupervisorStatus } from "./process/status.js";
export type { Supervisor } from "./process/view.js";

// Options
export { define, options, parseCommandLine, parseConfigFile } from "./options/index.js";

// Log
export {
  type LogFields,
  type LogLevel,
  type LogRecord,
  type LogSettings,
  type LogSink,
  type LogStream,
  accessLog,
  applicationLog,
  generalLog,
  setLogLevel,
  setLogSink,
} from "./log.js";

// Errors
export {
  CancelledError,
  ClientClosedError,
  ConfigurationError,
  DeadlineExceededError,
  type ErrorDetails,
  ExecutorClosedError,
  Finish,
  HTTPError,
  type HTTPErrorOptions,
  InjectionError,
  MissingArgumentError,
  QueueFullError,
  RequestNotAvailableError,
  ResponseError,
  SerializationError,
  StartError,
  WaterspoutError,
  WebSocketClosedError,
  WorkerBootError,
  WorkerCrashedError,
  WorkerOutOfMemoryError,
} from "./errors.js";

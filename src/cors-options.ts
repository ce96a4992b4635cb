/**
 * Which pages of other sites may read answers, and send what a browser does not send for them by itself.
 *
 * @example { origins: ["https://app.example.com"], headers: ["Content-Type"], credentials: true }
 */
export interface CorsOptions {
  /** Origins, each compared as a whole; `["*"]` for all of them, without credentials. `"null"` counts only when it is listed. */
  readonly origins: readonly string[];
  /** Which of the verbs that the handler has. Default: all of them. */
  readonly methods?: readonly string[];
  /** Header fields that a request may have besides the simple ones. Default: `["Content-Type"]`, for JSON. */
  readonly headers?: readonly string[];
  /** Header fields of answers that scripts may read besides the simple ones. Default: none. */
  readonly exposedHeaders?: readonly string[];
  /** Whether requests may have cookies. Default: false. */
  readonly credentials?: boolean;
  /** How long a browser may remember the answer to a preflight, in seconds, as the field counts. Default: 600. */
  readonly maxAge?: number;
}

import { allArguments } from "../http/arguments.js";
import { attachment } from "../http/content-disposition.js";
import { entityTag } from "../http/etag.js";
import { userOf } from "./authentication.js";
import { checkConditions } from "./conditions.js";
import { debugPage, errorPage, setErrorHead, writePage } from "./error-page.js";
import { EventStream } from "./events.js";
import { logFailure } from "./request-log.js";
import { keyVersionOf, readSigned, withExpiry } from "./signed-cookies.js";
import { staticUrl } from "./static-url.js";
import { engineOf, templateNamespace } from "./templates.js";
import { writeValue } from "./values.js";
import { Xsrf } from "./xsrf.js";

/**
 * What the methods of `RequestHandler` work with. Each request brings it along (`HandlerContext.tools`), so that handler.ts
 * imports nothing but types and errors: every worker thread imports the class, and none has a request.
 */
export const handlerTools = Object.freeze({
  allArguments,
  attachment,
  entityTag,
  userOf,
  checkConditions,
  debugPage,
  errorPage,
  setErrorHead,
  writePage,
  EventStream,
  logFailure,
  keyVersionOf,
  readSigned,
  withExpiry,
  staticUrl,
  engineOf,
  templateNamespace,
  writeValue,
  Xsrf,
});

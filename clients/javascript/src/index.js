export { Sendcode } from "./client.js";
export { VERSION } from "./conversation.js";
export {
  BadRows,
  Conflict,
  DestinationLocked,
  InvalidDestination,
  InvalidInput,
  InvalidSignature,
  LimitExceeded,
  MalformedCode,
  NotAllowed,
  NotAuthenticated,
  NotFound,
  Refused,
  SendcodeError,
  Unavailable,
  VerificationLocked,
} from "./errors.js";
export { OPERATIONS } from "./operations.js";
export { verifyWebhook } from "./webhooks.js";

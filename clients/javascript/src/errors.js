/** Every error of the client. None holds a code or a key. */

export class SendcodeError extends Error {
  constructor(message) {
    super(message);
    this.name = new.target.name;
  }
}

/**
 * The service refuses a call (RFC 9457): `code` is for programs, `detail` for developers, and `requestId` is what its log
 * calls this request.
 */
export class Refused extends SendcodeError {
  constructor(status, problem = {}) {
    const code = text(problem.code) || `http_${status}`;
    const detail = text(problem.detail);
    super(detail ? `${code}: ${detail}` : code);
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.requestId = text(problem.request_id);
  }
}

/** A field is wrong: `errors` names each. */
export class InvalidInput extends Refused {
  constructor(status, problem = {}) {
    super(status, problem);
    this.errors = Array.isArray(problem.errors) ? problem.errors : [];
  }
}

export class InvalidDestination extends InvalidInput {}
/** A file has bad rows, and all of it was to be sent: nothing is. `rows` names up to 10,000. */
export class BadRows extends InvalidInput {
  constructor(status, problem = {}) {
    super(status, { ...problem, errors: [] });
    this.rows = Array.isArray(problem.errors) ? problem.errors : [];
  }
}
/** What was typed can't be a code. Costs no attempt. */
export class MalformedCode extends InvalidInput {}
export class NotAuthenticated extends Refused {}
export class NotAllowed extends Refused {}
export class NotFound extends Refused {}
export class Conflict extends Refused {}

/** A limit is reached: `limit` is its name, `retryAfter` the seconds to wait. */
export class LimitExceeded extends Refused {
  constructor(status, problem = {}, retryAfter = null) {
    super(status, problem);
    this.limit = text(problem.limit);
    this.retryAfter = retryAfter;
  }
}

/** No attempts are left: issue a new code. */
export class VerificationLocked extends LimitExceeded {}
/** Too many wrong codes for one destination today. */
export class DestinationLocked extends LimitExceeded {}

/** No answer within the deadline, or only 5xx. A POST may be repeated with the same `idempotencyKey`. */
export class Unavailable extends SendcodeError {
  constructor(reason, { status = null, idempotencyKey = null } = {}) {
    super(reason);
    this.status = status;
    this.idempotencyKey = idempotencyKey;
  }
}

/** A webhook that is unsigned, signed with another secret, or too old. */
export class InvalidSignature extends SendcodeError {}

const BY_CODE = {
  bad_rows: BadRows,
  malformed_code: MalformedCode,
  invalid_destination: InvalidDestination,
  country_not_allowed: InvalidDestination,
  verification_locked: VerificationLocked,
  destination_locked: DestinationLocked,
};
const BY_STATUS = {
  400: InvalidInput,
  401: NotAuthenticated,
  403: NotAllowed,
  404: NotFound,
  409: Conflict,
  413: InvalidInput,
  415: InvalidInput,
  422: InvalidInput,
  429: LimitExceeded,
};

/** Return the error for a 4xx answer. */
export function refusal(answer) {
  const problem = problemOf(answer);
  const kind = (Object.hasOwn(BY_CODE, problem.code) && BY_CODE[problem.code]) || BY_STATUS[answer.status] || Refused;
  return new kind(answer.status, problem, secondsOf(answer));
}

/** Return a problem document, empty if the answer is none. */
export function problemOf(answer) {
  try {
    const problem = JSON.parse(answer.text);
    return problem !== null && typeof problem === "object" ? problem : {};
  } catch {
    return {};
  }
}

/** Return `Retry-After` in seconds, null if there is none. */
export function secondsOf(answer) {
  return /^[0-9]+$/.test(answer.retryAfter ?? "") ? Number(answer.retryAfter) : null;
}

function text(value) {
  return typeof value === "string" ? value : "";
}

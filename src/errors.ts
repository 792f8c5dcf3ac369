import type { ErrorCode, ErrorReport } from '../schemas/error-codes.js';

export interface FlowgitErrorOptions {
  /** What the reader can do next, as one sentence. */
  hint?: string;
  /** Facts for programs: paths, lists, numbers. Never a secret. */
  data?: Record<string, unknown>;
  cause?: unknown;
}

/**
 * Base of every failure flowgit raises on purpose. `message` says what and where, `hint` what to do next,
 * `retryable` whether the same call may succeed later without a change.
 */
export abstract class FlowgitError extends Error {
  abstract readonly code: ErrorCode;
  readonly retryable: boolean = false;
  readonly hint: string | null;
  readonly data: Record<string, unknown>;

  constructor(message: string, options: FlowgitErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.hint = options.hint ?? null;
    this.data = options.data ?? {};
  }
}

/** The plain form of any thrown value, as reports and `--json` carry it. */
export function reportError(error: unknown): ErrorReport {
  if (error instanceof FlowgitError) {
    return { code: error.code, message: error.message, hint: error.hint, retryable: error.retryable };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'INTERNAL_ERROR', message, hint: null, retryable: false };
}

export class InvalidPropertiesError extends FlowgitError {
  readonly code = 'INVALID_PROPERTIES';
}
export class UnknownTaskTypeError extends FlowgitError {
  readonly code = 'UNKNOWN_TASK_TYPE';
}
export class ExpressionError extends FlowgitError {
  readonly code = 'EXPRESSION_ERROR';
}
export class SecretNotFoundError extends FlowgitError {
  readonly code = 'SECRET_NOT_FOUND';
}
/** A secret is there, but cannot be had: a file that may not be read, a key that is missing. */
export class SecretUnreadableError extends FlowgitError {
  readonly code = 'SECRET_UNREADABLE';
}
export class AuthenticationFailedError extends FlowgitError {
  readonly code = 'AUTHENTICATION_FAILED';
}
export class RepositoryNotFoundError extends FlowgitError {
  readonly code = 'REPOSITORY_NOT_FOUND';
}
export class BranchNotFoundError extends FlowgitError {
  readonly code = 'BRANCH_NOT_FOUND';
}
/** A tag, a commit or a version range that the remote does not have. */
export class RevisionNotFoundError extends FlowgitError {
  readonly code = 'REVISION_NOT_FOUND';
}
export class DirectoryNotFoundError extends FlowgitError {
  readonly code = 'DIRECTORY_NOT_FOUND';
}
export class FlowNotFoundError extends FlowgitError {
  readonly code = 'FLOW_NOT_FOUND';
}
export class NoFilesMatchedError extends FlowgitError {
  readonly code = 'NO_FILES_MATCHED';
}
/** Storage remembers no sync of that id. */
export class SyncNotFoundError extends FlowgitError {
  readonly code = 'SYNC_NOT_FOUND';
}
/** Neither storage nor the record of a sync has it. */
export class ResourceNotFoundError extends FlowgitError {
  readonly code = 'RESOURCE_NOT_FOUND';
}
/** A checkout would overwrite files that are already there. */
export class CheckoutConflictError extends FlowgitError {
  readonly code = 'CHECKOUT_CONFLICT';
}
/** A path that leaves its root or that git itself would refuse. */
export class UnsafePathError extends FlowgitError {
  readonly code = 'UNSAFE_PATH';
}
/** A commit or a tag that is not signed, or not by somebody who is trusted, or was changed afterwards. */
export class SignatureVerificationError extends FlowgitError {
  readonly code = 'SIGNATURE_VERIFICATION_FAILED';
}
export class HostKeyMismatchError extends FlowgitError {
  readonly code = 'HOST_KEY_MISMATCH';
}
export class TlsVerificationFailedError extends FlowgitError {
  readonly code = 'TLS_VERIFICATION_FAILED';
}
export class ConnectTimeoutError extends FlowgitError {
  readonly code = 'CONNECT_TIMEOUT';
  override readonly retryable = true;
}
export class ReadTimeoutError extends FlowgitError {
  readonly code = 'READ_TIMEOUT';
  override readonly retryable = true;
}
/** Refused, reset, or unresolvable: the remote could not be talked to. */
export class NetworkError extends FlowgitError {
  readonly code = 'NETWORK_ERROR';
  override readonly retryable = true;
}
/** The remote answered, but not with what was asked: a 5xx, an `ERR` packet, a truncated stream. */
export class RemoteError extends FlowgitError {
  readonly code = 'REMOTE_ERROR';
  override readonly retryable: boolean;

  constructor(message: string, options: FlowgitErrorOptions & { retryable?: boolean } = {}) {
    super(message, options);
    this.retryable = options.retryable ?? true;
  }
}
export class UnsupportedError extends FlowgitError {
  readonly code = 'UNSUPPORTED';
}
/** The remote refused a push. `race` is true when someone else pushed first. */
export class PushRejectedError extends FlowgitError {
  readonly code = 'PUSH_REJECTED';
  readonly race: boolean;
  override readonly retryable: boolean;

  constructor(message: string, options: FlowgitErrorOptions & { race?: boolean } = {}) {
    super(message, options);
    this.race = options.race ?? false;
    this.retryable = this.race;
  }
}
export class InvalidFlowError extends FlowgitError {
  readonly code = 'INVALID_FLOW';
}
export class DuplicateFlowError extends FlowgitError {
  readonly code = 'DUPLICATE_FLOW';
}
export class DeletionBudgetExceededError extends FlowgitError {
  readonly code = 'DELETION_BUDGET_EXCEEDED';
}
export class EmptySourceError extends FlowgitError {
  readonly code = 'EMPTY_SOURCE';
}
export class ConflictError extends FlowgitError {
  readonly code = 'CONFLICT';
}
/** A sync would write or delete what another sync brought. */
export class OwnedByAnotherSyncError extends FlowgitError {
  readonly code = 'OWNED_BY_ANOTHER_SYNC';
}
export class StalePlanError extends FlowgitError {
  readonly code = 'STALE_PLAN';
}
/** A plan file that is damaged, was edited, or is none. */
export class InvalidPlanError extends FlowgitError {
  readonly code = 'INVALID_PLAN';
}
/** A plan that cannot be saved, because the file would hold a secret. */
export class SecretInPlanError extends FlowgitError {
  readonly code = 'SECRET_IN_PLAN';
}
/** Deletions that somebody had to confirm and did not. */
export class NotConfirmedError extends FlowgitError {
  readonly code = 'NOT_CONFIRMED';
}
/** Storage changed between reading and writing. */
export class StorageConflictError extends FlowgitError {
  readonly code = 'STORAGE_CONFLICT';
  override readonly retryable = true;
}
/** Another process writes to the same storage. */
export class StorageLockedError extends FlowgitError {
  readonly code = 'STORAGE_LOCKED';
  override readonly retryable = true;
}
export class StorageError extends FlowgitError {
  readonly code = 'STORAGE_ERROR';
}
/** Some of what was to be written stands and the rest does not; the message says what. */
export class PartiallyAppliedError extends FlowgitError {
  readonly code = 'PARTIALLY_APPLIED';
}
export class NamespaceNotAllowedError extends FlowgitError {
  readonly code = 'NAMESPACE_NOT_ALLOWED';
}
/** The operator has not allowed connections to this remote. */
export class RemoteNotAllowedError extends FlowgitError {
  readonly code = 'REMOTE_NOT_ALLOWED';
}
export class CorruptPackError extends FlowgitError {
  readonly code = 'CORRUPT_PACK';
  override readonly retryable = true;
}
export class LimitExceededError extends FlowgitError {
  readonly code = 'LIMIT_EXCEEDED';
}
/** No webhook has this address and key; which of the two is wrong is not told. */
export class WebhookNotFoundError extends FlowgitError {
  readonly code = 'WEBHOOK_NOT_FOUND';
}
/** A delivery that was not signed with a secret of any trigger. */
export class WebhookSignatureInvalidError extends FlowgitError {
  readonly code = 'WEBHOOK_SIGNATURE_INVALID';
}
/** A webhook call that cannot be understood. */
export class InvalidWebhookError extends FlowgitError {
  readonly code = 'INVALID_WEBHOOK';
}
/** A task's own `timeout` ran out. */
export class TaskTimeoutError extends FlowgitError {
  readonly code = 'TIMEOUT';
  override readonly retryable = true;
}
export class CancelledError extends FlowgitError {
  readonly code = 'CANCELLED';
}
/** A worker that was silent for too long no longer has its run: another one may have it by now. */
export class LeaseLostError extends FlowgitError {
  readonly code = 'LEASE_LOST';
  override readonly retryable = true;
}
/** A task that exists to fail did so, or a child of a flowable task failed. */
export class TaskFailedError extends FlowgitError {
  readonly code = 'TASK_FAILED';
}
/** A request that cannot be understood: a malformed body, a parameter of another form. */
export class InvalidRequestError extends FlowgitError {
  readonly code = 'INVALID_ARGUMENTS';
}
/** No token, or none that is valid. */
export class UnauthenticatedError extends FlowgitError {
  readonly code = 'UNAUTHENTICATED';
}
/** The token is valid and does not have the scope. */
export class NotPermittedError extends FlowgitError {
  readonly code = 'NOT_PERMITTED';
}
/** Nothing stands at this address. */
export class NotFoundError extends FlowgitError {
  readonly code = 'NOT_FOUND';
}
export class ExecutionNotFoundError extends FlowgitError {
  readonly code = 'EXECUTION_NOT_FOUND';
}
/** `If-Match` or `If-None-Match` does not hold. */
export class PreconditionFailedError extends FlowgitError {
  readonly code = 'PRECONDITION_FAILED';
}
export class RateLimitedError extends FlowgitError {
  readonly code = 'RATE_LIMITED';
  override readonly retryable = true;
  readonly retryAfterSeconds: number;

  constructor(message: string, options: FlowgitErrorOptions & { retryAfterSeconds?: number } = {}) {
    const { retryAfterSeconds = 10, ...further } = options;
    const waiting =
      options.retryAfterSeconds === undefined ? {} : { hint: `Ask again in ${retryAfterSeconds} s.` };
    super(message, { ...waiting, ...further });
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

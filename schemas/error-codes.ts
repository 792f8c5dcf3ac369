import { z } from 'zod';

/** Every way a run can fail, as a stable code that programs may rely on. */
export const errorCodes = [
  'INVALID_ARGUMENTS',
  'INVALID_PROPERTIES',
  'UNKNOWN_TASK_TYPE',
  'EXPRESSION_ERROR',
  'SECRET_NOT_FOUND',
  'SECRET_UNREADABLE',
  'AUTHENTICATION_FAILED',
  'REPOSITORY_NOT_FOUND',
  'BRANCH_NOT_FOUND',
  'REVISION_NOT_FOUND',
  'DIRECTORY_NOT_FOUND',
  'FLOW_NOT_FOUND',
  'NO_FILES_MATCHED',
  'SYNC_NOT_FOUND',
  'RESOURCE_NOT_FOUND',
  'CHECKOUT_CONFLICT',
  'UNSAFE_PATH',
  'SIGNATURE_VERIFICATION_FAILED',
  'HOST_KEY_MISMATCH',
  'TLS_VERIFICATION_FAILED',
  'CONNECT_TIMEOUT',
  'READ_TIMEOUT',
  'NETWORK_ERROR',
  'REMOTE_ERROR',
  'UNSUPPORTED',
  'PUSH_REJECTED',
  'INVALID_FLOW',
  'DUPLICATE_FLOW',
  'DELETION_BUDGET_EXCEEDED',
  'EMPTY_SOURCE',
  'CONFLICT',
  'OWNED_BY_ANOTHER_SYNC',
  'STALE_PLAN',
  'INVALID_PLAN',
  'SECRET_IN_PLAN',
  'NOT_CONFIRMED',
  'STORAGE_CONFLICT',
  'STORAGE_LOCKED',
  'STORAGE_ERROR',
  'PARTIALLY_APPLIED',
  'NAMESPACE_NOT_ALLOWED',
  'REMOTE_NOT_ALLOWED',
  'CORRUPT_PACK',
  'LIMIT_EXCEEDED',
  'WEBHOOK_NOT_FOUND',
  'WEBHOOK_SIGNATURE_INVALID',
  'INVALID_WEBHOOK',
  'TIMEOUT',
  'CANCELLED',
  'LEASE_LOST',
  'TASK_FAILED',
  'INTERNAL_ERROR',
] as const;

export const errorCode = z.enum(errorCodes);
export type ErrorCode = z.infer<typeof errorCode>;

/** A failure as it stands in `--json` output and in stored executions. */
export const errorReport = z.object({
  code: errorCode,
  message: z.string(),
  hint: z.string().nullable(),
  retryable: z.boolean(),
});
export type ErrorReport = z.infer<typeof errorReport>;

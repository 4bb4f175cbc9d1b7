/**
 * The errors that xenstore's wire protocol can carry, by the names in which they travel (`xsd_errors`, xs_wire.h): what
 * is not among them is sent as EINVAL.
 */
export const STORE_ERRORS = [
  'EINVAL',
  'EACCES',
  'EEXIST',
  'EISDIR',
  'ENOENT',
  'ENOMEM',
  'ENOSPC',
  'EIO',
  'ENOTEMPTY',
  'ENOSYS',
  'EROFS',
  'EBUSY',
  'EAGAIN',
  'EISCONN',
  'E2BIG',
  'EPERM',
] as const;

/** The name of one of xenstore's errors. */
export type StoreErrorName = (typeof STORE_ERRORS)[number];

/** An operation of the host's own on the store that failed; guests get the name as an answer. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorName;
  /** The path, or what else the operation was about. */
  readonly subject: string;

  constructor(code: StoreErrorName, operation: string, subject: string) {
    super(`xenstore: ${operation} ${subject}: ${code}`);
    this.code = code;
    this.subject = subject;
  }
}

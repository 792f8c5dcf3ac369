import { FlowgitError, StorageError } from '../errors.js';

const hints: Record<string, string> = {
  EACCES: 'Give the user that runs flowgit permission to read and write there.',
  EPERM: 'Give the user that runs flowgit permission to read and write there.',
  EROFS: 'The file system is read-only: mount it writable, or choose another directory.',
  ENOSPC: 'Free some space on that disk and run again.',
  EDQUOT: 'Free some space in that quota and run again.',
  EXDEV: 'Keep the whole storage directory on one file system.',
  ENAMETOOLONG: 'Choose a directory with a shorter path, or shorter names.',
  ENOTDIR: 'A file stands where a directory should be: choose another directory.',
  EMFILE: 'Raise the limit of open files.',
  ENFILE: 'Raise the limit of open files.',
  EIO: 'The disk or its connection failed: check it before running again.',
};

/**
 * Runs a call and turns the file system's errors into one that says where and what to do.
 * @param doing what the call is for and where, after "Cannot"
 * @throws StorageError
 */
export async function explainingDiskFailures<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof FlowgitError || !(error instanceof Error) || !('code' in error)) throw error;
    const code = String(error.code);
    // ABORT_ERR, ERR_INVALID_ARG_TYPE, Z_DATA_ERROR and the like are no words of a file system.
    if (!/^E(?!RR_)|^ERR_FS_/.test(code)) throw error;
    throw new StorageError(`Cannot ${doing}: ${error.message}.`, {
      ...(hints[code] === undefined ? {} : { hint: hints[code] }),
      data: { code },
      cause: error,
    });
  }
}

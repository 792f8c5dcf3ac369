import {
  AuthenticationFailedError,
  FlowgitError,
  NetworkError,
  StorageError,
  StorageLockedError,
} from '../../errors.js';

/** The classes of SQLSTATE, or single states, with what to do about them. */
const hints: Record<string, string> = {
  '3D000': 'Create the database, or correct its name in the storage URL.',
  '42501': 'Grant the role CREATE on the database, or create the schema "flowgit" for it beforehand.',
  '42P01': 'The tables of flowgit are missing: were they removed while it ran? Run again.',
  '53100': 'Its disk is full: free some space there and run again.',
  '53': 'The server is out of connections, memory or disk: see its log.',
  '22021': 'The database must have the encoding UTF8.',
};

/** States of a transaction that lost against another one and can be run again. */
export function isLostRace(error: unknown): boolean {
  const state = stateOf(error);
  return state === '40001' || state === '40P01';
}

/** Runs a call and turns the driver's errors into one that says where and what to do. None quotes a URL. */
export async function explainFailure<T>(location: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw explained(location, error);
  }
}

function explained(location: string, error: unknown): unknown {
  if (error instanceof FlowgitError || !(error instanceof Error)) return error;
  const state = stateOf(error);
  const data = state === null ? {} : { code: state };
  if (state === '55P03') {
    return new StorageLockedError(`${location} is being written by another process.`, {
      hint: 'Wait for it to finish and run again.',
      data,
    });
  }
  if (state?.startsWith('28') === true || /password must be a string|no password/.test(error.message)) {
    return new AuthenticationFailedError(`${location} refused the user or the password: ${error.message}.`, {
      hint: 'Correct the user and the password in the storage URL, or set PGUSER and PGPASSWORD.',
      data,
    });
  }
  if (isConnectionFailure(error, state)) {
    const reason = error.message === '' ? (stateOf(error) ?? 'no answer') : error.message;
    return new NetworkError(`${location} cannot be reached: ${reason}.`, {
      hint: 'Check host, port and TLS settings in the storage URL, and that the server runs.',
      data,
      cause: error,
    });
  }
  const hint = state === null ? undefined : (hints[state] ?? hints[state.slice(0, 2)]);
  return new StorageError(`${location}: ${error.message}.`, {
    ...(hint === undefined ? {} : { hint }),
    data,
    cause: error,
  });
}

/** Connections that cannot be made or break: class 08, a server that stops, and whatever has no SQLSTATE. */
function isConnectionFailure(error: Error, state: string | null): boolean {
  if (state === null) return /connect|timeout|terminated|SSL|socket|certificate/i.test(error.message);
  return /^(08|57P0)/.test(state) || /^(E[A-Z]+|CERT_|DEPTH_|SELF_|UNABLE_|ERR_TLS)/.test(state);
}

function stateOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

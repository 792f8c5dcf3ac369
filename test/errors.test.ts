import { describe, expect, it } from 'vitest';
import { errorCodes, errorReport } from '../schemas/error-codes.js';
import * as errors from '../src/errors.js';

type ErrorClass = new (message: string, options?: errors.FlowgitErrorOptions) => errors.FlowgitError;

const classes = Object.entries(errors as unknown as Record<string, ErrorClass>).filter(
  ([name]) => /^[A-Z].*Error$/.test(name) && name !== 'FlowgitError',
);

describe('errors', () => {
  it('have a code each, and no two the same', () => {
    const codes = classes.map(([, Class]) => new Class('x').code);
    expect(codes.filter((code) => !errorCodes.includes(code))).toEqual([]);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it.each(classes)('%s keeps what it is told', (name, Class) => {
    const cause = new Error('cause');
    const error = new Class('what happened', { hint: 'do this', data: { path: 'a' }, cause });
    expect(error).toMatchObject({
      name,
      message: 'what happened',
      hint: 'do this',
      data: { path: 'a' },
      cause,
    });
    expect(new Class('x')).toMatchObject({ hint: null, data: {} });
    expect('cause' in new Class('x')).toBe(false);
  });

  it('say whether the same call may succeed later', () => {
    const retryable = classes.filter(([, Class]) => new Class('x').retryable).map(([name]) => name);
    expect(retryable.sort()).toEqual([
      'ConnectTimeoutError',
      'CorruptPackError',
      'LeaseLostError',
      'NetworkError',
      'RateLimitedError',
      'ReadTimeoutError',
      'RemoteError',
      'StorageConflictError',
      'StorageLockedError',
      'TaskTimeoutError',
    ]);
    expect(new errors.RemoteError('x', { retryable: false }).retryable).toBe(false);
    const limited = new errors.RateLimitedError('x', { retryAfterSeconds: 7 });
    expect([limited.retryAfterSeconds, limited.hint]).toEqual([7, 'Ask again in 7 s.']);
    const race = new errors.PushRejectedError('x', { race: true });
    expect([race.race, race.retryable, new errors.PushRejectedError('x').race]).toEqual([true, true, false]);
  });
});

describe('reportError', () => {
  it.each<[unknown, object]>([
    [
      new errors.ConflictError('both changed', { hint: 'settle it', data: { secret: 1 } }),
      { code: 'CONFLICT', message: 'both changed', hint: 'settle it', retryable: false },
    ],
    [
      new errors.NetworkError('refused'),
      { code: 'NETWORK_ERROR', message: 'refused', hint: null, retryable: true },
    ],
    [new TypeError('x is not a function'), { message: 'x is not a function' }],
    ['a string', { message: 'a string' }],
    [undefined, { message: 'undefined' }],
  ])('gives %s as plain data', (thrown, expected) => {
    const internal = { code: 'INTERNAL_ERROR', hint: null, retryable: false };
    expect(errorReport.parse(errors.reportError(thrown))).toEqual({ ...internal, ...expected });
  });
});

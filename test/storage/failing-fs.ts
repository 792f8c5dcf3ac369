import nodeFs, { constants } from 'node:fs';
import type { DirectoryFs } from '../../src/storage/index.js';

export interface FailingFs {
  fs: DirectoryFs;
  /** How many calls that change something, or wait for the disk, were made. */
  calls(): number;
}

export interface FailureOptions {
  /** Which call fails, counted from 1. */
  at: number;
  code: string;
  /** Whether every later call fails as well, reading included: the process is as good as dead. */
  forever?: boolean;
}

const changing = new Set<string>([
  'fchmodSync',
  'fsyncSync',
  'mkdirSync',
  'renameSync',
  'rmdirSync',
  'unlinkSync',
  'writeSync',
]);

/** The real file system, except for one failure and for the waits for the disk. */
export function failingFs({ at, code, forever = false }: FailureOptions): FailingFs {
  let calls = 0;
  const fs = new Proxy(nodeFs, {
    get(target, name: keyof typeof nodeFs) {
      const call: unknown = target[name];
      if (typeof call !== 'function' || typeof name !== 'string') return call;
      return (...args: unknown[]): unknown => {
        const opensToWrite =
          name === 'openSync' && typeof args[1] === 'number' && (args[1] & constants.O_CREAT) !== 0;
        const isChange = changing.has(name) || opensToWrite || (name === 'openSync' && args[1] === 'w');
        if (isChange) calls += 1;
        const dead = forever && calls >= at && name !== 'closeSync';
        if ((isChange && calls === at) || dead) {
          throw Object.assign(new Error(`${code}: injected, ${name}`), { code });
        }
        return name === 'fsyncSync' ? undefined : Reflect.apply(call, target, args);
      };
    },
  });
  return { fs, calls: () => calls };
}

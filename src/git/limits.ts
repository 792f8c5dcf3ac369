import type { GitLimits } from './types.js';

const mebibyte = 1024 * 1024;

/** Generous for repositories of flows and files; each can be raised per remote. */
export const defaultLimits: GitLimits = {
  maxPackBytes: 2048 * mebibyte,
  maxObjectBytes: 512 * mebibyte,
  maxContentBytes: 4096 * mebibyte,
  maxObjects: 2_000_000,
  maxTreeDepth: 512,
  maxDeltaDepth: 4096,
};

export function resolveLimits(limits: Partial<GitLimits> = {}): GitLimits {
  const given = Object.entries(limits).filter(([, value]) => value !== undefined);
  return { ...defaultLimits, ...Object.fromEntries(given) };
}

import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KnownCommit } from './remote-memory.js';

/** What a mirror's files mean together. */
export interface Manifest {
  /** File names, the newest first. */
  readonly layers: readonly string[];
  /** The newest first. */
  readonly commits: readonly KnownCommit[];
}

export const emptyManifest: Manifest = { layers: [], commits: [] };
export const manifestName = 'manifest';
export const temporaryPrefix = 'tmp-';
export const layerPattern = /^[\da-f]{32}\.layer$/;

/** The manifest of a mirror; an empty one when there is none, or it is damaged. */
export function readManifest(directory: string): Manifest {
  const text = readText(join(directory, manifestName));
  const lineEnd = text.indexOf('\n');
  const body = text.slice(lineEnd + 1);
  if (lineEnd === -1 || text.slice(0, lineEnd) !== digest(body)) return emptyManifest;
  try {
    const parsed: unknown = JSON.parse(body);
    return isManifest(parsed) ? parsed : emptyManifest;
  } catch {
    return emptyManifest;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Replaces the manifest at once: whoever reads it sees the one before or this one. */
export function writeManifest(directory: string, { layers, commits }: Manifest): void {
  const body = JSON.stringify({ layers, commits });
  const temporary = join(directory, `${temporaryPrefix}${randomUUID()}`);
  try {
    writeFileSync(temporary, `${digest(body)}\n${body}`, { flag: 'wx', mode: 0o600 });
    replace(temporary, join(directory, manifestName));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function replace(temporary: string, path: string): void {
  try {
    renameSync(temporary, path);
  } catch (error) {
    // A directory that somebody made there would be in the way for ever.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
    rmSync(path, { recursive: true });
    renameSync(temporary, path);
  }
}

function digest(body: string): string {
  return `flowgit mirror 1 ${createHash('sha1').update(body).digest('hex')}`;
}

/** Layer names become paths: nothing else passes. */
function isManifest(value: unknown): value is Manifest {
  if (typeof value !== 'object' || value === null) return false;
  const { layers, commits } = value as Record<string, unknown>;
  return (
    Array.isArray(layers) &&
    layers.every((name) => typeof name === 'string' && layerPattern.test(name)) &&
    Array.isArray(commits) &&
    commits.every(isKnownCommit)
  );
}

function isKnownCommit(value: unknown): value is KnownCommit {
  if (typeof value !== 'object' || value === null) return false;
  const { commit, path, contents } = value as Record<string, unknown>;
  return (
    typeof commit === 'string' &&
    /^[\da-f]{40}$/.test(commit) &&
    typeof path === 'string' &&
    typeof contents === 'boolean'
  );
}

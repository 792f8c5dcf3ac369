import { strict as assert } from 'node:assert';
import type { ResourceKey } from '../../../schemas/resources.js';
import { FlowgitError } from '../../errors.js';
import { blobId } from '../../resources/blob-id.js';
import type {
  AppliedChange,
  Scope,
  StorageAdapter,
  StorageChange,
  StoredEntry,
} from '../../storage/types.js';

/** An opened, empty storage. */
export interface StorageHarness {
  storage: StorageAdapter;
  /** Opens what `storage` holds a second time, as another process would. Left out where nothing outlives the adapter. */
  reopen?(): Promise<StorageAdapter>;
  /** Removes what the case left behind. */
  cleanup?(): Promise<void>;
}

/** One promise, as a sentence, and what it takes to see it kept. */
export interface StorageContractCase {
  title: string;
  run(harness: StorageHarness): Promise<void>;
}

export const everyFlow: Scope = { kind: 'flow', namespace: '', children: true };
export const everyFile: Scope = { kind: 'file', namespace: '', children: true };

export function flow(namespace: string, id: string): ResourceKey {
  return { kind: 'flow', namespace, id };
}

export function file(id: string, namespace = 'company.team'): ResourceKey {
  return { kind: 'file', namespace, id };
}

export function state(id: string, namespace = 'system'): ResourceKey {
  return { kind: 'state', namespace, id };
}

export function bytes(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? new TextEncoder().encode(content) : content;
}

/** Writes contents over the expected ones; `null` expects nothing to be there. */
export function put(
  key: ResourceKey,
  content: string | Uint8Array,
  expected: string | Uint8Array | null = null,
): StorageChange {
  const expectedOid = expected === null ? null : blobId(bytes(expected));
  return { action: 'put', key, content: bytes(content), expectedOid };
}

export function remove(key: ResourceKey, expected: string | Uint8Array): StorageChange {
  return { action: 'delete', key, expectedOid: blobId(bytes(expected)) };
}

export async function apply(storage: StorageAdapter, ...changes: StorageChange[]): Promise<AppliedChange[]> {
  return storage.apply({ changes });
}

export function idsOf(entries: readonly StoredEntry[]): string[] {
  return entries.map(({ key }) => (key.namespace === '' ? key.id : `${key.namespace}/${key.id}`));
}

/** The content as text; `null` when the resource is absent. */
export async function textAt(storage: StorageAdapter, key: ResourceKey): Promise<string | null> {
  const [stored] = await storage.read([key]);
  return stored === null || stored === undefined ? null : new TextDecoder().decode(stored.content);
}

export function assertBytes(actual: Uint8Array | undefined, expected: Uint8Array): void {
  assert.ok(actual !== undefined && Buffer.compare(actual, expected) === 0, 'The contents differ.');
}

/** Expects a rejection with a stable code; returns the error. */
export async function assertFails(promise: Promise<unknown>, code: string): Promise<FlowgitError> {
  try {
    await promise;
  } catch (error) {
    return assertCode(error, code);
  }
  return assert.fail(`Expected ${code}, but the call succeeded.`);
}

/** Expects an error of flowgit's with a stable code, and returns it as that. */
export function assertCode(error: unknown, code: string): FlowgitError {
  assert.ok(error instanceof FlowgitError, `Expected ${code}, got ${String(error)}`);
  assert.equal(error.code, code, error.message);
  return error;
}

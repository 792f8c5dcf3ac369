import type { ResourceKey } from '../../schemas/resources.js';
import { DuplicateFlowError, type FlowgitError, InvalidFlowError } from '../../src/errors.js';
import { blobId } from '../../src/resources/blob-id.js';
import { checkKey } from '../../src/storage/keys.js';
import { formatKey, type StorageAdapter, type ValidationProblem } from '../../src/storage/types.js';
import { inspectSource } from '../inspect-source.js';
import type { PlainFile } from './read.js';

/** A file of a plain directory that has found its place in storage. */
export interface Carried {
  key: ResourceKey;
  path: string;
  oid: string;
  content: Uint8Array;
}

/**
 * Gives every file its key and checks every flow, the storage's own validation included.
 * @throws InvalidFlowError with all problems as `path:line:col: message`, DuplicateFlowError, UnsafePathError
 */
export async function decodeFiles(files: readonly PlainFile[], storage: StorageAdapter): Promise<Carried[]> {
  const problems: string[] = [];
  const carried: Carried[] = [];
  for (const file of files) {
    const { path, content } = file;
    const decoded = keyOf(file);
    if (decoded === null) continue;
    problems.push(
      ...decoded.problems.map((problem) => `${path}:${formatPosition(problem)} ${problem.message}`),
    );
    if (decoded.key === null) continue;
    checkKey(decoded.key);
    carried.push({ key: decoded.key, path, oid: blobId(content), content });
  }
  if (problems.length === 0) problems.push(...(await storageProblems(carried, storage)));
  if (problems.length > 0) throw invalid(problems);
  refuseDuplicates(carried);
  return carried;
}

interface Decoded {
  key: ResourceKey | null;
  problems: readonly ValidationProblem[];
}

/** Null for what is no resource: an empty folder of flows, a README beside dashboards. */
function keyOf(file: PlainFile): Decoded | null {
  const [, first = '', ...rest] = file.path.split('/');
  switch (file.kind) {
    case 'flow':
      return rest.length === 1 && isYaml(file.path) ? flowKey(file, first) : null;
    case 'file': {
      const id = rest.join('/');
      return id === '' ? null : { key: { kind: 'file', namespace: first, id }, problems: [] };
    }
    case 'dashboard': {
      const id = first.replace(/\.ya?ml$/, '');
      return rest.length === 0 && isYaml(first)
        ? { key: { kind: 'dashboard', namespace: '', id }, problems: [] }
        : null;
    }
  }
}

function flowKey({ content }: PlainFile, namespace: string): Decoded {
  const flow = inspectSource(new TextDecoder().decode(content));
  if (flow.definition === null) return { key: null, problems: flow.problems };
  const { id } = flow.definition;
  if (flow.definition.namespace !== namespace) {
    const message = `the flow is of namespace ${flow.definition.namespace}, but stands in the folder of ${namespace}`;
    return { key: null, problems: [{ message }] };
  }
  return { key: { kind: 'flow', namespace, id }, problems: [] };
}

async function storageProblems(carried: readonly Carried[], storage: StorageAdapter): Promise<string[]> {
  if (storage.validate === undefined || carried.length === 0) return [];
  const found = await storage.validate(carried);
  return carried.flatMap(({ path }, index) =>
    (found[index] ?? []).map((problem) => `${path}:${formatPosition(problem)} ${problem.message}`),
  );
}

function formatPosition({ line, column }: ValidationProblem): string {
  return `${line ?? 1}:${column ?? 1}:`;
}

function isYaml(path: string): boolean {
  return /\.ya?ml$/.test(path);
}

function invalid(problems: readonly string[]): FlowgitError {
  return new InvalidFlowError(`Nothing was imported, because of invalid files.\n${problems.join('\n')}`, {
    hint: 'Correct them, or take them out of the directory.',
    data: { problems },
  });
}

function refuseDuplicates(carried: readonly Carried[]): void {
  const seen = new Map<string, string>();
  for (const { key, path } of carried) {
    const earlier = seen.get(formatKey(key));
    if (earlier !== undefined) {
      throw new DuplicateFlowError(`${earlier} and ${path} both hold the ${formatKey(key)}.`, {
        hint: 'Remove one of them or change its id.',
      });
    }
    seen.set(formatKey(key), path);
  }
}

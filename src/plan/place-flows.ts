import type { ResourceKey } from '../../schemas/resources.js';
import { ConflictError } from '../errors.js';
import type { GitEntry } from '../git/types.js';
import { formatKey } from '../storage/types.js';
import type { CurrentResource, DesiredResource, HeldResource } from './compare.js';
import { type FlowMemory, type GitFlows, type InvalidGitFlow, memoryOf } from './git-flows.js';
import type { StoredFlow, StoredFlows } from './stored-flows.js';
import type { SyncState } from './sync-state.js';

export interface PlacementInput {
  stored: Pick<StoredFlows, 'flows' | 'unfit'>;
  found: GitFlows;
  /** Everything below the directory, ignored files included. */
  entries: readonly GitEntry[];
  /** Whether the push's globs name a flow id. */
  selected(id: string): boolean;
  /** Whether the push writes flows of the namespace, as it is spelled in git. */
  writes(namespace: string): boolean;
  /** Where a flow that git does not have yet goes. */
  pathOf(key: ResourceKey): string;
  isIgnored(path: string): boolean;
}

/** The two sides of a push, with a path for every flow. */
export interface PlacedFlows {
  desired: DesiredResource[];
  current: CurrentResource[];
  held: HeldResource[];
  /** False for a file that says it is a flow of another namespace: another push may have put it there. */
  mayDelete(resource: CurrentResource): boolean;
}

/**
 * What is known without reading a file of the repository: what the last push saw, and files that are already, at the
 * place where a push would put them, exactly what it would put there.
 */
export function rememberPushed(
  state: SyncState,
  flows: readonly StoredFlow[],
  pathOf: (key: ResourceKey) => string,
): FlowMemory {
  const remembered = memoryOf(state);
  const expected = new Map(flows.map((flow) => [pathOf(flow.key), flow]));
  return {
    keyOf(entry) {
      const flow = expected.get(entry.path);
      return flow?.gitOid === entry.oid ? flow.key : remembered.keyOf(entry);
    },
    formerKey: remembered.formerKey,
  };
}

/**
 * Decides where each flow goes: the file that holds it already, whatever its name, else `<id>.yml`, else, where
 * something else has that name, `<id>.yaml`. A file that is no valid flow is not overwritten, except one that is
 * certainly a broken form of this flow, or stands in its place and is too broken to be anything.
 * @throws ConflictError when both names are taken
 */
export function placeFlows(input: PlacementInput): PlacedFlows {
  const { stored, found } = input;
  const current = found.flows
    .filter(({ key }) => input.selected(key.id))
    .map(({ key, gitPath, gitOid }): CurrentResource => ({ key, gitPath, oid: gitOid }));
  const present = new Map(current.map((file) => [formatKey(file.key), file]));
  const broken = found.invalid.filter(({ reason }) => reason === 'broken');
  const occupied = new Occupied(input.entries);
  const desired: DesiredResource[] = [];
  for (const { key, storedOid, gitOid } of stored.flows) {
    const canonical = input.pathOf(key);
    let gitPath = present.get(formatKey(key))?.gitPath;
    if (gitPath === undefined) {
      if (input.isIgnored(canonical)) continue;
      const ruin = ruinOf(key, canonical, broken);
      if (ruin !== undefined) current.push({ key, gitPath: ruin.gitPath, oid: ruin.gitOid });
      gitPath = ruin?.gitPath ?? freePath(key, canonical, occupied, input.isIgnored);
    }
    desired.push({ key, gitPath, gitOid, storedOid });
  }
  const held = stored.unfit.map(({ key, note }): HeldResource => {
    const gitPath = present.get(formatKey(key))?.gitPath ?? input.pathOf(key);
    return { key, gitPath, state: 'UNCHANGED', note };
  });
  const foreign = new Set(
    found.flows
      .filter(({ writtenNamespace: written }) => written !== null && !input.writes(written))
      .map(({ gitPath }) => gitPath),
  );
  return {
    desired,
    current,
    held: held.filter(({ key }) => present.has(formatKey(key))),
    mayDelete: ({ gitPath }) => !foreign.has(gitPath),
  };
}

function ruinOf(
  key: ResourceKey,
  canonical: string,
  broken: readonly InvalidGitFlow[],
): InvalidGitFlow | undefined {
  const means = (file: InvalidGitFlow) => file.namespace === key.namespace && file.candidates[0] === key.id;
  return (
    broken.find((file) => file.gitPath === canonical && (!file.certain || means(file))) ??
    broken.find((file) => file.certain && means(file))
  );
}

function freePath(
  key: ResourceKey,
  canonical: string,
  occupied: Occupied,
  isIgnored: (path: string) => boolean,
): string {
  const paths = [canonical, canonical.replace(/\.yml$/, '.yaml')].filter((path) => !isIgnored(path));
  const free = paths.find((path) => !occupied.has(path));
  if (free !== undefined) return free;
  throw new ConflictError(
    `The flow ${key.namespace}.${key.id} has no place in git: ${paths.join(' and ')} are taken by something else.`,
    { hint: 'Rename or remove those files in git, or choose another "gitDirectory".', data: { paths } },
  );
}

/** Paths where no new file can stand: there is one, a directory is there, or a file stands where its directory must be. */
class Occupied {
  readonly #files: ReadonlySet<string>;
  readonly #directories: ReadonlySet<string>;

  constructor(entries: readonly GitEntry[]) {
    this.#files = new Set(entries.map((entry) => entry.path));
    this.#directories = new Set(entries.flatMap((entry) => parents(entry.path)));
  }

  has(path: string): boolean {
    return (
      this.#files.has(path) ||
      this.#directories.has(path) ||
      parents(path).some((parent) => this.#files.has(parent))
    );
  }
}

function parents(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

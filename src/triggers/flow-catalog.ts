import { setImmediate as nextTurn } from 'node:timers/promises';
import { tasksOf } from '../../schemas/flow.js';
import type { ResourceKey } from '../../schemas/resources.js';
import { reportError } from '../errors.js';
import type { Logger } from '../logger.js';
import { formatProblem, inspectFlow } from '../resources/flow.js';
import type { TaskRegistry } from '../runtime/registry.js';
import type { StorageAdapter, StoredContent, StoredEntry } from '../storage/types.js';
import type { BrokenFlow, FlowCatalog, StoredFlow } from './types.js';

export interface FlowCatalogOptions {
  storage: StorageAdapter;
  registry: TaskRegistry;
  logger: Logger;
}

const everyFlow = { kind: 'flow', namespace: '', children: true } as const;

/** Flows that are read and parsed before others get their turn. */
const flowsPerTurn = 50;

const defaultPollMs = 2000;

/** One flow at one content. `flow` is null when it is broken. */
interface Known {
  oid: string;
  revision: number;
  flow: StoredFlow | null;
  broken: BrokenFlow | null;
}

/**
 * The flows of a storage. A refresh asks for the storage's version alone while nothing changes, and parses only flows
 * whose content is another one. A refresh that fails leaves the catalog as it was.
 */
export function createFlowCatalog(options: FlowCatalogOptions): FlowCatalog {
  const { storage } = options;
  const listeners = new Set<() => void>();
  let known = new Map<string, Known>();
  let flows: readonly StoredFlow[] = [];
  let broken: readonly BrokenFlow[] = [];
  let version: string | null = null;
  let running: Promise<boolean> | null = null;

  const refresh = async (): Promise<boolean> => {
    const seen = (await storage.version?.(everyFlow)) ?? null;
    if (seen !== null && seen === version) return false;
    const next = await load(options, known);
    const changed = next.size !== known.size || [...next].some(([name, entry]) => known.get(name) !== entry);
    known = next;
    // A version that was asked for before the listing is at worst too old, which costs one more listing.
    version = seen;
    if (!changed) return false;
    flows = [...known.values()].flatMap(({ flow }) => flow ?? []);
    broken = [...known.values()].flatMap((entry) => entry.broken ?? []);
    for (const listener of [...listeners]) listener();
    return true;
  };

  const catalog: FlowCatalog = {
    get: (namespace, id) => known.get(nameOf({ namespace, id }))?.flow ?? null,
    list: () => flows,
    broken: () => broken,
    refresh() {
      running ??= refresh().finally(() => {
        running = null;
      });
      return running;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    follow: ({ pollMs = defaultPollMs } = {}) => follow(catalog, options, pollMs),
  };
  return catalog;
}

async function follow(catalog: FlowCatalog, { storage, logger }: FlowCatalogOptions, pollMs: number) {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();
  const look = async () => {
    try {
      await catalog.refresh();
    } catch (error) {
      logger.error(
        { error: reportError(error) },
        'the stored flows could not be read, the former ones stand',
      );
    }
  };
  const round = () => {
    working = look().then(() => {
      if (!stopped) timer = setTimeout(round, pollMs);
    });
  };
  const unwatch = await storage.watch?.(everyFlow, () => void look());
  round();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await working;
    await unwatch?.();
  };
}

/** What the storage holds now; entries whose content is the former one are the same objects. */
async function load({ storage, registry, logger }: FlowCatalogOptions, known: ReadonlyMap<string, Known>) {
  const entries = await storage.list(everyFlow);
  const changed = entries.filter((entry) => !isKnown(entry, known));
  const found = new Map<string, Known>();
  for (let start = 0; start < changed.length; start += flowsPerTurn) {
    const keys = changed.slice(start, start + flowsPerTurn).map(({ key }) => key);
    for (const content of await storage.read(keys)) {
      // Deleted since the listing; the next refresh says so.
      if (content === null) continue;
      const entry = openStored(content, registry);
      if (entry.broken !== null) logger.warn({ flow: nameOf(content.key), ...entry.broken }, 'broken flow');
      found.set(nameOf(content.key), entry);
    }
    await nextTurn();
  }
  return new Map(
    entries.flatMap(({ key }): [string, Known][] => {
      const entry = found.get(nameOf(key)) ?? known.get(nameOf(key));
      return entry === undefined ? [] : [[nameOf(key), entry]];
    }),
  );
}

function isKnown({ key, oid, revision }: StoredEntry, known: ReadonlyMap<string, Known>): boolean {
  const entry = known.get(nameOf(key));
  return entry?.oid === oid && entry.revision === revision;
}

function openStored({ key, oid, revision, content }: StoredContent, registry: TaskRegistry): Known {
  const { namespace, id } = key;
  const { definition, problems } = inspectFlow(new TextDecoder().decode(content));
  const wrong = problems.map(formatProblem);
  if (definition !== null && (definition.id !== id || definition.namespace !== namespace)) {
    wrong.push(
      `1:1: the flow calls itself ${nameOf(definition)}, and is stored as ${nameOf(key)}; store it again under its name`,
    );
  }
  if (definition === null || wrong.length > 0) {
    return { oid, revision, flow: null, broken: { namespace, id, revision, problems: wrong } };
  }
  const types = tasksOf(definition).map(({ task }) => task.type);
  const unknownTypes = [...new Set(types.filter((type) => registry.find(type) === null))].sort();
  return { oid, revision, flow: { namespace, id, revision, definition, unknownTypes }, broken: null };
}

function nameOf({ namespace, id }: Pick<ResourceKey, 'namespace' | 'id'>): string {
  return `${namespace}/${id}`;
}

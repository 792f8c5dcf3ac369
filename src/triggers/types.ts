import type { FlowDefinition } from '../../schemas/flow.js';
import type { ExecutionTrigger } from '../executions/types.js';

/** Starts a run of a stored flow: records the execution and queues it. What triggers, the API and webhooks call. */
export type StartRun = (request: StartRequest) => Promise<StartedRun>;

/** Starts all of them or none; the answers stand in the order of the requests. */
export type StartRuns = (requests: readonly StartRequest[]) => Promise<StartedRun[]>;

export interface StartRequest {
  flow: StoredFlow;
  trigger: ExecutionTrigger;
  inputs: Readonly<Record<string, unknown>>;
  /** Given when the same request may come twice: the second one starts nothing. */
  executionId?: string | undefined;
  /** A run that waits already with this key makes this one needless. */
  coalesceKey?: string | undefined;
  /** Runs with this `coalesceKey` begin so long after one another. */
  apartMs?: number | undefined;
  /** Spreads runs that are due at one moment. */
  startAfter?: Date | undefined;
  /** Why it cannot be run: it is recorded as failed, and not queued. */
  failure?: unknown;
}

export interface StartedRun {
  executionId: string;
  /** False when the same request had come before, or for a `reason`. */
  started: boolean;
  /** Why there is no execution of that id: a run that waits will do, or the flow's sync is suspended. */
  reason?: 'waiting' | 'suspended';
}

/** A flow as storage holds it. */
export interface StoredFlow {
  namespace: string;
  id: string;
  revision: number;
  definition: FlowDefinition;
  /** Task types that this engine does not have: the flow is listed and not run. */
  unknownTypes: readonly string[];
}

/** A flow in storage that cannot be understood. */
export interface BrokenFlow {
  namespace: string;
  id: string;
  revision: number;
  /** Each as `line:column: what is wrong`. */
  problems: readonly string[];
}

/** The stored flows, kept up to date by the storage's versions. */
export interface FlowCatalog {
  get(namespace: string, id: string): StoredFlow | null;
  /** Sorted by namespace, then id. */
  list(): readonly StoredFlow[];
  /** Those that are neither listed nor run. */
  broken(): readonly BrokenFlow[];
  /** Looks at the storage again; resolves to whether anything changed. */
  refresh(): Promise<boolean>;
  /** Calls back after a refresh that changed something; returns a function that stops it. */
  onChange(listener: () => void): () => void;
  /** Refreshes on its own, as the storage reports changes or else by looking, until the returned function is called. */
  follow(options?: { pollMs?: number }): Promise<() => Promise<void>>;
}

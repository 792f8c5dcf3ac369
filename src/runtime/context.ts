import type { PlanDocument } from '../../schemas/plan.js';
import type { Git, ProxySettings, TransferProgress } from '../git/types.js';
import type { Logger } from '../logger.js';
import type { Plan } from '../plan/plan.js';
import type { Redactor } from '../redaction.js';
import type { StorageAdapter } from '../storage/types.js';

/**
 * What one run may touch, passed in and frozen. There are no globals beside it: whatever a task reads or writes
 * outside its properties comes from here.
 */
export interface RunContext {
  readonly storage: StorageAdapter;
  readonly git: Git;
  /** What connections take from the surroundings rather than from a task's properties. */
  readonly network: {
    readonly proxy?: ProxySettings | undefined;
    readonly cacheDir?: string | undefined;
    readonly cacheMaxBytes?: number | undefined;
  };
  readonly logger: Logger;
  readonly redactor: Redactor;
  readonly secrets: SecretSource;
  /** What expressions see: `flow`, `execution`, `inputs`, `vars`, `outputs`, `trigger`, `taskrun`, `envs`, … */
  readonly variables: Readonly<Record<string, unknown>>;
  /** The directory a task may write files to; made when first asked for. */
  readonly workingDirectory: WorkingDirectory;
  /** Where a task leaves files for whoever reads its outputs. */
  readonly outputFiles: OutputFiles;
  /** Key-value pairs of a namespace, when the engine has them. */
  readonly keyValues?: KeyValueSource | undefined;
  readonly signal: AbortSignal;
  readonly clock: () => Date;
  /** `unfollowed` when nobody listens. */
  readonly progress: (event: ProgressEvent) => void;
  /** Told of every plan before it is applied, or instead of it on a dry run. */
  readonly onPlan: (plan: Plan) => void;
  /** Asked before a plan is applied; what it rejects with stops the run before anything is written. */
  readonly confirm?: ((plan: PlanDocument) => Promise<void>) | undefined;
  /** Set when plans are to be saved: then nothing of what they are made on is taken from a receipt. */
  readonly saving?: PlanSaving | undefined;
  readonly identity: RunIdentity;
}

/** Who runs: `flowId` and `namespace` name the flow that a sync must never delete or overwrite. */
export interface RunIdentity {
  readonly namespace: string;
  readonly flowId: string;
  readonly executionId: string;
  readonly taskId?: string | undefined;
}

export interface PlanSaving {
  /** The task's properties as they were written, expressions and all. */
  readonly written: Readonly<Record<string, unknown>>;
  /** Whether the task by itself is a dry run: then there is nothing of it to apply. */
  readonly dryRun: boolean;
}

export interface SecretSource {
  /** The secret's value, or null when there is none of that name. */
  get(name: string, namespace?: string): Promise<string | null>;
}

export interface KeyValueSource {
  get(key: string, namespace: string): Promise<unknown>;
}

export interface WorkingDirectory {
  /** Absolute path; creates the directory on first use. */
  path(): Promise<string>;
}

/** A file's content, or pieces of it end to end, of JSON Lines each with whole lines; nobody changes it afterwards. */
export type OutputContent = string | Uint8Array | Iterable<Uint8Array>;

export interface OutputFiles {
  /**
   * Stores a file of this run and returns its URI. Secrets are masked in JSON Lines (`.jsonl`), which tasks report, and
   * not in what is stored `verbatim`, because a task that reads it needs its bytes.
   */
  write(name: string, content: OutputContent, options?: { verbatim?: boolean }): Promise<string>;
  /** Reads a file by the URI that `write` gave. */
  read(uri: string): Promise<Uint8Array>;
}

export interface ProgressEvent extends TransferProgress {
  taskId?: string | undefined;
}

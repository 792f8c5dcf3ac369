import type * as z from 'zod';
import type { SavedPlan } from '../../schemas/saved-plan.js';
import type { RunContext } from './context.js';
import { resolveProperties } from './properties.js';

/** A documented use of a task: a whole flow as YAML. The test suite parses and runs every one. */
export interface TaskExample {
  title: string;
  flow: string;
}

/** The static side of a task class: what the registry, the docs and the schema export read. */
export interface TaskType<S extends z.ZodObject = z.ZodObject, O = unknown> {
  new (properties: z.input<S>): Task<S, O>;
  /** Canonical type, such as `git.SyncFlows`. `io.kestra.plugin.` in front of it is its Kestra alias. */
  readonly type: string;
  /** Further types that mean the same. */
  readonly aliases?: readonly string[];
  /** One sentence. */
  readonly title: string;
  readonly description?: string;
  readonly properties: S;
  readonly output: z.ZodType<O>;
  readonly examples: readonly TaskExample[];
  /** Properties that hold tasks or templates for others; they are handed on unrendered. */
  readonly unrendered?: readonly string[];
  readonly deprecated?: string;
}

/** Base of all tasks. The constructor takes the properties as written in a flow, expressions included. */
export abstract class Task<S extends z.ZodObject = z.ZodObject, O = unknown> {
  readonly source: z.input<S>;

  constructor(properties: z.input<S>) {
    this.source = properties;
  }

  /** Runs the task once. Outputs are validated by the task's `output` schema in the tests. */
  abstract run(context: RunContext): Promise<O>;

  /**
   * What a run would do, as a document that can be stored and given to `apply` later. Nothing is written.
   * @throws UnsupportedError for a task that does not plan; SecretInPlanError
   */
  async plan(context: RunContext): Promise<SavedPlan> {
    const { planTask } = await import('./saved-plan/plan-task.js');
    return planTask(this, context);
  }

  /**
   * Renders the expressions and parses the result, once per run. Secrets that appear are registered for redaction.
   * @throws InvalidPropertiesError, ExpressionError, SecretNotFoundError
   */
  protected resolve(context: RunContext): Promise<z.output<S>> {
    return resolveProperties(this.constructor as TaskType<S, O>, this.source, context);
  }
}

import type { Logger } from '../../logger.js';

/**
 * What functions with an effect outside the expression call. Each may be async. A function that is absent is an
 * error when an expression calls it. A `FlowgitError` they throw reaches the caller with its own code.
 */
export interface ExpressionFunctions {
  /** `secret('KEY')`. Registers the value for redaction; throws `SecretNotFoundError` itself. */
  secret?(key: string, options: { namespace?: string; subkey?: string }): unknown;
  /** `kv('key')`. Undefined and null mean that there is no such key. */
  kv?(key: string, options: { namespace?: string }): unknown;
  /** `read('path')`: the text of a namespace file, or of a `kestra:///` file of this run. */
  read?(path: string, options: { namespace?: string; version?: number }): unknown;
  /** `env('NAME')`. Undefined means that it is not set. */
  env?(name: string): unknown;
  /** `errorLogs()`: a list of maps, each with at least `message` and `taskId`. */
  errorLogs?(): unknown;
  /** `fileURI('path')` of a namespace file. */
  fileURI?(path: string, options: { namespace?: string; version?: number }): unknown;
  fileSize?(path: string, options: { namespace?: string }): unknown;
  fileExists?(path: string, options: { namespace?: string }): unknown;
  isFileEmpty?(path: string, options: { namespace?: string }): unknown;
  /** `tasksWithState('FAILED')`: a list of maps with `taskId` and `value`. */
  tasksWithState?(state: string): unknown;
}

/** Everything an expression can see. Nothing else is reachable: no globals, no files, no environment. */
export interface ExpressionScope {
  /** `inputs`, `outputs`, `flow`, `envs` and so on: plain data, read by own properties only and never changed. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly functions?: ExpressionFunctions;
  readonly now?: () => Date;
  readonly uuid?: () => string;
  readonly logger?: Logger;
  /** IANA name or offset in which dates are printed and read; UTC when absent. */
  readonly timeZone?: string;
}

/** What filters and functions get from the evaluation that calls them. */
export interface Toolbox {
  readonly scope: ExpressionScope;
  readonly budget: { spend(count?: number): void; fits(characters: number): void };
  /** A variable's value, or undefined. */
  lookUp(name: string): unknown;
  /** All variables, innermost value of each. */
  variables(): Record<string, unknown>;
  /** Renders the strings inside `value`; with `recursive`, until nothing is left to render. */
  render(value: unknown, recursive: boolean): Promise<unknown>;
}

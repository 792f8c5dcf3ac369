import type { OutputContent, RunContext } from './context.js';

/** Writes the rows of a run where its outputs live, and returns the URI. */
export function writeRows(context: RunContext, name: string, rows: OutputContent): Promise<string> {
  return context.outputFiles.write(`${name}.jsonl`, rows);
}

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { FlowDefinition } from '../schemas/flow.js';
import type { Arguments } from './command.js';
import { splitPair } from './secrets.js';
import { UsageError } from './usage-error.js';

/**
 * The values of `--input`, by name. They stay texts, which the runner reads by the input's type; an input of type
 * `FILE` is the path of a file, whose bytes are handed on.
 * @throws UsageError
 */
export async function readInputs(
  args: Arguments,
  flow: FlowDefinition,
  cwd: string,
): Promise<Record<string, string | Uint8Array>> {
  const inputs: Record<string, string | Uint8Array> = {};
  for (const pair of args.values.get('input') ?? []) {
    const [name, value] = splitPair(pair, 'input');
    const definition = flow.inputs?.find((input) => (input.id ?? input.name) === name);
    inputs[name] = definition?.type === 'FILE' ? await readInput(name, resolve(cwd, value)) : value;
  }
  return inputs;
}

async function readInput(name: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UsageError(
      `--input ${name}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
}

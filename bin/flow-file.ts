import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { FlowDefinition } from '../schemas/flow.js';
import { FlowNotFoundError, InvalidFlowError } from '../src/errors.js';
import { formatProblem } from '../src/resources/flow.js';
import { inspectSource } from './inspect-source.js';

/**
 * Reads and checks the flow that a file holds. Names in messages are as they were given.
 * @throws FlowNotFoundError, InvalidFlowError with every problem as `file:line:col: message`
 */
export async function readFlowFile(cwd: string, file: string): Promise<FlowDefinition> {
  const { definition, problems } = inspectSource(await readFlowText(cwd, file));
  if (definition !== null) return definition;
  throw new InvalidFlowError(
    `${file} is not a valid flow.\n${problems.map((problem) => `${file}:${formatProblem(problem)}`).join('\n')}`,
    { data: { problems: problems.map((problem) => ({ file, ...problem })) } },
  );
}

/** @throws FlowNotFoundError, InvalidFlowError */
export async function readFlowText(cwd: string, file: string): Promise<string> {
  const bytes = await readBytes(cwd, file);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InvalidFlowError(`${file} is not UTF-8 text.`);
  }
}

async function readBytes(cwd: string, file: string): Promise<Uint8Array> {
  try {
    return await readFile(resolve(cwd, file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new FlowNotFoundError(`There is no file ${file}.`, { hint: `It was looked for in ${cwd}.` });
    }
    if (code === 'EISDIR') {
      throw new FlowNotFoundError(`${file} is a directory.`, {
        hint: 'Name one flow file; "flowgit validate" takes directories.',
      });
    }
    throw new FlowNotFoundError(`${file} cannot be read (${code ?? String(error)}).`, { cause: error });
  }
}

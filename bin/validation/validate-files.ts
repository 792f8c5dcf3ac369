import { InvalidFlowError } from '../../src/errors.js';
import type { TaskRegistry } from '../../src/runtime/registry.js';
import { readFlowText } from '../flow-file.js';
import { createRegistry } from '../registry.js';
import type { Session } from '../session.js';
import { count } from '../terminal/format.js';
import { plainText } from '../terminal/plain-text.js';
import { checkFlow, type FlowFinding } from './check-flow.js';
import { findFlowFiles } from './find-flow-files.js';

interface CheckedFile {
  file: string;
  valid: boolean;
  problems: FlowFinding[];
}

/** Checks the flow files that paths name, prints what is wrong with them, and resolves to the exit code. */
export async function validateFiles(session: Session, paths: readonly string[]): Promise<number> {
  const { io, settings } = session;
  const registry = createRegistry();
  const files: CheckedFile[] = [];
  for (const file of await findFlowFiles(io.cwd, paths)) {
    const problems = await checkFile(io.cwd, file, registry);
    files.push({ file, valid: problems.every(({ severity }) => severity !== 'error'), problems });
  }
  const invalid = files.filter((file) => !file.valid).length;
  if (settings.json) {
    session.printJson({ files, summary: { valid: files.length - invalid, invalid } });
  } else {
    for (const { file, problems } of files)
      for (const problem of problems) session.print(line(session, file, problem));
    if (!settings.quiet)
      session.status.print(`${count(files.length, 'flow file')} checked, ${invalid} invalid`);
  }
  return invalid === 0 ? 0 : 1;
}

async function checkFile(cwd: string, file: string, registry: TaskRegistry): Promise<FlowFinding[]> {
  try {
    return checkFlow(await readFlowText(cwd, file), registry);
  } catch (error) {
    if (!(error instanceof InvalidFlowError)) throw error;
    return [{ severity: 'error', message: error.message, line: 1, column: 1 }];
  }
}

function line({ colors }: Session, file: string, { line, column, severity, message }: FlowFinding): string {
  const mark = severity === 'warning' ? `${colors.yellow('warning:')} ` : '';
  return `${plainText(`${file}:${line}:${column}:`)} ${mark}${plainText(message).replaceAll('\n', ' ')}\n`;
}

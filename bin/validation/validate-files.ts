import { InvalidFlowError } from '../../src/errors.js';
import type { TaskRegistry } from '../../src/runtime/registry.js';
import { readFlowText } from '../flow-file.js';
import { createRegistry } from '../registry.js';
import type { Session } from '../session.js';
import { withStorage } from '../storage.js';
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
  const { io } = session;
  const registry = createRegistry();
  const files: CheckedFile[] = [];
  for (const file of await findFlowFiles(io.cwd, paths)) {
    files.push(checked(file, await checkFile(io.cwd, file, registry)));
  }
  return tell(session, files, 'flow file');
}

/** The same for the flows in storage, which are named as storage keeps them: `NAMESPACE/ID`. */
export async function validateStored(session: Session): Promise<number> {
  const registry = createRegistry();
  const files = await withStorage(session, async (storage) => {
    const entries = await storage.list({ kind: 'flow', namespace: '', children: true });
    const found: CheckedFile[] = [];
    for (let start = 0; start < entries.length; start += flowsAtOnce) {
      const keys = entries.slice(start, start + flowsAtOnce).map(({ key }) => key);
      for (const stored of await storage.read(keys)) {
        if (stored === null) continue;
        const { namespace, id } = stored.key;
        const source = new TextDecoder().decode(stored.content);
        found.push(checked(`${namespace}/${id}`, checkFlow(source, registry)));
      }
    }
    return found;
  });
  return tell(session, files, 'stored flow');
}

const flowsAtOnce = 100;

function checked(file: string, problems: FlowFinding[]): CheckedFile {
  return { file, valid: problems.every(({ severity }) => severity !== 'error'), problems };
}

function tell(session: Session, files: readonly CheckedFile[], what: string): number {
  const { settings } = session;
  const invalid = files.filter((file) => !file.valid).length;
  if (settings.json) {
    session.printJson({ files, summary: { valid: files.length - invalid, invalid } });
  } else {
    for (const { file, problems } of files)
      for (const problem of problems) session.print(line(session, file, problem));
    if (!settings.quiet) session.status.print(`${count(files.length, what)} checked, ${invalid} invalid`);
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

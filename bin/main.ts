import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import pc from 'picocolors';
import type { ErrorCode, ErrorReport } from '../schemas/error-codes.js';
import { Redactor } from '../src/redaction.js';
import type { Arguments } from './command.js';
import { commands } from './commands/index.js';
import { commandHelp, generalHelp } from './help.js';
import type { Io } from './io.js';
import { parseArguments } from './parse-arguments.js';
import { readSurroundings } from './secrets.js';
import { type Selection, selectCommand } from './select-command.js';
import { openSession, type Session } from './session.js';
import { wantsColor } from './settings.js';
import { plainText } from './terminal/plain-text.js';
import { UsageError } from './usage-error.js';

/**
 * Runs one command line and resolves to the exit code. Nothing is printed before every secret is known to the
 * redactor, usage errors included.
 */
export async function main(argv: readonly string[], io: Io, redactor = new Redactor()): Promise<number> {
  try {
    const args = parseArguments(argv, commands);
    if (args.switches.has('version')) {
      io.stdout.write(`${await packageVersion()}\n`);
      return 0;
    }
    if (args.switches.has('help') || args.positionals[0] === 'help') return await help(args, io);
    const surroundings = await readSurroundings(args, io, redactor);
    const selection = selectCommand(args, commands);
    if (selection === null) {
      io.stderr.write(generalHelp(commands));
      return 1;
    }
    const session = openSession(selection.args, io, surroundings, redactor);
    return await runCommand(session, selection);
  } catch (error) {
    return earlyFailure(error, argv, io, redactor);
  }
}

async function runCommand(session: Session, { command, args }: Selection): Promise<number> {
  const { io, settings, status } = session;
  const onAbort = () => {
    // With --json, standard error holds JSON lines alone.
    if (!settings.json) status.print('Stopping. Press Ctrl-C again to quit at once.');
  };
  io.signal.addEventListener('abort', onAbort, { once: true });
  try {
    const { undecodable } = session.surroundings;
    if (undecodable.length > 0) {
      (await session.logger()).debug(
        { variables: undecodable },
        'Left out: these variables do not hold base64',
      );
    }
    return await command.run(session, args);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { printFailure } = await import('./print-failure.js');
    return await printFailure(session, error);
  } finally {
    io.signal.removeEventListener('abort', onAbort);
    status.stop();
  }
}

async function help(args: Arguments, io: Io): Promise<number> {
  const selection = selectCommand({ ...args, switches: new Set([...args.switches, 'help']) }, commands);
  io.stdout.write(selection === null ? generalHelp(commands) : commandHelp(selection.command));
  return 0;
}

async function packageVersion(): Promise<string> {
  // By its own name, because the file stands elsewhere relative to the compiled module.
  const manifest = createRequire(import.meta.url).resolve('flowgit/package.json');
  return (JSON.parse(await readFile(manifest, 'utf8')) as { version: string }).version;
}

/** A failure before there is a session to report it with. */
function earlyFailure(error: unknown, argv: readonly string[], io: Io, redactor: Redactor): number {
  const isUsage = error instanceof UsageError;
  const { message, hint } = isUsage ? error : { message: String(error), hint: null };
  if (argv.includes('--json')) {
    const code: ErrorCode = isUsage ? 'INVALID_ARGUMENTS' : 'INTERNAL_ERROR';
    const report: ErrorReport = { code, message, hint, retryable: false };
    io.stdout.write(`${JSON.stringify(redactor.redactValue({ error: report }), null, 2)}\n`);
    return 1;
  }
  const noColor = argv.includes('--no-color');
  const colors = pc.createColors(wantsColor({ noColor, env: io.env, sink: io.stderr }));
  const lines = [
    `${colors.red(colors.bold('error:'))} ${plainText(message)}\n`,
    hint === null ? '' : `${colors.cyan('hint:')} ${plainText(hint)}\n`,
  ];
  io.stderr.write(redactor.redact(lines.join('')));
  return 1;
}

import pc from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import type { Logger } from '../src/logger.js';
import type { Redactor } from '../src/redaction.js';
import type { Arguments } from './command.js';
import type { Io, TextSink } from './io.js';
import type { Surroundings } from './secrets.js';
import { readSettings, type Settings, wantsColor } from './settings.js';
import { StatusArea } from './terminal/status-area.js';

/** What every command works with. Everything it prints passes the redactor. */
export interface Session {
  readonly io: Pick<Io, 'cwd' | 'signal' | 'stdin' | 'stderr'>;
  readonly settings: Settings;
  readonly surroundings: Surroundings;
  readonly redactor: Redactor;
  /** Colours of standard output; functions that change nothing when it takes none. */
  readonly colors: Colors;
  readonly stderrColors: Colors;
  /** Everything on standard error. */
  readonly status: StatusArea;
  /** Writes text of the result to standard output. */
  print(text: string): void;
  /** Writes the one JSON document. */
  printJson(value: unknown): void;
  /** The logger, made when first asked for. */
  logger(): Promise<Logger>;
}

/** @throws UsageError */
export function openSession(
  args: Arguments,
  io: Io,
  surroundings: Surroundings,
  redactor: Redactor,
): Session {
  const settings = readSettings(args, io, surroundings.env);
  redactor.registerUrl(settings.storage);
  const colorsOf = (sink: TextSink) =>
    pc.createColors(wantsColor({ noColor: args.switches.has('no-color'), env: surroundings.env, sink }));
  const stderrColors = colorsOf(io.stderr);
  const status = new StatusArea(io.stderr, {
    live:
      !settings.json &&
      !settings.quiet &&
      settings.logFormat === 'pretty' &&
      surroundings.env.TERM !== 'dumb',
    mask: (text) => redactor.redact(text),
  });
  let logger: Promise<Logger> | null = null;
  return {
    io,
    settings,
    surroundings,
    redactor,
    colors: colorsOf(io.stdout),
    stderrColors,
    status,
    print: (text) => io.stdout.write(redactor.redact(text)),
    printJson: (value) => io.stdout.write(`${JSON.stringify(redactor.redactValue(value), null, 2)}\n`),
    logger() {
      logger ??= openLogger();
      return logger;
    },
  };

  async function openLogger(): Promise<Logger> {
    const { createLogger } = await import('./logging.js');
    return createLogger({
      level: settings.logLevel,
      format: settings.logFormat,
      colors: stderrColors,
      redactor,
      // The logger masks values; masking the text of JSON could leave something that is no JSON.
      write: settings.logFormat === 'json' ? (line) => io.stderr.write(line) : (line) => status.print(line),
    });
  }
}

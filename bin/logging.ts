import type { Colors } from 'picocolors/types.js';
import { pino } from 'pino';
import type { Logger } from '../src/logger.js';
import type { Redactor } from '../src/redaction.js';
import type { LogFormat, LogLevel } from './log-levels.js';
import { plainLine, plainText } from './terminal/plain-text.js';

export interface LogOptions {
  level: LogLevel;
  format: LogFormat;
  colors: Colors;
  redactor: Redactor;
  /** Takes one line at a time, with its line break. */
  write: (line: string) => void;
}

/** A pino logger whose lines are masked and, for people, made readable before they are written. */
export function createLogger(options: LogOptions): Logger {
  const { redactor, write } = options;
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write(line: string) {
        const record = redactor.redactValue(JSON.parse(line) as LogRecord);
        if (options.format === 'json') write(`${JSON.stringify(record)}\n`);
        else if (!printedAtTheEnd.has(record.event)) write(prettyLine(record, options));
      },
    },
  );
}

interface LogRecord {
  level: LogLevel;
  time: string;
  msg?: string;
  [field: string]: unknown;
}

/** Failures that end a task or the flow are listed below the result, with their hints: people read them once. */
const printedAtTheEnd = new Set<unknown>(['task-failed', 'execution-failed']);

/** One process runs one flow: what names it is the same on every line. */
const constantFields = new Set([
  'level',
  'time',
  'msg',
  'executionId',
  'namespace',
  'flowId',
  'taskId',
  'err',
]);

function prettyLine(record: LogRecord, options: LogOptions): string {
  const { colors } = options;
  const paint =
    { error: colors.red, warn: colors.yellow, info: colors.cyan }[record.level as string] ?? colors.dim;
  const fields = Object.entries(record).filter(([name]) => !constantFields.has(name));
  const parts = [
    colors.dim(new Date(record.time).toTimeString().slice(0, 8)),
    paint(record.level.toUpperCase().padEnd(5)),
    ...(typeof record.taskId === 'string' ? [colors.dim(`[${plainLine(record.taskId)}]`)] : []),
    // Further lines are set in, so that a message cannot pass for a line of the log.
    plainText(record.msg ?? '').replaceAll('\n', '\n    '),
    ...fields.map(([name, value]) => colors.dim(`${name}=${formatField(value)}`)),
  ];
  return `${parts.join(' ')}\n${formatCause(record.err, options)}`;
}

function formatField(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
  return /^[^\s"=]+$/.test(text) ? plainLine(text) : JSON.stringify(plainLine(text));
}

function formatCause(err: unknown, { level, colors }: LogOptions): string {
  if (typeof err !== 'object' || err === null) return '';
  const { message, stack } = err as { message?: unknown; stack?: unknown };
  const detailed = level === 'debug' || level === 'trace';
  const text = detailed && typeof stack === 'string' ? stack : message;
  return typeof text === 'string'
    ? `${colors.dim(`    ${plainText(text).replaceAll('\n', '\n    ')}`)}\n`
    : '';
}

#!/usr/bin/env node
import { Redactor } from '../src/redaction.js';
import { Interruption } from './io.js';
import { main } from './main.js';
import { showCursor } from './terminal/status-area.js';

/** The `flowgit` command: the one place that touches the process. */
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    const interruption = new Interruption(signal);
    // The first one lets what is under way end cleanly, the second does not wait for it.
    if (stopping.signal.aborted) process.exit(interruption.exitCode);
    stopping.abort(interruption);
  });
}
for (const stream of [process.stdout, process.stderr]) {
  // A reader that has had enough, such as `head`, must not stop a run half-way.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

// However the process ends, a terminal keeps its cursor.
process.on('exit', () => {
  if (process.stderr.isTTY) process.stderr.write(showCursor);
});

const redactor = new Redactor();
process.on('uncaughtException', (error) => {
  process.stderr.write(redactor.redact(`error INTERNAL_ERROR: ${error.stack ?? String(error)}\n`));
  process.exit(1);
});

const io = {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  cwd: process.cwd(),
  signal: stopping.signal,
};
const exitCode = await main(process.argv.slice(2), io, redactor);
// Output that is still buffered is written first; connections that are kept alive are not waited for.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));

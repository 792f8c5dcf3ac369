import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/bare-repository.js';

const entry = fileURLToPath(new URL('../../bin/flowgit.ts', import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

let cwd: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ path: cwd, remove } = await temporaryDirectory());
});
afterEach(() => remove());

/** Starts the command as a process of its own. */
function start(...argv: string[]): ChildProcess {
  return spawn(process.execPath, ['--import', tsx, entry, ...argv], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd },
  });
}

async function finish(child: ChildProcess) {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += String(chunk);
  });
  child.stderr?.on('data', (chunk) => {
    stderr += String(chunk);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, stdout, stderr };
}

describe('the flowgit process', () => {
  it('exits with the code of the command, everything written', async () => {
    const [help, unknown, version] = await Promise.all([
      finish(start('--help')),
      finish(start('rnu')),
      finish(start('-V')),
    ]);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('Usage: flowgit COMMAND');
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toContain('Did you mean "flowgit run"?');
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('survives a reader that has had enough', async () => {
    const child = start('schema');
    child.stdout?.destroy();
    const { code, stderr } = await finish(child);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('a run that is told to stop', () => {
  let server: Server;
  let asked: Promise<unknown>;

  beforeEach(async () => {
    // Takes requests and never answers.
    server = createServer(() => {});
    asked = once(server, 'request');
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const task = `  - id: git\n    type: git.SyncFlows\n    url: http://127.0.0.1:${port}/x.git\n    targetNamespace: a\n`;
    await writeFile(join(cwd, 'x.yml'), `id: x\nnamespace: y\ntasks:\n${task}`);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s ends cleanly with %i, and tells what stands', async (signal, expected) => {
    const child = start('run', 'x.yml', '--json');
    const result = finish(child);
    await asked;
    child.kill(signal);
    const { code, stdout, stderr } = await result;
    expect(JSON.parse(stdout)).toMatchObject({ state: 'CANCELLED', taskRuns: [{ taskId: 'git' }] });
    expect(code).toBe(expected);
    for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level');
  });
});

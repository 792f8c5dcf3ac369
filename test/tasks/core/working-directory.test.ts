import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunContext } from '../../../src/runtime/context.js';
import { createMemoryStorage } from '../../../src/storage/memory.js';
import { execute, flowOf, type Ran, states } from '../../runtime/harness.js';

const write = (name: string, content: string) => async (context: RunContext) => {
  const root = await context.workingDirectory.path();
  await writeFile(join(root, name), content);
  return { root };
};

const list = async (context: RunContext) => ({
  files: (await readdir(await context.workingDirectory.path(), { recursive: true })).sort(),
});

function outputsOf({ execution }: Ran, taskId: string) {
  return execution.taskRuns.find((run) => run.taskId === taskId)?.outputs;
}

describe('WorkingDirectory', () => {
  it('shares one directory between its tasks, nested ones too, and keeps what its globs name', async () => {
    const ran = await execute(
      flowOf(`
tasks:
  - id: wd
    type: core.flow.WorkingDirectory
    outputFiles: ["*.txt", ./sub/**]
    tasks:
      - { id: make, type: test.Call, name: make }
      - { id: group, type: core.flow.Sequential, tasks: [{ id: see, type: test.Call, name: list }] }
  - { id: read, type: core.debug.Return, format: "{{ read(outputs.wd.outputFiles['a.txt']) }}" }
  - { id: alone, type: test.Call, name: list }
`),
      {
        calls: {
          list,
          make: async (context) => {
            const { root } = await write('a.txt', 'content')(context);
            await mkdir(join(root, 'sub/.git'), { recursive: true });
            await writeFile(join(root, 'sub/b.bin'), Uint8Array.of(0, 255));
            await writeFile(join(root, 'sub/.git/config'), 'x');
            await writeFile(join(root, 'c.log'), 'x');
            await symlink('/etc/hostname', join(root, 'link.txt'));
            return { root, same: root === (context.variables.workingDir as string) };
          },
        },
      },
    );
    expect(ran.execution.state).toBe('SUCCESS');
    expect(outputsOf(ran, 'wd')).toEqual({
      outputFiles: { 'a.txt': 'memory://run/wd/a.txt', 'sub/b.bin': 'memory://run/wd/sub/b.bin' },
    });
    expect(ran.files.get('memory://run/wd/sub/b.bin')).toEqual(Buffer.of(0, 255));
    expect(outputsOf(ran, 'make')?.same).toBe(true);
    expect(outputsOf(ran, 'see')?.files).toContain('a.txt');
    expect(outputsOf(ran, 'read')?.value).toBe('content');
    expect(outputsOf(ran, 'alone')?.files).toEqual([]);
    expect(existsSync(String(outputsOf(ran, 'make')?.root))).toBe(false);
  });

  const inside = (properties: string) =>
    flowOf(`
tasks:
  - id: wd
    type: core.flow.WorkingDirectory
    ${properties}
    tasks: [{ id: see, type: test.Call, name: see }]
`);

  it('begins with input files: texts, files of the run and of the namespace, and JSON', async () => {
    const storage = createMemoryStorage();
    const content = new TextEncoder().encode('stored');
    const key = { kind: 'file' as const, namespace: 'company.team', id: 'a/b.sql' };
    await storage.apply({ changes: [{ action: 'put', key, content, expectedOid: null }] });
    const see = async (context: RunContext) => {
      const root = await context.workingDirectory.path();
      const names = ['deep/er/text.md', 'uri.txt', 'ns.sql', 'data.json', 'url.txt'];
      return Object.fromEntries(
        await Promise.all(
          names.map(async (name) => [name, await readFile(join(root, name), 'utf8').catch(() => null)]),
        ),
      );
    };
    const ran = await execute(
      inside(`inputFiles:
      deep/er/text.md: "{{ flow.id }}"
      uri.txt: memory://x
      ns.sql: nsfile:///a/b.sql
      data.json: { a: [1] }
      url.txt: https://example.com`),
      {
        storage,
        calls: { see },
        outputFiles: { write: async () => '', read: async () => new TextEncoder().encode('from run') },
      },
    );
    expect(outputsOf(ran, 'see')).toEqual({
      'deep/er/text.md': 'test',
      'uri.txt': 'from run',
      'ns.sql': 'stored',
      'data.json': '{"a":[1]}',
      'url.txt': 'https://example.com',
    });
    const json = await execute(inside(`inputFiles: '{"uri.txt": "text"}'`), { calls: { see } });
    expect(outputsOf(json, 'see')).toMatchObject({ 'uri.txt': 'text' });
  });

  it.each([
    ['{ ../out.txt: x }', 'UNSAFE_PATH'],
    ['{ /tmp/out.txt: x }', 'UNSAFE_PATH'],
    ['{ a/../../out.txt: x }', 'UNSAFE_PATH'],
    ['{ ns.sql: "nsfile:///none" }', 'INVALID_PROPERTIES'],
    ['not json', 'INVALID_PROPERTIES'],
    ['"[1]"', 'INVALID_PROPERTIES'],
  ])('refuses input files such as %s', async (files, code) => {
    const ran = await execute(inside(`inputFiles: ${files}`));
    expect(states(ran)).toEqual(['wd FAILED']);
    expect(ran.execution.taskRuns[0]?.error?.code).toBe(code);
  });

  it('begins with the files of namespaces that its globs name', async () => {
    const storage = createMemoryStorage();
    const files = [
      ['company.team', 'scripts/a.py'],
      ['company.team', 'scripts/b.sql'],
      ['company.team', '.env'],
      ['company.team', 'empty/'],
      ['company.other', 'scripts/c.py'],
    ] as const;
    await storage.apply({
      changes: files.map(([namespace, id]) => ({
        action: 'put' as const,
        key: { kind: 'file' as const, namespace, id },
        content: new Uint8Array(),
        expectedOid: null,
      })),
    });
    const seen = async (namespaceFiles: string) =>
      outputsOf(
        await execute(inside(`namespaceFiles: ${namespaceFiles}`), { storage, calls: { see: list } }),
        'see',
      )?.files;
    expect(await seen('{ enabled: true }')).toEqual([
      '.env',
      'empty',
      'scripts',
      'scripts/a.py',
      'scripts/b.sql',
    ]);
    expect(await seen('{ enabled: false }')).toEqual([]);
    expect(await seen('{ include: "*.py", exclude: [x] }')).toEqual(['scripts', 'scripts/a.py']);
    expect(
      await seen('{ include: [/scripts/**], exclude: ["*.sql"], namespaces: [company.team, company.other] }'),
    ).toEqual(['scripts', 'scripts/a.py', 'scripts/c.py']);
  });

  it('says that it keeps no cache', async () => {
    const ran = await execute(inside('cache: { patterns: [node_modules/**] }'));
    expect(ran.lines).toContain('DEBUG cache passed over: nothing is kept between runs');
  });
});

describe('the working directory of a task', () => {
  let given: string;
  beforeEach(async () => {
    given = await mkdtemp(join(tmpdir(), 'flowgit-given-'));
  });
  afterEach(async () => {
    await rm(given, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });

  const flow = flowOf(`
tasks:
  - { id: make, type: test.Call, name: make }
  - id: wd
    type: core.flow.WorkingDirectory
    tasks: [{ id: inner, type: test.Call, name: list }]
  - { id: see, type: test.Call, name: list }
`);

  it('is the one that was given, which stays, but for the tasks of a WorkingDirectory', async () => {
    const root = join(given, 'not/yet/there');
    const ran = await execute(flow, { workingDirectory: root, calls: { make: write('a.txt', 'x'), list } });
    expect(outputsOf(ran, 'inner')?.files).toEqual([]);
    expect(outputsOf(ran, 'see')?.files).toEqual(['a.txt']);
    expect(await readdir(root)).toEqual(['a.txt']);
  });

  it('is otherwise its own, and goes with the execution, also with one that failed', async () => {
    const ran = await execute(flow, {
      calls: { make: write('a.txt', 'x'), list: (c) => list(c).then(() => Promise.reject(new Error('x'))) },
    });
    expect(ran.execution.state).toBe('FAILED');
    expect(existsSync(String(outputsOf(ran, 'make')?.root))).toBe(false);
  });
});

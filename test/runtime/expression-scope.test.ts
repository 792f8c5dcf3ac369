import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStorage } from '../../src/storage/memory.js';
import type { StorageAdapter } from '../../src/storage/types.js';
import { execute, flowOf, type HarnessOptions } from './harness.js';

let directory: string;
let storage: StorageAdapter;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'flowgit-scope-'));
  storage = createMemoryStorage();
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
});

async function evaluate(expression: string, options: HarnessOptions = {}) {
  const ran = await execute(
    flowOf(
      `tasks: [{ id: one, type: core.output.OutputValues, values: { x: ${JSON.stringify(expression)} } }]`,
    ),
    {
      storage,
      workingDirectory: directory,
      ...options,
    },
  );
  const [run] = ran.execution.taskRuns;
  return run?.error === null ? (run.outputs.values as { x: unknown }).x : run?.error;
}

async function putFile(id: string, text: string, namespace = 'company.team') {
  const key = { kind: 'file' as const, namespace, id };
  await storage.apply({
    changes: [{ action: 'put', key, content: new TextEncoder().encode(text), expectedOid: null }],
  });
}

describe('read()', () => {
  it('reads a namespace file, another namespace, then the working directory', async () => {
    await putFile('sql/a.sql', 'stored');
    await putFile('b.txt', 'elsewhere', 'company.other');
    await writeFile(join(directory, 'local.txt'), 'local');
    await mkdir(join(directory, 'sub'));
    expect(await evaluate("{{ read('sql/a.sql') }}")).toBe('stored');
    expect(await evaluate("{{ read('nsfile:///sql/a.sql') }}")).toBe('stored');
    expect(await evaluate("{{ read('b.txt', namespace='company.other') }}")).toBe('elsewhere');
    expect(await evaluate("{{ read('local.txt') }}")).toBe('local');
    for (const missing of ["read('none.txt')", "read('sub')", "read('local.txt/x')", "read('nsfile:///')"]) {
      expect(await evaluate(`{{ ${missing} }}`), missing).toMatchObject({ code: 'EXPRESSION_ERROR' });
    }
    expect(await evaluate("{{ read('local.txt', namespace='company.other') }}")).toMatchObject({
      code: 'EXPRESSION_ERROR',
    });
  });

  it('never leaves the working directory, also not through a symbolic link', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'flowgit-outside-'));
    await writeFile(join(outside, 'secret.txt'), 'secret');
    await symlink(outside, join(directory, 'link'));
    await symlink(join(outside, 'secret.txt'), join(directory, 'file'));
    for (const path of ['../x', 'a/../../x', '/etc/passwd', 'link/secret.txt', 'file', 'nsfile:///../x']) {
      expect(await evaluate(`{{ read('${path}') }}`), path).toMatchObject({ code: 'UNSAFE_PATH' });
    }
    await rm(outside, { recursive: true });
  });

  it('reads an output file of the run by its URI', async () => {
    expect(
      await evaluate('{{ read(trigger.uri) }}', {
        trigger: { uri: 'memory://x' },
        outputFiles: {
          write: async () => '',
          read: async (uri) => new TextEncoder().encode(`content of ${uri}`),
        },
      }),
    ).toBe('content of memory://x');
  });

  it('has no past versions', async () => {
    expect(await evaluate("{{ read('a', version=2) }}")).toMatchObject({ code: 'UNSUPPORTED' });
  });
});

describe('files, secrets, keys and the environment', () => {
  it('tell whether a file exists, its size, and whether it is empty', async () => {
    await putFile('a.txt', 'abc');
    await putFile('empty', '');
    expect(await evaluate("{{ fileExists('a.txt') }}")).toBe(true);
    expect(await evaluate("{{ fileExists('b.txt') }}")).toBe(false);
    expect(await evaluate("{{ fileSize('a.txt') }}")).toBe(3);
    expect(await evaluate("{{ isFileEmpty('empty') }}")).toBe(true);
    expect(await evaluate("{{ isFileEmpty('a.txt') }}")).toBe(false);
  });

  it('give a secret of a namespace and a part of a secret', async () => {
    const source = {
      get: async (name: string, namespace?: string) => JSON.stringify({ [name]: namespace, n: 5 }),
    };
    const seen: unknown[] = [];
    const part = async (expression: string) => {
      const flow = flowOf(`tasks: [{ id: one, type: test.Call, name: ${JSON.stringify(expression)} }]`);
      const ran = await execute(flow, {
        secretSource: source,
        calls: new Proxy({}, { get: (_, name) => () => seen.push(name) }),
      });
      return ran.execution.taskRuns[0]?.error?.code ?? seen.at(-1);
    };
    expect(await part("{{ secret('KEY', subkey='KEY') }}")).toBe('company.team');
    expect(await part("{{ secret('KEY', namespace='company', subkey='KEY') }}")).toBe('company');
    expect(await part("{{ secret('KEY', subkey='n') }}")).toBe('5');
    expect(await part("{{ secret('KEY', subkey='none') }}")).toBe('SECRET_NOT_FOUND');
    source.get = async () => 'not json';
    expect(await part("{{ secret('KEY', subkey='n') }}")).toBe('SECRET_NOT_FOUND');
  });

  it("give no secret of a namespace that is neither the flow's own nor above it", async () => {
    for (const other of ['other', 'company.tea', 'company.team.below', '']) {
      expect(await evaluate(`{{ secret('KEY', namespace='${other}') }}`)).toMatchObject({
        code: 'NAMESPACE_NOT_ALLOWED',
      });
    }
  });

  it('give key-value pairs when the engine has them', async () => {
    const keyValues = { get: async (key: string, namespace: string) => ({ key, namespace }) };
    expect(await evaluate("{{ kv('a') }}", { keyValues })).toEqual({ key: 'a', namespace: 'company.team' });
    expect(await evaluate("{{ kv('a', namespace='x') }}", { keyValues })).toMatchObject({ namespace: 'x' });
    expect(await evaluate("{{ kv('a') }}")).toMatchObject({ code: 'EXPRESSION_ERROR' });
  });

  it('give variables of the environment that were handed over, and no others', async () => {
    const envs = { team: 'data' };
    expect(await evaluate("{{ env('TEAM') }} {{ envs.team }}", { envs })).toBe('data data');
    expect(await evaluate("{{ env('PATH') }}", { envs })).toMatchObject({ code: 'EXPRESSION_ERROR' });
  });

  it('give the time of the run', async () => {
    expect(await evaluate("{{ now() | date('yyyy-MM-dd') }}")).toBe('2026-01-31');
  });
});

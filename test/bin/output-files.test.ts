import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { directoryOutputFiles } from '../../bin/output-files.js';
import { type Logger, silentLogger } from '../../src/logger.js';
import { Redactor } from '../../src/redaction.js';
import { temporaryDirectory } from '../support/bare-repository.js';

let root: string;
let remove: () => Promise<void>;
const redactor = new Redactor();
redactor.register('hunter22');
redactor.register('1234');

beforeEach(async () => {
  ({ path: root, remove } = await temporaryDirectory());
});
afterEach(() => remove());

describe('output files in a directory', () => {
  it('are read back by the URI that writing gave', async () => {
    const files = directoryOutputFiles(root, 'e1', redactor, silentLogger);
    const uri = await files.write('git/ä file.bin', new Uint8Array([0, 1, 2]));
    expect(uri).toBe(pathToFileURL(join(root, 'e1/git/ä file.bin')).href);
    expect([...(await files.read(uri))]).toEqual([0, 1, 2]);
  });

  it('stand beside an earlier file of the same name', async () => {
    const files = directoryOutputFiles(root, 'e1', redactor, silentLogger);
    const uris = [await files.write('a.txt', 'one'), await files.write('a.txt', 'two')];
    expect(uris.map((uri) => uri.slice(uri.lastIndexOf('/')))).toEqual(['/a.txt', '/a-2.txt']);
    expect(await readFile(fileURLToPath(uris[0] ?? ''), 'utf8')).toBe('one');
  });

  it('hold masked rows that are JSON still', async () => {
    const files = directoryOutputFiles(root, 'e1', redactor, silentLogger);
    const rows = `${JSON.stringify({ path: 'x-hunter22', revision: 51234 })}\n${JSON.stringify({ a: null })}\n`;
    const uri = await files.write('rows.jsonl', Buffer.from(rows));
    const text = await readFile(fileURLToPath(uri), 'utf8');
    expect(text).toBe('{"path":"x-******","revision":51234}\n{"a":null}\n');
  });

  it('that tasks write stay as they are, whatever they are called', async () => {
    const files = directoryOutputFiles(root, 'e1', redactor, silentLogger);
    const uri = await files.write('theirs.jsonl', Buffer.from('no JSON, hunter22'), { verbatim: true });
    expect(await readFile(fileURLToPath(uri), 'utf8')).toBe('no JSON, hunter22');
  });

  it('stay in memory, masked alike, with a warning, where the disk does not take them', async () => {
    await writeFile(join(root, 'file'), '');
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_fields, message) => warnings.push(message) };
    const files = directoryOutputFiles(join(root, 'file'), 'e1', redactor, logger);
    const uri = await files.write('rows.jsonl', '{"path":"hunter22"}\n');
    expect(Buffer.from(await files.read(uri)).toString()).toBe('{"path":"******"}\n');
    expect(warnings).toEqual(['output file cannot be written, it is gone when the run ends']);
    await expect(files.write('../x', 'x')).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  it('are neither written nor read outside of it', async () => {
    const files = directoryOutputFiles(join(root, 'outputs'), 'e1', redactor, silentLogger);
    await mkdir(join(root, 'outputs'));
    await writeFile(join(root, 'private'), 'x');
    await symlink(join(root, 'private'), join(root, 'outputs/link'));
    for (const name of ['../../private', '/etc/passwd', '.', '..']) {
      await expect(files.write(name, 'x')).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    }
    for (const path of ['private', 'outputs/link', 'outputs/../private']) {
      const uri = `${pathToFileURL(root).href}/${path}`;
      await expect(files.read(uri)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    }
    await expect(files.read(`${pathToFileURL(root).href}/outputs/none`)).rejects.toMatchObject({
      code: 'STORAGE_ERROR',
    });
    await expect(files.read('https://x/y')).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
  });
});

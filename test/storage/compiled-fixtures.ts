import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll } from 'vitest';

const repository = fileURLToPath(new URL('../../', import.meta.url));
/** What the fixtures import, directly or not. A file that is missing here fails them at once. */
const sources = [
  'schemas',
  'src/disk',
  'src/errors.ts',
  'src/resources/blob-id.ts',
  'src/resources/key-map.ts',
  'src/storage',
  'test/storage/fixtures',
];

/**
 * Translates the fixtures and what they import, once for a test file, so that a child process starts in the time
 * that plain JavaScript takes and never runs a build that is out of date. Returns the translated fixtures' directory.
 */
export function compileFixtures(): string {
  const output = mkdtempSync(join(tmpdir(), 'flowgit-fixtures-'));
  afterAll(() => rmSync(output, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
  for (const source of sources.flatMap(sourcesBelow)) {
    const { outputText } = ts.transpileModule(readFileSync(join(repository, source), 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        verbatimModuleSyntax: true,
      },
    });
    const path = join(output, source.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, outputText);
  }
  writeFileSync(join(output, 'package.json'), '{ "type": "module" }\n');
  symlinkSync(join(repository, 'node_modules'), join(output, 'node_modules'));
  return join(output, 'test/storage/fixtures');
}

function sourcesBelow(source: string): string[] {
  if (source.endsWith('.ts')) return [source];
  const names = readdirSync(join(repository, source), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).map((name) => join(source, name));
}

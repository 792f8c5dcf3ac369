import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));

/** The modules of the package's files that node loads before the first line of who imports `entry` runs. */
function loadedWith(entry: string): string[] {
  const files = new Set<string>();
  const modules: string[] = [];
  const waiting = [join(dist, entry)];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    const code = readFileSync(file, 'utf8');
    // The bundler names each module above its code.
    for (const [, id = ''] of code.matchAll(/^\/\/ ((?:src|tasks|schemas|bin|node_modules)\/\S+)$/gm))
      modules.push(id);
    for (const [, path = ''] of code.matchAll(/^(?:import|export) (?:[^;]* from )?"(\.[^"]+)";$/gm))
      waiting.push(join(dirname(file), path));
  }
  return modules;
}

describe('a program that imports the package', () => {
  const modules = ['tasks/index.js', 'src/storage/index.js'].flatMap(loadedWith);
  const all = readdirSync(join(dist, 'chunks')).flatMap((chunk) => loadedWith(join('chunks', chunk)));

  it('has the tasks, and what sends the first request', () => {
    expect(modules).toEqual(
      expect.arrayContaining(['tasks/sync-flows.ts', 'src/git/transport/http/http-transport.ts']),
    );
  });

  it.each([
    'src/plan/compare.ts',
    'src/runtime/sync-to-storage.ts',
    'src/runtime/push-to-git.ts',
    'src/runtime/incremental-sync.ts',
    'src/git/pack/read-pack.ts',
    'src/git/clone/clone-repository.ts',
    'src/git/push/push-commit.ts',
  ])('loads %s when a remote has answered, and not before', (module) => {
    expect(modules).not.toContain(module);
    expect(all).toContain(module);
  });

  it.each([
    'src/storage/directory.ts',
    'src/storage/postgres.ts',
    'src/runtime/execute-flow.ts',
    'src/runtime/expressions/evaluate-template.ts',
    'node_modules/picomatch/',
    'node_modules/ignore/',
    'node_modules/diff/',
    'node_modules/yaml/',
  ])('leaves %s to who needs it', (module) => {
    expect(modules.filter((id) => id.startsWith(module))).toEqual([]);
  });
});

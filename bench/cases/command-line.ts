import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Arena, inTemporary } from '../arena.js';
import type { BenchCase } from '../contest.js';
import { endOnInterruption } from '../interruption.js';
import { nodeEnvironment } from '../programs.js';
import { resetMain } from '../repositories.js';
import { expectWritten } from './jobs.js';

const run = promisify(execFile);
const files = 50;

/** What the command line adds to the library: `flowgit run` of a small sync, less the same through the library. */
export function commandLineCase(arena: Arena): BenchCase {
  const name = 'cli-overhead';
  return {
    name,
    target: { ms: 150 },
    async open() {
      const repository = await arena.repository({ kind: 'files', set: { layout: 'files', count: files } });
      await resetMain(repository);
      const url = arena.urlOf(repository);
      return {
        warmUps: 0,
        git: null,
        isomorphicGit: null,
        ours: () =>
          inTemporary(arena, async (directory) => {
            const library = await arena.runOurs(name, {
              kind: 'sync-files',
              url,
              gitDirectory: '_files',
              storage: 'memory:',
              cacheDir: join(directory, 'library-cache'),
            });
            const flow = join(directory, 'flow.yml');
            await writeFile(flow, flowText(url));
            const cacheDir = join(directory, 'cache');
            const flags = ['--storage', 'memory:', '--cache-dir', cacheDir, '--quiet'];
            const start = performance.now();
            const running = run(process.execPath, [arena.command, 'run', flow, ...flags], {
              cwd: directory,
              env: nodeEnvironment,
            });
            endOnInterruption(running.child);
            await running;
            const ms = performance.now() - start - library.ms;
            return { ...expectWritten(library, files), ms };
          }),
      };
    },
  };
}

function flowText(url: string): string {
  return `id: sync
namespace: system

tasks:
  - id: files
    type: git.SyncNamespaceFiles
    url: ${url}
    branch: main
    namespace: company.team
    gitDirectory: _files
    delete: true
`;
}

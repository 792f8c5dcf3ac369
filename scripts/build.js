import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.js';

/**
 * Builds the package beside `dist` and puts it in its place: no stale file is left to be published, and a failed
 * build leaves the last good one. npm makes commands executable only where it installs them, hence the mode.
 *
 * `--unless-current` leaves a `dist` alone that is newer than its sources: npm runs `prepare` not only on `npm ci`, but
 * also on the first `npx flowgit` in a checkout, which must not pull the files from under a running process.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const next = join(root, '.dist-next');
const dist = join(root, 'dist');
const command = 'bin/flowgit.js';
const sources = [
  ...['bin', 'tasks', 'src', 'schemas', 'scripts'],
  ...['package.json', 'tsconfig.json', 'tsconfig.build.json'],
];

if (!process.argv.includes('--unless-current') || !isCurrent()) await build();

async function build() {
  rmSync(next, { recursive: true, force: true });
  declareTypes();
  await bundle({ root, outdir: next });
  chmodSync(join(next, command), 0o755);
  rmSync(dist, { recursive: true, force: true });
  renameSync(next, dist);
}

/** Checks the types, and writes the declarations. */
function declareTypes() {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', next], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

function isCurrent() {
  const built = statSync(join(dist, command), { throwIfNoEntry: false });
  return built !== undefined && sources.every((name) => newest(join(root, name)) < built.mtimeMs);
}

/** A folder's own time counts too: it tells of removed files. */
function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Runs `npm ci`, which also builds, when a fresh clone or a changed lock file asks for it. */
const root = fileURLToPath(new URL('..', import.meta.url));
const time = (name) => statSync(join(root, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (
  time('node_modules/.package-lock.json') < time('package-lock.json') ||
  time('dist/bin/flowgit.js') === 0
) {
  console.log('Installing what flowgit needs (npm ci) …');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
}

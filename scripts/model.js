// Plays many stories against the model: `npm run model`, or `npm run model -- 500`.
import { spawnSync } from 'node:child_process';

const [stories = '10000'] = process.argv.slice(2);
const { status } = spawnSync('npx', ['vitest', 'run', 'test/model'], {
  env: { ...process.env, FLOWGIT_MODEL_RUNS: stories },
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
process.exitCode = status ?? 1;

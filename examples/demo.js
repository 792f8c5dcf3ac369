// The main job from end to end, with nothing to set up: a repository behind a real git server, a sync into storage, an
// edit, a dry run of the push, the push, and the proof that nothing is left to do. Run it with `npm run demo`; give a
// directory to keep what it makes: `npm run demo -- ./flowgit-demo`.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startGitServer } from 'flowgit/testing';

const root = fileURLToPath(new URL('..', import.meta.url));
const kept = process.argv[2];
const directory = kept === undefined ? mkdtempSync(join(tmpdir(), 'flowgit-demo-')) : resolve(kept);
const repository = join(directory, 'company.git');
const storage = join(directory, 'storage');
const bold = (text) => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[22m` : text);

mkdirSync(directory, { recursive: true });
const server = await startGitServer({ root: directory });
try {
  await demonstrate(`${server.url}/company.git`);
} catch (error) {
  console.error(`The demonstration stopped: ${error.message}`);
  process.exitCode = 1;
} finally {
  await server.close();
  if (kept === undefined) rmSync(directory, { recursive: true, force: true });
}

async function demonstrate(url) {
  say(`A repository with three flows, served by git http-backend at ${url}`);
  createRepository();
  git('ls-tree', '-r', '--name-only', 'main');

  say('Sync its flows into a storage directory');
  await flowgit('run', 'examples/flows/sync-flows.yml', url);

  say('Somebody edits a flow there, as they would in the UI of an orchestrator');
  edit(join(storage, 'flows/company.team/hello.yml'), 'Hello, {{', 'Good morning, {{');

  say('A dry run shows what a push would change. Nothing is written');
  await flowgit('plan', 'examples/flows/push-flows.yml', url, '--diff');

  say('The push makes exactly that commit');
  await flowgit('run', 'examples/flows/push-flows.yml', url);
  git('log', '--stat', '--format=%h %an: %s', 'main');

  say('Syncing and pushing again changes nothing, writes nothing, commits nothing');
  await flowgit('run', 'examples/flows/sync-flows.yml', url);
  await flowgit('run', 'examples/flows/push-flows.yml', url);
  if (kept !== undefined)
    say(`Kept in ${relative(process.cwd(), directory) || '.'}: company.git and storage`);
}

function createRepository() {
  rmSync(repository, { recursive: true, force: true });
  rmSync(storage, { recursive: true, force: true });
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', repository]);
  const work = ['--git-dir', repository, '--work-tree', join(root, 'examples/repository')];
  const author = [
    '-c',
    'user.name=Ada',
    '-c',
    'user.email=ada@company.example',
    '-c',
    'commit.gpgsign=false',
  ];
  execFileSync('git', [...work, 'add', '--all'], { stdio: 'ignore' });
  execFileSync('git', [...work, ...author, 'commit', '--quiet', '--message', 'Flows of the team']);
}

function edit(path, from, to) {
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace(from, to));
  console.log(`${relative(directory, path)}: "${from}" is now "${to}"`);
}

function git(...args) {
  console.log(bold(`$ git ${args.join(' ')}`));
  console.log(execFileSync('git', ['--git-dir', repository, ...args], { encoding: 'utf8' }).trimEnd());
}

function flowgit(command, flow, url, ...options) {
  console.log(bold(`$ flowgit ${[command, flow, '--input', `url=${url}`, ...options].join(' ')}`));
  const args = [
    command,
    flow,
    '--input',
    `url=${url}`,
    '--storage',
    `file:${storage}`,
    '--quiet',
    ...options,
  ];
  const child = spawn(process.execPath, [join(root, 'dist/bin/flowgit.js'), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) =>
      code === 0 ? done() : fail(new Error(`flowgit ${command} ended with exit code ${code}`)),
    );
  });
}

function say(text) {
  console.log(`\n${bold(`── ${text}.`)}\n`);
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DiskPack } from '../pack/disk-pack.js';
import type { RemoteRefs } from '../types.js';
import { encodeConfig, type GitConfig } from './encode-config.js';
import type { ClonePlan } from './plan-clone.js';

export interface RepositoryOptions {
  /** Without credentials: it is written into the configuration. */
  url: string;
  noTags: boolean;
  gitConfig: GitConfig;
}

// Everything here is small, and synchronous: the way through another thread would take longer than the work.

/** Makes the directories in an empty `.git` (gitrepository-layout). */
export function fillGitDirectory(gitDirectory: string): void {
  for (const directory of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags', 'info']) {
    mkdirSync(join(gitDirectory, directory), { recursive: true });
  }
}

/** The flow's own entries come last, so that they win over the defaults. */
export function writeConfig(
  gitDirectory: string,
  { branch, fetchRefspec }: Pick<ClonePlan, 'branch' | 'fetchRefspec'>,
  { url, noTags, gitConfig }: RepositoryOptions,
): void {
  const ignoresCase = process.platform === 'darwin' || process.platform === 'win32';
  const config = encodeConfig([
    ['core.repositoryformatversion', 0],
    ['core.filemode', process.platform !== 'win32'],
    ['core.bare', false],
    ['core.logallrefupdates', true],
    ...(ignoresCase ? ([['core.ignorecase', true]] as const) : []),
    ...(process.platform === 'darwin' ? ([['core.precomposeunicode', true]] as const) : []),
    ['remote.origin.url', url],
    ['remote.origin.fetch', fetchRefspec],
    ...(noTags ? ([['remote.origin.tagOpt', '--no-tags']] as const) : []),
    ...(branch === null
      ? []
      : ([
          [`branch.${branch}.remote`, 'origin'],
          [`branch.${branch}.merge`, `refs/heads/${branch}`],
        ] as const)),
    ...Object.entries(gitConfig),
  ]);
  writeFileSync(join(gitDirectory, 'config'), config);
}

/** Comes last: without it git takes the directory for no repository (git: setup.c, `is_git_directory`). */
export function writeHead(
  gitDirectory: string,
  { branch, commit }: Pick<ClonePlan, 'branch' | 'commit'>,
): void {
  const head = branch === null ? (commit ?? '') : `ref: refs/heads/${branch}`;
  writeFileSync(join(gitDirectory, 'HEAD'), `${head}\n`);
}

/** Branches, tags and where the history was cut. A tag is kept when the pack brought what it names. */
export function writeRefs(
  gitDirectory: string,
  plan: ClonePlan,
  refs: RemoteRefs,
  pack: DiskPack,
  { noTags, ends }: { noTags: boolean; ends: readonly string[] },
): void {
  const packed = new Map([...plan.tracked].map(([name, oid]) => [`refs/remotes/origin/${name}`, oid]));
  for (const [ref, oid] of refs.refs) {
    if (!ref.startsWith('refs/tags/') || pack.table.find(oid) === -1) continue;
    if (!noTags || ref === `refs/tags/${plan.tag}`) packed.set(ref, oid);
  }
  if (packed.size > 0)
    writeFileSync(join(gitDirectory, 'packed-refs'), encodePackedRefs(packed, refs.peeled));
  if (plan.branch !== null && plan.commit !== null) {
    writeRefFile(gitDirectory, `refs/heads/${plan.branch}`, plan.commit);
  }
  if (plan.defaultBranch !== null) {
    writeRefFile(gitDirectory, 'refs/remotes/origin/HEAD', `ref: refs/remotes/origin/${plan.defaultBranch}`);
  }
  if (ends.length > 0) {
    const lines = ends.map((oid) => `${oid}\n`);
    writeFileSync(join(gitDirectory, 'shallow'), lines.join(''));
  }
}

function writeRefFile(gitDirectory: string, ref: string, content: string): void {
  const path = join(gitDirectory, ref);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${content}\n`, { flag: 'wx' });
}

/** In the order of their bytes, each tag with what it peels to, as the header promises (git: refs/packed-backend.c). */
function encodePackedRefs(refs: ReadonlyMap<string, string>, peeled: ReadonlyMap<string, string>): string {
  const lines = ['# pack-refs with: peeled fully-peeled sorted '];
  const names = [...refs.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const name of names) {
    lines.push(`${refs.get(name)} ${name}`);
    const target = peeled.get(name);
    if (target !== undefined && name.startsWith('refs/tags/')) lines.push(`^${target}`);
  }
  return `${lines.join('\n')}\n`;
}

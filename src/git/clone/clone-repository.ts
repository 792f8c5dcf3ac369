import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RevisionNotFoundError } from '../../errors.js';
import { throwIfCancelled } from '../cancelled.js';
import type { DiskPack } from '../pack/disk-pack.js';
import { encodePackIndex } from '../pack/encode-index.js';
import { receivePackFile } from '../pack/receive-pack-file.js';
import { isBranchName } from '../push/branch-name.js';
import type { FetchedPack, RemoteSession } from '../session.js';
import { isRefusal } from '../snapshot/object-fetcher.js';
import type { ClonedRepository, CloneOptions, RemoteRefs } from '../types.js';
import { checkConfig } from './check-config.js';
import { checkCutHistory } from './check-history.js';
import { checkLinks } from './check-links.js';
import { Checkout, readLinks } from './checkout.js';
import { EarlyCheckout } from './early-checkout.js';
import { findConflicts } from './find-conflicts.js';
import { contentOf, listCheckout } from './list-checkout.js';
import { type ClonePlan, planClone } from './plan-clone.js';
import { prepareDirectory, type TargetDirectory } from './target-directory.js';
import { fillGitDirectory, writeConfig, writeHead, writeRefs } from './write-repository.js';

/**
 * Clones into a directory, which may be missing, empty, or hold other files. The result is a repository like git's
 * own; the URL in it has no credentials. When it fails, everything that it made is removed again.
 * @throws SignatureVerificationError, and for a directory that is not empty CheckoutConflictError and UnsafePathError,
 * before a file of the working tree is written
 */
export async function cloneRepository(
  session: RemoteSession,
  options: CloneOptions,
  askForRefs: () => Promise<RemoteRefs>,
): Promise<ClonedRepository> {
  checkConfig(options.gitConfig ?? {});
  const verify = await openVerifier(session, options);
  const refs = await askForRefs();
  const plan = await planClone(session, refs, options);
  throwIfCancelled(session.signal);
  const target = await prepareDirectory(options.directory);
  try {
    const files = await fill(session, { ...options, verify }, refs, plan, target);
    if (plan.commit === null)
      session.logger.warn({ url: session.url }, 'cloned a repository without commits');
    return { directory: target.path, commit: plan.commit ?? '', files };
  } catch (error) {
    await target.rollback().catch((cause: unknown) => {
      session.logger.warn({ directory: target.path, cause }, 'could not remove a failed clone');
    });
    throw error;
  }
}

type Verifier = Awaited<ReturnType<typeof openVerifier>>;

/** What is wrong with the keys is said before anything is asked for. */
async function openVerifier(session: RemoteSession, options: CloneOptions) {
  if (options.verify === undefined) return undefined;
  const { cloneVerifier } = await import('./verify-clone.js');
  return cloneVerifier(session, options, options.verify);
}

async function fill(
  session: RemoteSession,
  options: Omit<CloneOptions, 'verify'> & { verify: Verifier },
  refs: RemoteRefs,
  plan: ClonePlan,
  target: TargetDirectory,
): Promise<number> {
  const { noTags, gitConfig = {}, verify } = options;
  const { gitDirectory } = target;
  fillGitDirectory(gitDirectory);
  const branch = plan.branch ?? (plan.commit === null ? await firstBranch(session) : null);
  writeConfig(gitDirectory, { ...plan, branch }, { url: session.url, noTags, gitConfig });
  if (plan.commit === null) {
    writeHead(gitDirectory, { ...plan, branch });
    return 0;
  }

  // Where a signature is asked for, or files are there already, those are looked at first.
  const early =
    verify === undefined && target.isEmpty ? new EarlyCheckout(session, plan.commit, target) : null;
  let checkout: Pick<EarlyCheckout, 'finish' | 'stop'> | null = early;
  let opened: DiskPack | null = null;
  try {
    const { pack, shallow } = await fetchToDisk(session, options, plan, refs, gitDirectory, early);
    opened = pack;
    requireCommit(session, pack, plan.commit, plan.tag);
    await verify?.({ pack, plan, refs });
    const isCut = options.depth > 0 || shallow.length > 0;
    const ends = isCut ? checkCutHistory(pack, [plan.commit, ...plan.wants], shallow) : [];
    writeRefs(gitDirectory, plan, refs, pack, { noTags, ends });
    checkout ??= beginCheckout(session, pack, plan.commit, target);
    const { files, index } = await checkout.finish(pack);
    writeFileSync(join(gitDirectory, 'index'), index);
    writeHead(gitDirectory, plan);
    return files;
  } finally {
    await checkout?.stop();
    opened?.close();
  }
}

/** The branch that a repository without commits is to have first. */
async function firstBranch(session: RemoteSession): Promise<string> {
  const [, branch] = /^refs\/heads\/(.*)$/s.exec((await session.unbornHead()) ?? '') ?? [];
  return branch !== undefined && isBranchName(branch) ? branch : 'main';
}

/** What stands in the way is said before anything is written. */
function beginCheckout(
  session: RemoteSession,
  pack: DiskPack,
  commit: string,
  target: TargetDirectory,
): Checkout {
  const list = listCheckout((oid) => contentOf(pack, oid), commit, session.limits);
  checkLinks(readLinks(pack, list.links));
  const present = target.isEmpty ? new Set<string>() : findConflicts(target.path, list);
  const checkout = new Checkout(session, pack, { target, present, expectedFiles: list.files.length });
  checkout.add(list);
  return checkout;
}

/** Unless who clones says otherwise. What a sync reads it holds in memory; a clone's pack goes to disk. */
const maxPackBytes = 16 * 1024 ** 3;

/** Brings the pack and its index to where git looks for them. */
async function fetchToDisk(
  session: RemoteSession,
  options: Omit<CloneOptions, 'verify'>,
  plan: ClonePlan,
  refs: RemoteRefs,
  gitDirectory: string,
  early: EarlyCheckout | null,
): Promise<{ pack: DiskPack; shallow: readonly string[] }> {
  const directory = join(gitDirectory, 'objects', 'pack');
  const temporary = join(directory, 'tmp_pack');
  const fetched = await fetchWanted(session, options, plan, refs);
  const { limits, signal } = session;
  const { pack, checksum } = await receivePackFile(fetched.pack, temporary, {
    limits: { ...limits, maxPackBytes: session.options.limits?.maxPackBytes ?? maxPackBytes },
    signal,
    onProgress: (event) => session.onProgress(event),
    listener: early ?? undefined,
  });
  try {
    const name = join(directory, `pack-${checksum.toString('hex')}`);
    writeFileSync(`${name}.idx`, encodePackIndex(pack.table, checksum), { mode: 0o444 });
    renameSync(temporary, `${name}.pack`);
    return { pack, shallow: fetched.shallow };
  } catch (error) {
    pack.close();
    throw error;
  }
}

/** Servers that send only what a ref points at are asked for the whole history when a commit is to be found in it. */
async function fetchWanted(
  session: RemoteSession,
  { commit, depth, noTags }: Omit<CloneOptions, 'verify'>,
  { wants }: ClonePlan,
  { refs }: RemoteRefs,
): Promise<FetchedPack> {
  const request = { wants, ...(depth > 0 ? { deepen: depth } : {}), includeTag: !noTags };
  try {
    return await session.fetchPack(request);
  } catch (error) {
    if (!isRefusal(error) || commit === undefined) throw error;
    if (refs.size === 0) throw commitNotFound(session, commit, error);
    session.logger.debug({ commit }, 'server does not send single commits, fetching all of the history');
    return session.fetchPack({ wants: [...new Set(refs.values())], includeTag: !noTags });
  }
}

/** A tag may name a tree or a blob, and an id that was given may be anything. */
function requireCommit(session: RemoteSession, pack: DiskPack, oid: string, tag: string | null): void {
  const entry = pack.table.find(oid);
  const type = entry === -1 ? null : pack.table.type(entry);
  if (type === 'commit') return;
  if (tag === null || type === null) throw commitNotFound(session, oid);
  throw new RevisionNotFoundError(
    `The tag ${JSON.stringify(tag)} of ${session.url} names a ${type}, no commit.`,
    {
      hint: 'Choose a tag of a commit.',
      data: { tag, oid },
    },
  );
}

function commitNotFound(session: RemoteSession, commit: string, cause?: unknown): RevisionNotFoundError {
  return new RevisionNotFoundError(`${commit} is no commit of ${session.url}.`, {
    hint: 'Check the id.',
    data: { commit },
    cause,
  });
}

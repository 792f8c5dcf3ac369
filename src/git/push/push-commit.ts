import { FlowgitError, PushRejectedError } from '../../errors.js';
import type { RemoteSession, RemoteSnapshot } from '../session.js';
import type { CommitRequest, PushBase, PushedCommit } from '../types.js';
import { type BuiltCommit, buildCommit } from './build-commit.js';
import type { BuiltTree } from './build-tree.js';
import {
  discoverReceivePack,
  encodePushRequest,
  type ReceivePackOffer,
  type RefUpdate,
} from './receive-pack.js';
import { branchMoved, describeRejection } from './rejection.js';
import { rememberPush } from './remember-push.js';
import { type PushReport, readPushReport } from './report-status.js';

/** What {@link openForPush} makes: the snapshot with its objects. */
export interface RemotePushBase extends PushBase {
  readonly snapshot: RemoteSnapshot | null;
}

/** What is done of a push before all of it is known. */
export interface ExpectedPush {
  offer?: Promise<ReceivePackOffer> | undefined;
  /** Of the same changes. */
  trees?: Promise<BuiltTree> | undefined;
}

/**
 * Commits the changes on top of `base` and pushes them; nothing is written to disk. The id that the branch had when
 * `base` was opened is the compare-and-swap.
 * @param expected what was asked for and made before
 * @returns `commit: null` when the changes leave everything as it is; then nothing is asked of the remote
 * @throws PushRejectedError with `race: true` when the branch moved meanwhile, false when a hook or a rule refused
 */
export async function pushCommit(
  session: RemoteSession,
  base: RemotePushBase,
  request: CommitRequest,
  expected: ExpectedPush,
): Promise<PushedCommit> {
  const built = await buildCommit(base.snapshot, request, expected.trees);
  if (built === null) return { commit: null, remoteMessages: [] };

  const offer = await (expected.offer ?? discoverReceivePack(session));
  const update: RefUpdate = { ref: `refs/heads/${base.branch}`, from: base.tip, to: built.oid };
  refuseBeforehand(session, base.branch, update, offer);
  const report = await send(session, update, built, { offer, onSent: request.onSent });
  const reason = report.unpack === 'ok' ? report.refs.get(update.ref) : report.unpack;
  if (reason === null) {
    rememberPush(session, base, built);
    return { commit: built.oid, remoteMessages: report.messages };
  }
  throw describeRejection(session.url, base.branch, reason ?? 'it did not say why', report.messages);
}

/** Spares the transfer of a pack that cannot land. */
function refuseBeforehand(
  session: RemoteSession,
  branch: string,
  { ref, from }: RefUpdate,
  { refs }: ReceivePackOffer,
): void {
  const present = refs.get(ref);
  if (present !== undefined && present !== from) throw branchMoved(session.url, branch);
  if (present !== undefined || from !== null) return;
  const inTheWay = [...refs.keys()].find(
    (other) => other.startsWith(`${ref}/`) || ref.startsWith(`${other}/`),
  );
  if (inTheWay === undefined) return;
  const other = inTheWay.slice('refs/heads/'.length);
  throw new PushRejectedError(`Branch "${branch}" cannot stand beside branch "${other}" on ${session.url}.`, {
    hint: 'A branch name cannot continue another one after a slash. Choose another "branch".',
    data: { branch, inTheWay: other },
  });
}

async function send(
  session: RemoteSession,
  update: RefUpdate,
  built: BuiltCommit,
  { offer, onSent }: { offer: ReceivePackOffer } & Pick<CommitRequest, 'onSent'>,
): Promise<PushReport> {
  try {
    const total = built.entries.length;
    session.onProgress({ phase: 'send', done: 0, total });
    const body = encodePushRequest(update, built.entries, offer);
    const answering = session.transport.request('git-receive-pack', body, { version: 0 });
    // By then a small body has left.
    if (onSent !== undefined) setImmediate(onSent, built.oid);
    const answer = await answering;
    const report = await readPushReport(answer, offer.capabilities.has('side-band-64k'));
    session.onProgress({ phase: 'send', done: total, total });
    return report;
  } catch (error) {
    if (!(error instanceof FlowgitError) || !error.retryable) throw error;
    session.logger.debug({ error: error.message }, 'push broke off, looking at the branch');
    if (!(await hasLanded(session, update, error))) throw error;
    return { unpack: 'ok', refs: new Map([[update.ref, null]]), messages: [] };
  }
}

/** Whether a push whose answer got lost arrived all the same. */
async function hasLanded(
  session: RemoteSession,
  { ref, from, to }: RefUpdate,
  cause: Error,
): Promise<boolean> {
  const found = await session.listRefs([ref]).catch(() => {
    throw cause;
  });
  const oid = found.refs.get(ref) ?? null;
  if (oid !== to && oid !== from) throw branchMoved(session.url, ref.slice('refs/heads/'.length), cause);
  return oid === to;
}

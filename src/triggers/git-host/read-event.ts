import * as z from 'zod';
import { plainMessages } from '../../../schemas/plain-messages.js';
import type { GitHost } from '../../../schemas/triggers.js';
import { InvalidWebhookError } from '../../errors.js';
import { formatPath } from '../../runtime/properties.js';
import { parseJson, textOf } from '../webhook/body.js';
import { headerOf, type RequestHeaders } from '../webhook/headers.js';
import { readBitbucketPush } from './bitbucket.js';
import { branchOf, commitOrNull, type HostEvent, type ListedCommit, type Push, pathsOf } from './push.js';

/**
 * What a delivery says happened. It is read only after its signature was found right.
 * @throws InvalidWebhookError when it is not what the host sends
 */
export function readEvent(host: GitHost, headers: RequestHeaders, rawBody: Uint8Array): HostEvent {
  const name = eventNames[host].map((header) => headerOf(headers, header)).find((value) => value !== null);
  if (name === undefined || name === null) {
    throw new InvalidWebhookError(`The delivery has no ${eventNames[host].join(' or ')} header.`);
  }
  const event = name.toLowerCase();
  if (event === 'ping' || event === 'diagnostics:ping') return { kind: 'ping' };
  if (!pushEvents[host].includes(event)) return { kind: 'other', name };
  const payload = readPayload(headers, rawBody);
  try {
    const pushes = host === 'bitbucket' ? readBitbucketPush(event, payload) : readPush(host, payload);
    return pushes === null ? { kind: 'other', name } : { kind: 'push', pushes };
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const [issue] = error.issues;
    const where = issue === undefined || issue.path.length === 0 ? 'it' : formatPath(issue.path);
    const message = `The push is not as ${host} describes one: ${where} ${issue?.message}.`;
    throw new InvalidWebhookError(message, {
      hint: `Check that the webhook is one of ${host}, and sends pushes.`,
      cause: error,
    });
  }
}

const told = { error: plainMessages };

const eventNames: Readonly<Record<GitHost, readonly string[]>> = {
  github: ['x-github-event'],
  gitlab: ['x-gitlab-event'],
  gitea: ['x-gitea-event', 'x-forgejo-event'],
  bitbucket: ['x-event-key'],
};

const pushEvents: Readonly<Record<GitHost, readonly string[]>> = {
  github: ['push'],
  gitlab: ['push hook', 'system hook'],
  gitea: ['push'],
  bitbucket: ['repo:push', 'repo:refs_changed'],
};

/** The JSON that was sent, by itself or as the `payload` of a form, as GitHub and Gitea also send it. */
function readPayload(headers: RequestHeaders, rawBody: Uint8Array): unknown {
  const text = textOf(rawBody);
  const type = headerOf(headers, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  // Tools that send JSON by hand tend to call it a form.
  const isForm = type === 'application/x-www-form-urlencoded' && text?.startsWith('{') === false;
  const json = isForm && text !== null ? new URLSearchParams(text).get('payload') : text;
  const payload = json === null ? undefined : parseJson(json);
  if (payload !== undefined) return payload;
  throw new InvalidWebhookError('The delivery holds no JSON.', {
    hint: 'Set the content type of the webhook at the host to application/json.',
  });
}

const commitId = z.string().regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/);
const list = z.array(z.string()).nullish();
const commits = z
  .array(z.looseObject({ id: commitId, added: list, modified: list, removed: list }))
  .nullish();
const address = z.string().nullish();

/** What GitHub, GitLab and Gitea share, and where they differ. */
const push = z.looseObject({
  object_kind: z.string().optional(),
  ref: z.string(),
  before: commitId,
  after: commitId,
  forced: z.boolean().nullish(),
  commits,
  total_commits: z.int().nullish(),
  total_commits_count: z.int().nullish(),
  repository: z
    .looseObject({ clone_url: address, ssh_url: address, html_url: address, git_url: address })
    .nullish(),
  project: z
    .looseObject({ git_http_url: address, git_ssh_url: address, web_url: address, http_url: address })
    .nullish(),
});
type PushPayload = z.output<typeof push>;

function readPush(host: 'github' | 'gitlab' | 'gitea', payload: unknown): Push[] | null {
  const kind = z.looseObject({ object_kind: z.string().optional() }).parse(payload, told).object_kind;
  if (host === 'gitlab' && kind !== 'push') return null;
  const found = push.parse(payload, told);
  const branch = branchOf(found.ref);
  const after = commitOrNull(found.after);
  const urls = urlsOf(found);
  if (urls.length === 0) throw new InvalidWebhookError('The push does not say which repository it went to.');
  if (branch === null || after === null) return [];
  const before = commitOrNull(found.before);
  const listed = (found.commits ?? []).map(
    ({ id, added, modified, removed }): ListedCommit => ({
      id,
      added: added ?? [],
      modified: modified ?? [],
      removed: removed ?? [],
    }),
  );
  const isComplete = before !== null && isWhole[host](found, listed);
  return [{ urls, branch, before, after, paths: isComplete ? pathsOf(listed, after) : null }];
}

/** Whether the commits of a push to a branch that was there are all there is to know of what changed. */
const isWhole: Readonly<
  Record<'github' | 'gitlab' | 'gitea', (push: PushPayload, listed: ListedCommit[]) => boolean>
> = {
  // 2048 commits at most, 20 on older servers. What a forced push took away is not listed.
  github: ({ forced }, { length }) => forced !== true && length !== 20 && length < 2048,
  // 20 commits at most. A file that was moved is listed as added, without the path it had before.
  gitlab: ({ total_commits_count: total }, listed) =>
    total === listed.length && listed.every(({ added }) => added.length === 0),
  // As many as the server's PAYLOAD_COMMIT_LIMIT.
  gitea: ({ total_commits: total }, listed) => total === listed.length,
};

function urlsOf({ repository, project }: PushPayload): string[] {
  const found = [
    repository?.clone_url,
    repository?.ssh_url,
    repository?.html_url,
    project?.git_http_url,
    project?.git_ssh_url,
    project?.web_url,
    project?.http_url,
  ];
  return [...new Set(found.filter((url) => typeof url === 'string' && url !== ''))] as string[];
}

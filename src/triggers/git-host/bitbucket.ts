import * as z from 'zod';
import { plainMessages } from '../../../schemas/plain-messages.js';
import type { Push } from './push.js';

/**
 * The pushes of a Bitbucket delivery, which may be to several branches. Neither Cloud (`repo:push`) nor Data Center
 * (`repo:refs_changed`) tells which paths changed.
 * @throws z.ZodError
 */
export function readBitbucketPush(event: string, payload: unknown): Push[] {
  return event === 'repo:push'
    ? ofCloud(cloud.parse(payload, told))
    : ofDataCenter(dataCenter.parse(payload, told));
}

const told = { error: plainMessages };
const hash = z.string().regex(/^[0-9a-f]{40}$/);
const side = z
  .looseObject({ type: z.string(), name: z.string(), target: z.looseObject({ hash }) })
  .nullable();

const cloud = z.looseObject({
  push: z.looseObject({ changes: z.array(z.looseObject({ new: side, old: side })) }),
  repository: z.looseObject({ links: z.looseObject({ html: z.looseObject({ href: z.string().min(1) }) }) }),
});

const dataCenter = z.looseObject({
  changes: z.array(
    z.looseObject({
      ref: z.looseObject({ displayId: z.string(), type: z.string() }),
      fromHash: hash,
      toHash: hash,
      type: z.string(),
    }),
  ),
  repository: z.looseObject({
    slug: z.string().min(1),
    project: z.looseObject({ key: z.string().min(1) }),
    // Older servers leave the links out.
    links: z.looseObject({ clone: z.array(z.looseObject({ href: z.string() })).nullish() }).nullish(),
  }),
});

function ofCloud({ push, repository }: z.output<typeof cloud>): Push[] {
  return push.changes.flatMap(({ new: after, old: before }): Push[] =>
    after?.type === 'branch'
      ? [
          {
            urls: [repository.links.html.href],
            branch: after.name,
            before: before?.target.hash ?? null,
            after: after.target.hash,
            paths: null,
          },
        ]
      : [],
  );
}

function ofDataCenter({ changes, repository }: z.output<typeof dataCenter>): Push[] {
  return changes.flatMap(({ ref, fromHash, toHash, type }): Push[] =>
    ref.type === 'BRANCH' && type !== 'DELETE'
      ? [
          {
            urls: (repository.links?.clone ?? []).map(({ href }) => href),
            name: `${repository.project.key}/${repository.slug}`,
            branch: ref.displayId,
            before: type === 'ADD' ? null : fromHash,
            after: toHash,
            paths: null,
          },
        ]
      : [],
  );
}

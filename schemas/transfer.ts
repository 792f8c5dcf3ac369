import * as z from 'zod';
import { secret } from './connection.js';
import { planSummary } from './plan.js';
import { bool, integer, repositoryDirectory, stringList } from './property.js';

/** What sync and push tasks share beside the connection. */
export const guards = {
  dryRun: bool().default(false).describe('Plan only: nothing is written anywhere, no branch is created.'),
  maxDeletes: z
    .union([
      z.int().nonnegative().transform(String),
      z.string().regex(/^(\d+|\d+(\.\d+)?%)$/, 'must be a count or a percentage such as 50%'),
    ])
    .optional()
    .describe(
      "How much of the target may be deleted in one run: a count, or a percentage of the target's resources in scope. `50%` when more than 10 would go, else no limit.",
    ),
  allowEmpty: bool()
    .default(false)
    .describe('Let an empty source delete everything in a target that is not empty.'),
  deleteScope: z
    .enum(['ALL', 'OWNED'])
    .default('ALL')
    .describe('`OWNED` deletes only what an earlier run of the same sync brought in.'),
  onConflict: z
    .enum(['SOURCE', 'FAIL', 'SKIP', 'MERGE'])
    .default('SOURCE')
    .describe(
      "When the target's copy changed since the last run, of either direction, as well as the source's: overwrite it, fail, leave it, or merge texts line by line and fail where both changed the same lines. `MERGE` also keeps what only the target changed.",
    ),
};

/** What syncs alone have. */
export const ownership = {
  adopt: bool()
    .default(false)
    .describe(
      'Take over resources that another sync brought, instead of failing. For one run, when this sync takes the place of another: its branch, directory or address changed.',
    ),
};

/** Which commit a sync reads. */
export const revision = {
  branch: z.string().min(1).default('main').describe('Branch to read.'),
  tag: z.string().min(1).optional().describe('Read this tag instead of a branch.'),
  commit: z
    .string()
    .regex(/^[0-9a-fA-F]{4,40}$/, 'must be a commit id of 4 to 40 hex digits')
    .optional()
    .describe('Read this commit instead of a branch.'),
  semver: z.string().min(1).optional().describe('Read the highest tag in this version range.'),
};

/** Whose signature what is read must carry. */
export const verification = {
  verify: z
    .strictObject({
      mode: z
        .enum(['HEAD', 'TAG'])
        .default('HEAD')
        .describe(
          '`HEAD`: the commit that is read is signed. `TAG`: the annotated tag that `tag` or `semver` names is.',
        ),
      keys: stringList().describe(
        'Public keys of those who may sign: SSH keys, one a line, and armoured OpenPGP keys.',
      ),
    })
    .optional()
    .describe('Refuse what is not signed with one of these keys, before a tree is read.'),
};

/** Who commits, and how. */
export const authorship = {
  commitMessage: z.string().optional().describe('Message of the commit.'),
  authorName: z.string().optional().describe('Falls back to `username`.'),
  authorEmail: z.string().optional(),
  signingKey: z
    .string()
    .min(1)
    .optional()
    .describe('Private key to sign the commit with: SSH (OpenSSH or PEM) or OpenPGP (armoured).')
    .meta(secret),
  signingKeyPassphrase: z.string().optional().describe('Opens `signingKey`.').meta(secret),
  pushRetries: integer(0, 1000)
    .optional()
    .describe(
      'How often to plan again and push again when someone else pushed first. When absent: for five minutes, and 5 times at least.',
    ),
};

export const gitDirectory = (fallback: string) =>
  z
    .string()
    // What an expression that came out empty leaves must not stand for the whole repository.
    .refine((text) => text.trim() !== '', 'must not be empty; the root is "."')
    .pipe(repositoryDirectory())
    // Not `default`, which would hand on `.` as it stands.
    .prefault(fallback)
    .describe(`Directory inside the repository; \`.\` is the root. Default \`${fallback}\`.`);

export const globs = () => stringList().optional();

/** What every sync and push hands on. `revision` is `main@sha1:<commit>`, null without a commit. */
export const transferOutput = {
  summary: planSummary,
  revision: z.string().nullable(),
  dryRun: z.boolean(),
};

export const pushOutput = {
  ...transferOutput,
  commitId: z.string().nullable(),
  commitURL: z.string().nullable(),
};

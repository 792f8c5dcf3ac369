import * as z from 'zod';
import { planDocument } from './plan.js';
import { resourceKey } from './resources.js';
import { syncIdentity } from './sync-identity.js';

const oid = z.string().regex(/^[0-9a-f]{40}$/);
const sha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/);

const content = z
  .union([z.strictObject({ text: z.string() }), z.strictObject({ base64: z.base64() })])
  .describe('Bytes: as text where they are UTF-8.');
export type SavedContent = z.infer<typeof content>;

/** Properties that reach the repository and sign commits, as far as they are no secrets. */
export const savedConnectionValues = {
  url: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  privateKey: z.string().optional(),
  passphrase: z.string().optional(),
  knownHosts: z.string().optional(),
  strictHostKeyChecking: z.boolean().optional(),
  connectTimeout: z.int().optional(),
  readTimeout: z.int().optional(),
  trustedCaPemPath: z.string().optional(),
  noProxy: z.boolean().optional(),
  signingKey: z.string().optional(),
  signingKeyPassphrase: z.string().optional(),
};

const savedConnection = z.strictObject({
  ...savedConnectionValues,
  expressions: z
    .partialRecord(z.enum(Object.keys(savedConnectionValues)), z.string())
    .describe(
      'Properties that hold a secret, as the flow has them; they are rendered when the plan is applied.',
    ),
});
export type SavedConnection = z.infer<typeof savedConnection>;

const revision = z.strictObject({
  branch: z.string().optional(),
  tag: z.string().optional(),
  commit: z.string().optional(),
  semver: z.string().optional(),
});

/** What the plan was made on. It is applied only where all of this still holds. */
const basis = z.strictObject({
  scope: z.strictObject({
    kind: z.enum(['flow', 'file', 'dashboard']),
    namespace: z.string(),
    children: z.boolean(),
  }),
  listing: sha256.describe('Digest of the key and the blob id of everything in the scope.'),
  records: z
    .array(z.strictObject({ key: resourceKey, oid: oid.nullable() }))
    .describe('Sync states that were read; null for one that was not there.'),
  git: z.strictObject({
    revision,
    commit: oid.nullable(),
    tip: oid
      .nullable()
      .optional()
      .describe('Of a push: what its branch pointed at, null when it was not there.'),
  }),
});

/** What is recorded of the sync afterwards: its identity, and what both sides have. */
const state = z.strictObject({
  identity: syncIdentity,
  resources: z.array(
    z.strictObject({
      gitPath: z.string(),
      key: resourceKey,
      gitOid: oid,
      storedOid: oid,
      origin: z.int().nonnegative().optional(),
      ancestor: z.string().optional(),
    }),
  ),
  /** The commit that a sync read, and how it was asked for. */
  origin: z.strictObject({ oid, author: z.string(), email: z.string(), timestamp: z.number() }).optional(),
  reads: revision.optional(),
});

const batch = z.strictObject({
  kind: z.literal('batch'),
  changes: z.array(
    z.discriminatedUnion('action', [
      z.strictObject({ action: z.literal('put'), key: resourceKey, expectedOid: oid.nullable(), content }),
      z.strictObject({ action: z.literal('delete'), key: resourceKey, expectedOid: oid }),
    ]),
  ),
  state,
});

const commit = z.strictObject({
  kind: z.literal('commit'),
  changes: z
    .array(
      z.strictObject({
        path: z.string(),
        content: content.nullable(),
        mode: z.enum(['100644', '100755', '120000', '160000']).optional(),
      }),
    )
    .describe("Paths relative to the repository's root; without content the file is deleted."),
  message: z.string(),
  author: z.strictObject({
    name: z.string(),
    email: z.string(),
    timestamp: z.int().nonnegative(),
    timezoneOffset: z.int(),
  }),
  state,
});

/** The plan of one task: what it shows, what it was made on, and what applying it writes. */
export const savedTask = z.strictObject({
  taskId: z.string(),
  plan: planDocument.describe('What is shown.'),
  connection: savedConnection.describe('How to reach the repository again.'),
  basis: basis.describe('What the plan was made on; it is applied only where all of this still holds.'),
  effect: z.discriminatedUnion('kind', [batch, commit]).describe('What is written, to the byte.'),
});
export type SavedTask = z.infer<typeof savedTask>;

/** The file that `flowgit plan -o` writes and `flowgit apply` applies. It holds no secret. */
export const savedPlan = z.strictObject({
  format: z.literal('flowgit-plan'),
  version: z.literal(1),
  madeAt: z.iso.datetime(),
  flow: z.strictObject({ namespace: z.string(), id: z.string() }),
  storage: z.string().describe('The storage it was made with and is for, without credentials.'),
  tasks: z.array(savedTask),
  digest: sha256.describe('Of everything else, as JSON with sorted keys and no white space.'),
});
export type SavedPlan = z.infer<typeof savedPlan>;

import * as z from 'zod';
import { bool, integer } from './property.js';

/** Marks a property whose value is masked wherever it appears. */
export const secret = { secret: true } as const;

/** How to reach a repository: what every git task has. */
export const connection = {
  url: z
    .string()
    .min(1)
    .describe('`https://…`, `http://…`, `ssh://…`, `git@host:owner/repo.git` or `file:///…`.'),
  username: z.string().optional().describe('For HTTP basic authentication.'),
  password: z.string().optional().describe('Password or access token for HTTP.').meta(secret),
  privateKey: z.string().optional().describe('PEM or OpenSSH key for SSH.').meta(secret),
  passphrase: z.string().optional().describe('Opens `privateKey`.').meta(secret),
  knownHosts: z
    .string()
    .optional()
    .describe("Host keys in known_hosts form; the user's own file when absent."),
  strictHostKeyChecking: bool().default(true).describe('Refuse a host whose key is not known.'),
  connectTimeout: integer(1, 3_600_000)
    .default(10_000)
    .describe('Milliseconds until a connection must stand.'),
  readTimeout: integer(1, 3_600_000)
    .default(60_000)
    .describe('Milliseconds the remote may stay silent before the run fails.'),
  trustedCaPemPath: z
    .string()
    .optional()
    .describe('File with certificate authorities to trust as well, for this task only.'),
  noProxy: bool().default(false).describe('Ignore `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.'),
  gitConfig: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .describe("Git configuration; `Clone` writes it to the clone's config."),
  cloneSubmodules: bool().default(false).describe('Bring the contents of submodules as well.'),
  kestraUrl: z.string().optional().describe("A Kestra server to use as storage instead of the run's own."),
  auth: z
    .strictObject({
      username: z.string().optional(),
      password: z.string().optional().meta(secret),
      apiToken: z.string().optional().meta(secret),
    })
    .optional()
    .describe('How to sign in to `kestraUrl`.'),
};

export const connectionProperties = z.object(connection);
export type ConnectionProperties = z.output<typeof connectionProperties>;

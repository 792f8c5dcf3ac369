import * as z from 'zod';
import { connection } from '../schemas/connection.js';
import { object, strictObject } from '../schemas/lazy-object.js';
import { bool, directoryInside, integer } from '../schemas/property.js';
import { verification } from '../schemas/transfer.js';
import { InvalidPropertiesError } from '../src/errors.js';
import { withRemote } from '../src/runtime/connect.js';
import type { RunContext } from '../src/runtime/context.js';
import { insideDirectory } from '../src/runtime/inside-directory.js';
import { Task } from '../src/runtime/task.js';

const properties = strictObject(() => ({
  ...connection,
  directory: directoryInside('the working directory')
    .default('')
    .describe('Directory below the working directory; the working directory itself when absent.'),
  branch: z.string().min(1).optional().describe("Branch to check out; the remote's default when absent."),
  depth: integer(0).default(1).describe('Commits of history to bring; 0 brings all of it.'),
  commit: z
    .string()
    .regex(/^[0-9a-fA-F]{4,40}$/, 'must be a commit id of 4 to 40 hex digits')
    .optional()
    .describe('Commit to check out, detached; short ids are allowed.'),
  tag: z.string().min(1).optional().describe('Tag to check out, detached.'),
  cloneAllBranches: bool()
    .optional()
    .describe('Fetch every branch. Kestra has true here; it costs a full fetch of each of them.'),
  ...verification,
  noTags: bool().default(false).describe('Fetch no tags.'),
}));

type Properties = z.output<typeof properties>;

const output = object(() => ({
  directory: z.string().describe('Absolute path of the clone.'),
  commitId: z.string().describe('The commit that is checked out; empty for a repository without commits.'),
}));

/** `git.Clone`: brings a repository into the working directory. */
export class Clone extends Task<typeof properties, z.output<typeof output>> {
  static readonly type = 'git.Clone';
  static readonly title = 'Clone a repository into the working directory.';
  static readonly properties = properties;
  static readonly output = output;
  static readonly examples = [
    {
      title: 'Clone a branch for the tasks that follow in the same working directory.',
      flow: `id: git_clone
namespace: company.team

tasks:
  - id: files
    type: io.kestra.plugin.core.flow.WorkingDirectory
    tasks:
      - id: clone
        type: git.Clone
        url: https://github.com/company/scripts
        branch: main
`,
    },
  ];

  async run(context: RunContext): Promise<z.output<typeof output>> {
    const resolved = await this.resolve(context);
    refuseContradictions(resolved);
    const directory = await insideDirectory(await context.workingDirectory.path(), resolved.directory);
    return withRemote(context, resolved, async (remote) => {
      const { branch, commit, depth, noTags, gitConfig, cloneAllBranches: allBranches = false } = resolved;
      // As in Kestra, a commit is the more exact of the two.
      const tag = commit === undefined ? resolved.tag : undefined;
      const clone = await remote.clone({
        directory,
        branch,
        commit,
        tag,
        depth,
        noTags,
        gitConfig,
        allBranches,
        verify: resolved.verify,
      });
      context.logger.info({ directory, commit: clone.commit, files: clone.files }, 'repository cloned');
      return { directory, commitId: clone.commit };
    });
  }
}

/** Whatever cannot work is said before anything is asked of the network. */
function refuseContradictions(properties: Properties): void {
  const { branch, tag, commit, noTags, cloneAllBranches } = properties;
  if (tag !== undefined && noTags) {
    throw new InvalidPropertiesError('git.Clone: "tag" cannot be checked out with "noTags: true".', {
      hint: 'Leave "noTags" out.',
    });
  }
  if (cloneAllBranches === false && branch === undefined && tag === undefined && commit === undefined) {
    throw new InvalidPropertiesError(
      'git.Clone: "cloneAllBranches: false" says to clone one branch, but none is named.',
      {
        hint: 'Set "branch", or leave "cloneAllBranches" out to clone the default branch.',
      },
    );
  }
}

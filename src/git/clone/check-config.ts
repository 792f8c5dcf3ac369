import { InvalidPropertiesError } from '../../errors.js';
import { type GitConfig, splitConfigKey } from './encode-config.js';

const runsCommands = 'can make git run a command';
const redirects = 'can send git to other files, hosts or credentials';
const structure = 'is for the clone itself to decide';

/** By section: all of its keys. */
const refusedSections: Readonly<Record<string, string>> = {
  alias: runsCommands,
  browser: runsCommands,
  difftool: runsCommands,
  filter: runsCommands,
  gui: runsCommands,
  guitool: runsCommands,
  hook: runsCommands,
  imap: runsCommands,
  instaweb: runsCommands,
  man: runsCommands,
  mergetool: runsCommands,
  pager: runsCommands,
  sendemail: runsCommands,
  tar: runsCommands,
  trailer: runsCommands,
  web: runsCommands,
  credential: redirects,
  include: redirects,
  includeif: redirects,
  protocol: redirects,
  remote: redirects,
  safe: redirects,
  url: redirects,
  extensions: structure,
};

/** By the last part of a key, in whatever section it stands. */
const refusedNames: readonly [pattern: RegExp, reason: string][] = [
  [
    /(command|cmd|program|editor|driver|textconv|external|helper|filter|hook|hookspath|pager|askpass)$/,
    runsCommands,
  ],
  [/^(fsmonitor|templatedir|uploadpack|receivepack|update|path|process|clean|smudge|args)$/, runsCommands],
  [
    /(proxy|url|extraheader|cookiefile|resolve|pushremote|remote|worktree|attributesfile|excludesfile)$/,
    redirects,
  ],
  [/^(bare|repositoryformatversion)$/, structure],
];

/**
 * Checks configuration that a flow wants in a clone. Later programs run git there, so what it says must not reach
 * beyond the clone: this refuses by what a key means, wherever git may one day read it.
 * @throws InvalidPropertiesError
 */
export function checkConfig(config: GitConfig): void {
  for (const [key, value] of Object.entries(config)) {
    const { section, name } = splitConfigKey(key);
    const reason =
      refusedSections[section] ??
      refusedNames.find(([pattern]) => pattern.test(name))?.[1] ??
      (String(value).startsWith('!') ? runsCommands : null);
    if (reason === null) continue;
    throw new InvalidPropertiesError(
      `The git configuration key ${JSON.stringify(key)} is refused: it ${reason}.`,
      {
        hint: 'Take it out of "gitConfig". Where it is really wanted, set it on the machine that runs git.',
        data: { key },
      },
    );
  }
}

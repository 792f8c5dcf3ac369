import { InvalidPropertiesError } from '../../errors.js';

/** What git-check-ref-format(1) forbids in a branch name, and how to say it. */
const rules: readonly [pattern: RegExp, reason: string][] = [
  [/^$/, 'is empty'],
  [/[\p{Cc}\p{Surrogate}]/u, 'holds a control character'],
  [/[ ~^:?*[\\]/, 'holds a space or one of ~ ^ : ? * [ \\'],
  [/^\/|\/$|\/\//, 'has an empty part between slashes'],
  [/(^|\/)\./, 'has a part that begins with a dot'],
  [/\.lock(\/|$)/, 'has a part that ends with ".lock"'],
  [/\.\.|\.$/, 'holds ".." or ends with a dot'],
  [/@\{|^@$/, 'holds "@{" or is "@"'],
  [/^-/, 'begins with a dash'],
  [/^HEAD$/, 'is "HEAD"'],
  [/^refs\//, 'is a full ref name: give the part after "refs/heads/"'],
];

/** @throws InvalidPropertiesError when git would not create a branch of that name */
export function checkBranchName(branch: string): void {
  const broken = rules.find(([pattern]) => pattern.test(branch));
  if (broken === undefined) return;
  throw new InvalidPropertiesError(`${JSON.stringify(branch)} is no branch name: it ${broken[1]}.`, {
    hint: 'Set "branch" to a name that "git check-ref-format --branch" accepts.',
    data: { branch },
  });
}

import { InvalidPropertiesError } from '../../errors.js';
import { refNameRules } from '../ref-name.js';

/** What a branch's name must not be, and how to say it. */
const rules: typeof refNameRules = [
  ...refNameRules,
  [/^-/, 'begins with a dash'],
  [/^HEAD$/, 'is "HEAD"'],
  [/^refs\//, 'is a full ref name: give the part after "refs/heads/"'],
];

/** Whether git would create a branch of that name. */
export function isBranchName(branch: string): boolean {
  return !rules.some(([pattern]) => pattern.test(branch));
}

/** @throws InvalidPropertiesError when git would not create a branch of that name */
export function checkBranchName(branch: string): void {
  const broken = rules.find(([pattern]) => pattern.test(branch));
  if (broken === undefined) return;
  throw new InvalidPropertiesError(`${JSON.stringify(branch)} is no branch name: it ${broken[1]}.`, {
    hint: 'Set "branch" to a name that "git check-ref-format --branch" accepts.',
    data: { branch },
  });
}

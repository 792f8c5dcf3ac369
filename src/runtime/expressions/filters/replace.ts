import type { FilterDefinition } from '../arguments.js';
import { Fault } from '../fault.js';
import type { Toolbox } from '../scope.js';
import { describeKind, isMap, mapEntries } from '../values/kinds.js';
import { printValue } from '../values/print.js';
import { compileRegex, type Regex } from '../values/regex.js';
import { replaceMatches, splitByMatches } from '../values/regex-edits.js';
import { mapTexts } from './map-texts.js';
import { joinBounded } from './text.js';

const UNESCAPED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/**
 * `replace({'from': 'to', …}, regexp=false)` of Kestra, pair by pair, in lists and maps too. Published flows also
 * write `replace('from', 'to')`, which Kestra refuses; there `\n`, `\t`, `\"` and `\\` mean what their authors expect,
 * because no Kestra behaviour stands against it.
 */
const replace: FilterDefinition = {
  parameters: ['replace_pairs', 'regexp'],
  required: 1,
  apply: async (input, args, tools) => {
    const pairs = args.value('replace_pairs');
    const second = args.value('regexp');
    if (typeof pairs === 'string' && typeof second === 'string') {
      const [from, to] = [unescapeText(pairs), unescapeText(second)];
      return mapTexts(input, tools.budget, (text) => replaceLiteral(text, from, to, tools.budget));
    }
    if (!isMap(pairs)) {
      throw new Fault(`"replace" needs a map of replacements, not ${describeKind(pairs)}`, {
        hint: `Write replace({'old': 'new'}).`,
      });
    }
    const changes = mapEntries(pairs).map(([from, to]) => ({ from, to: printValue(to, tools.budget) }));
    const regexes =
      args.flag('regexp') === true ? await Promise.all(changes.map(({ from }) => compileRegex(from))) : [];
    return mapTexts(input, tools.budget, (text) =>
      changes.reduce((done, { from, to }, index) => {
        const regex: Regex | undefined = regexes[index];
        return regex === undefined
          ? replaceLiteral(done, from, to, tools.budget)
          : replaceMatches(regex, done, to, tools.budget);
      }, text),
    );
  },
};

const regexReplace: FilterDefinition = {
  parameters: ['regex', 'replacement'],
  required: 2,
  apply: async (input, args, tools) => {
    const regex = await compileRegex(args.requiredText('regex'));
    return replaceMatches(
      regex,
      printValue(input, tools.budget),
      args.requiredText('replacement'),
      tools.budget,
    );
  },
};

const regexMatch: FilterDefinition = {
  parameters: ['regex'],
  required: 1,
  takesNull: true,
  apply: async (input, args, tools) => {
    if (input === null) return false;
    const regex = await compileRegex(args.requiredText('regex'));
    return regex.find(printValue(input, tools.budget), tools.budget).next().done !== true;
  },
};

const regexExtract: FilterDefinition = {
  parameters: ['regex', 'group'],
  required: 1,
  apply: async (input, args, tools) => {
    const regex = await compileRegex(args.requiredText('regex'));
    const [match] = regex.find(printValue(input, tools.budget), tools.budget);
    if (match === undefined) return null;
    const group = args.integer('group') ?? 0;
    if (group === 0) return match.text;
    const found = match.groups[group - 1];
    if (found === undefined) throw new Fault(`the regular expression has no group ${group}`);
    return found.text;
  },
};

/** Java's `String.split`: by a regular expression, and empty texts at the end are dropped unless `limit` is given. */
const split: FilterDefinition = {
  parameters: ['delimiter', 'limit'],
  required: 1,
  apply: async (input, args, tools) => {
    const text = printValue(input, tools.budget);
    const limit = args.integer('limit') ?? 0;
    const regex = await compileRegex(args.requiredText('delimiter'));
    const pieces = splitByMatches(regex, text, Math.max(limit, 0), tools.budget);
    if (limit === 0) while (pieces.length > 1 && pieces.at(-1) === '') pieces.pop();
    return pieces;
  },
};

export const REPLACE_FILTERS: Readonly<Record<string, FilterDefinition>> = {
  replace,
  regexReplace,
  regexMatch,
  regexExtract,
  split,
};

function replaceLiteral(text: string, from: string, to: string, budget: Toolbox['budget']): string {
  if (from === '') throw new Fault('"replace" cannot look for empty text');
  return joinBounded(text.split(from), to, budget);
}

function unescapeText(text: string): string {
  return text.replaceAll(/\\(.)/gs, (whole, character: string) => {
    if (character === '\\' || character === '"' || character === "'") return character;
    return UNESCAPED[character] ?? whole;
  });
}

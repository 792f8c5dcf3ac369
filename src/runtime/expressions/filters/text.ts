import type { FilterDefinition } from '../arguments.js';
import { Fault } from '../fault.js';
import type { Toolbox } from '../scope.js';
import { describeKind } from '../values/kinds.js';
import { printValue } from '../values/print.js';
import { mapTexts } from './map-texts.js';

/** A filter of one text without arguments. */
function plain(change: (text: string) => string): FilterDefinition {
  return { parameters: [], apply: (input, _args, tools) => change(printValue(input, tools.budget)) };
}

/** A filter of text by a separator. */
function substring(cut: (text: string, separator: string) => string): FilterDefinition {
  return {
    parameters: ['separator'],
    required: 1,
    apply: (input, args, tools) => cut(printValue(input, tools.budget), args.requiredText('separator')),
  };
}

function comparison(holds: (text: string, value: string) => boolean): FilterDefinition {
  return {
    parameters: ['value'],
    required: 1,
    apply: (input, args, tools) =>
      holds(printValue(input, tools.budget), printValue(args.value('value'), tools.budget)),
  };
}

const abbreviate: FilterDefinition = {
  parameters: ['length'],
  required: 1,
  apply: (input, args, tools) => {
    const text = printValue(input, tools.budget);
    const width = args.requiredInteger('length');
    if (width < 0) throw new Fault('the argument "length" of "abbreviate" must not be negative');
    if (text.length < width || text.length <= 3) return text;
    return width <= 3 ? text.slice(0, width) : `${text.slice(0, width - 3)}...`;
  },
};

/** Kestra indents all lines but the first; `nindent` puts a line end in front and indents all. */
function indent(startsNewLine: boolean): FilterDefinition {
  return {
    parameters: ['amount', 'prefix'],
    required: 1,
    apply: (input, args, tools) => {
      const text = printValue(input, tools.budget);
      const amount = args.requiredInteger('amount');
      if (amount < 0) throw new Fault('the argument "amount" must not be negative');
      const prefix = args.text('prefix') ?? ' ';
      tools.budget.fits(prefix.length * amount);
      const lineEnd = /\r\n|\n\r|\n|\r/.exec(text)?.[0] ?? '\n';
      const whole = startsNewLine && text !== '' ? lineEnd + text : text;
      return joinBounded(whole.split(lineEnd), lineEnd + prefix.repeat(amount), tools.budget);
    },
  };
}

/** Joins pieces after making sure that the result fits. */
export function joinBounded(pieces: readonly string[], separator: string, budget: Toolbox['budget']): string {
  let length = separator.length * Math.max(0, pieces.length - 1);
  for (const piece of pieces) length += piece.length;
  budget.fits(length);
  return pieces.join(separator);
}

const ESCAPES: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['single', ["'", "\\'"]],
  ['double', ['"', '\\"']],
  ['shell', ["'", "'\\''"]],
]);

const escapeChar: FilterDefinition = {
  parameters: ['type'],
  required: 1,
  apply: (input, args, tools) => {
    const [from, to] = ESCAPES.get(args.requiredText('type').toLowerCase()) ?? [];
    if (from === undefined || to === undefined) {
      throw new Fault('the argument "type" of "escapeChar" must be "single", "double" or "shell"');
    }
    return mapTexts(input, tools.budget, (text) => joinBounded(text.split(from), to, tools.budget));
  },
};

const urldecode = plain((text) => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new Fault('the text is not URL-encoded');
  }
});

/** Letters, digits, `.`, `-`, `*` and `_` stay; a space becomes `+`, as in forms and in Java's URLEncoder. */
function urlencode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

function slugify(text: string): string {
  const letters = text
    .replaceAll(/\s/g, '-')
    .normalize('NFD')
    .replaceAll(/[^\w-]/g, '');
  return letters.replaceAll(/[_-]+/g, '-').replace(/^-/, '').replace(/-$/, '').toLowerCase();
}

function cutAt(
  text: string,
  at: number,
  length: number,
  side: 'before' | 'after',
  otherwise: string,
): string {
  if (at < 0) return otherwise;
  return side === 'before' ? text.slice(0, at) : text.slice(at + length);
}

/** Filters of text. Anything else is printed first. */
export const TEXT_FILTERS: Readonly<Record<string, FilterDefinition>> = {
  abbreviate,
  capitalize: plain((text) => text.replace(/\S/u, (letter) => letter.toUpperCase())),
  endsWith: comparison((text, value) => text.endsWith(value)),
  escapeChar,
  indent: indent(false),
  lower: plain((text) => text.toLowerCase()),
  nindent: indent(true),
  slugify: plain(slugify),
  startsWith: comparison((text, value) => text.startsWith(value)),
  substringAfter: substring((text, by) => cutAt(text, text.indexOf(by), by.length, 'after', '')),
  substringAfterLast: substring((text, by) => cutAt(text, text.lastIndexOf(by), by.length, 'after', '')),
  substringBefore: substring((text, by) => cutAt(text, text.indexOf(by), by.length, 'before', text)),
  substringBeforeLast: substring((text, by) => cutAt(text, text.lastIndexOf(by), by.length, 'before', text)),
  title: plain((text) =>
    text.replaceAll(/\S+/gu, (word) => word.replace(/^./u, (letter) => letter.toUpperCase())),
  ),
  trim: plain((text) => text.trim()),
  upper: plain((text) => text.toUpperCase()),
  urldecode,
  urlencode: {
    parameters: [],
    apply: (input) => {
      if (typeof input !== 'string')
        throw new Fault(`"urlencode" needs a string, not ${describeKind(input)}`);
      return urlencode(input);
    },
  },
};

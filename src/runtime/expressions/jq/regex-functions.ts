import type { RegexMatch } from '../values/regex.js';
import type { FilterFunction } from './arguments.js';
import { type JqItem, type JqRun, made, valuesOf } from './machine.js';
import type { JqFilter } from './nodes.js';
import { JqError, type Json, objectOf, typeOf } from './values.js';

const NOTHING: JqFilter = { kind: 'literal', value: null };

/** Every match of the pattern and flags in the arguments; a pattern may also be `[pattern, flags]`. */
function* matches(args: readonly JqFilter[], input: JqItem, run: JqRun): Generator<RegexMatch[]> {
  const { value } = input;
  if (typeof value !== 'string')
    throw new JqError(`${typeOf(value)} cannot be matched against a regular expression`);
  const [pattern = NOTHING, flags = NOTHING] = args;
  for (const given of valuesOf(flags, input, run)) {
    for (const source of valuesOf(pattern, input, run)) {
      const [regex, options] = Array.isArray(source) ? [source[0], source[1]] : [source, given];
      if (typeof regex !== 'string') throw new JqError('a regular expression must be a string');
      const letters = typeof options === 'string' ? options : '';
      yield findAll(regex, letters, value, run);
    }
  }
}

function findAll(pattern: string, flags: string, text: string, run: JqRun): RegexMatch[] {
  if (!/^[gins]*$/.test(flags))
    throw new JqError('a regular expression can have the flags g, i, n and s only');
  const regex = run.regex?.(pattern, { ignoreCase: flags.includes('i'), dotAll: flags.includes('s') });
  const found: RegexMatch[] = [];
  for (const one of regex?.find(text, run.budget) ?? []) {
    if (flags.includes('n') && one.text === '') continue;
    found.push(one);
    if (!flags.includes('g')) break;
  }
  return found;
}

function* test(args: readonly JqFilter[], input: JqItem, run: JqRun): Generator<JqItem> {
  for (const found of matches(args, input, run)) yield made(found.length > 0);
}

function* match(args: readonly JqFilter[], input: JqItem, run: JqRun): Generator<JqItem> {
  for (const found of matches(args, input, run)) for (const one of found) yield made(describe(one));
}

function* capture(args: readonly JqFilter[], input: JqItem, run: JqRun): Generator<JqItem> {
  for (const found of matches(args, input, run)) for (const one of found) yield made(named(one));
}

/** All matches: their text, or their groups when there are some. */
function* scan(args: readonly JqFilter[], input: JqItem, run: JqRun): Generator<JqItem> {
  for (const found of matches(withFlag(args, 'g'), input, run)) {
    for (const one of found)
      yield made(one.groups.length === 0 ? one.text : one.groups.map((group) => group.text));
  }
}

function* splits(args: readonly JqFilter[], input: JqItem, run: JqRun): Generator<JqItem> {
  for (const found of matches(withFlag(args, 'g'), input, run)) {
    let at = 0;
    for (const { offset, text } of found) {
      yield made(String(input.value).slice(at, offset));
      at = offset + text.length;
    }
    yield made(String(input.value).slice(at));
  }
}

/** `sub(pattern; replacement)`: the replacement sees the named groups as an object. */
function substitute(all: boolean): FilterFunction {
  return function* (args, input, run) {
    const [pattern = NOTHING, replacement = NOTHING, flags] = args;
    const withFlags = flags === undefined ? [pattern] : [pattern, flags];
    for (const found of matches(all ? withFlag(withFlags, 'g') : withFlags, input, run)) {
      let result = '';
      let at = 0;
      for (const one of found) {
        const [text] = [...valuesOf(replacement, made(named(one)), run)];
        if (typeof text !== 'string') throw new JqError('a replacement must be a string');
        result += String(input.value).slice(at, one.offset) + text;
        run.budget.fits(result.length);
        at = one.offset + one.text.length;
      }
      yield made(result + String(input.value).slice(at));
    }
  };
}

export const REGEX_FUNCTIONS: readonly (readonly [string, FilterFunction])[] = [
  ['test/1', test],
  ['test/2', test],
  ['match/1', match],
  ['match/2', match],
  ['capture/1', capture],
  ['capture/2', capture],
  ['scan/1', scan],
  ['splits/1', splits],
  ['sub/2', substitute(false)],
  ['sub/3', substitute(false)],
  ['gsub/2', substitute(true)],
  ['gsub/3', substitute(true)],
];

/** The arguments with one more flag. */
function withFlag(args: readonly JqFilter[], flag: string): JqFilter[] {
  const [pattern = NOTHING, flags] = args;
  const added: JqFilter = { kind: 'literal', value: flag };
  return [
    pattern,
    flags === undefined ? added : { kind: 'operate', operator: '+', left: flags, right: added },
  ];
}

function named(found: RegexMatch): Json {
  return objectOf(found.groups.flatMap(({ name, text }) => (name === null ? [] : [[name, text] as const])));
}

function describe(found: RegexMatch): Json {
  const { offset, text } = found;
  const captures = found.groups.map((group) => ({ ...place(group.offset, group.text), name: group.name }));
  return { ...place(offset, text), captures };
}

function place(offset: number, text: string | null) {
  return { offset, length: [...(text ?? '')].length, string: text };
}

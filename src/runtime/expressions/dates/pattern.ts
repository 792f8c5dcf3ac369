import { Fault } from '../fault.js';

/** One piece of a `DateTimeFormatter` pattern. */
export type PatternPart =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'field'; readonly letter: string; readonly count: number }
  | { readonly kind: 'optional'; readonly parts: readonly PatternPart[] };

/** Letters and the most of each that make sense. Java reserves every other letter, so each is an error here too. */
const LONGEST_FIELD: ReadonlyMap<string, number> = new Map([
  ['G', 5],
  ['u', 9],
  ['y', 9],
  ['Y', 9],
  ['Q', 4],
  ['q', 4],
  ['M', 5],
  ['L', 5],
  ['w', 2],
  ['d', 2],
  ['D', 3],
  ['E', 5],
  ['e', 5],
  ['a', 1],
  ['H', 2],
  ['k', 2],
  ['K', 2],
  ['h', 2],
  ['m', 2],
  ['s', 2],
  ['S', 9],
  ['n', 9],
  ['V', 2],
  ['z', 4],
  ['O', 4],
  ['X', 5],
  ['x', 5],
  ['Z', 5],
]);
const LONGEST_PATTERN = 200;

/** Reads a pattern such as `yyyy-MM-dd'T'HH:mm[:ss]XXX`. Quoted text, and all that is not a letter, stands for itself. */
export function parsePattern(pattern: string): PatternPart[] {
  if (pattern.length > LONGEST_PATTERN) throw new Fault('the date format is too long');
  const stack: PatternPart[][] = [[]];
  const add = (part: PatternPart): void => {
    stack.at(-1)?.push(part);
  };
  for (let at = 0; at < pattern.length; ) {
    const character = pattern.charAt(at);
    if (character === "'") {
      const { value, end } = readQuoted(pattern, at);
      add({ kind: 'text', value });
      at = end;
    } else if (/[a-zA-Z]/.test(character)) {
      let count = 1;
      while (pattern[at + count] === character) count++;
      add(field(character, count, pattern));
      at += count;
    } else if (character === '[') {
      stack.push([]);
      at++;
    } else if (character === ']') {
      const parts = stack.pop();
      if (parts === undefined || stack.length === 0)
        throw new Fault(`"]" in the date format "${pattern}" has no "["`);
      add({ kind: 'optional', parts });
      at++;
    } else {
      add({ kind: 'text', value: character });
      at++;
    }
  }
  const [parts = [], ...unclosed] = stack;
  if (unclosed.length > 0) throw new Fault(`"[" in the date format "${pattern}" is never closed`);
  return parts;
}

function field(letter: string, count: number, pattern: string): PatternPart {
  const longest = LONGEST_FIELD.get(letter);
  if (longest === undefined) {
    throw new Fault(`"${letter}" has no meaning in the date format "${pattern}"`, {
      hint: `Put letters that stand for themselves between quotes: '${letter}'.`,
    });
  }
  const isOddZone = letter === 'V' && count !== 2;
  if (count > longest || isOddZone) {
    throw new Fault(`"${letter.repeat(count)}" has no meaning in the date format "${pattern}"`);
  }
  return { kind: 'field', letter, count };
}

/** Text between quotes. Two quotes are one, inside and outside. */
function readQuoted(pattern: string, start: number): { value: string; end: number } {
  let value = '';
  for (let at = start + 1; at < pattern.length; at++) {
    if (pattern[at] !== "'") {
      value += pattern.charAt(at);
    } else if (pattern[at + 1] === "'") {
      value += "'";
      at++;
    } else {
      return { value: at === start + 1 ? "'" : value, end: at + 1 };
    }
  }
  throw new Fault(`a quote in the date format "${pattern}" is never closed`);
}

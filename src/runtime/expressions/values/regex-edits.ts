import { Fault } from '../fault.js';
import type { Toolbox } from '../scope.js';
import type { Regex, RegexMatch } from './regex.js';

type Budget = Toolbox['budget'];
type ReplacementPart = string | { readonly group: number | string };

/** All matches replaced; `$1` and `${name}` stand for groups, and `\` makes the next character plain, as in Java. */
export function replaceMatches(regex: Regex, text: string, replacement: string, budget: Budget): string {
  const parts = readReplacement(replacement);
  let result = '';
  let at = 0;
  for (const match of regex.find(text, budget)) {
    const filled = parts.map((part) => (typeof part === 'string' ? part : groupText(match, part.group)));
    result += text.slice(at, match.offset) + filled.join('');
    budget.fits(result.length);
    at = match.offset + match.text.length;
  }
  budget.fits(result.length + text.length - at);
  return result + text.slice(at);
}

/** The texts between matches, at most `limit` of them when it is not 0; no empty text before a match of nothing. */
export function splitByMatches(regex: Regex, text: string, limit: number, budget: Budget): string[] {
  const pieces: string[] = [];
  let at = 0;
  for (const match of regex.find(text, budget)) {
    if (limit > 0 && pieces.length === limit - 1) break;
    const end = match.offset + match.text.length;
    if (end === 0 || (match.text === '' && end === text.length)) continue;
    pieces.push(text.slice(at, match.offset));
    at = end;
  }
  pieces.push(text.slice(at));
  return pieces;
}

function readReplacement(replacement: string): ReplacementPart[] {
  const parts: ReplacementPart[] = [];
  for (const [, escaped, index, name, text] of replacement.matchAll(
    /\\(.)|\$(\d)|\$\{(\w+)\}|([^\\$]+|[\\$])/gs,
  )) {
    if (index !== undefined) parts.push({ group: Number(index) });
    else if (name !== undefined) parts.push({ group: name });
    else parts.push(escaped ?? text ?? '');
  }
  return parts;
}

function groupText(match: RegexMatch, group: number | string): string {
  if (group === 0) return match.text;
  const found =
    typeof group === 'number'
      ? match.groups[group - 1]
      : match.groups.find((candidate) => candidate.name === group);
  if (found === undefined) throw new Fault(`the regular expression has no group "${group}"`);
  return found.text ?? '';
}

import { Fault } from '../fault.js';
import { LIMITS } from '../limits.js';

export type JqToken =
  | { readonly type: 'name' | 'field' | 'variable' | 'format' | 'symbol'; readonly value: string }
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'text'; readonly parts: readonly (string | readonly JqToken[])[] }
  | { readonly type: 'end' };

const SKIPPED = /(?:\s+|#[^\n]*)*/y;
const PIECE =
  /(?<number>\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)|\.(?<field>[A-Za-z_]\w*)|\$(?<variable>[A-Za-z_]\w*)|@(?<format>\w+)|(?<name>[A-Za-z_]\w*)|(?<symbol>\.\.|\?\/\/|\/\/=|\/\/|\|=|[-+*/%]=|[=!<>]=|[-+*/%=<>|,.:;?()[\]{}])/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '/': '/' };

/** Tokens of a jq program. */
export function scanJq(program: string): JqToken[] {
  const { tokens, end } = scanUntil(program, 0, null, 0);
  if (end < program.length) throw new Fault('")" in the jq program has no "("');
  return tokens;
}

/** With `closer`, stops behind the bracket that closes an interpolation. */
function scanUntil(
  program: string,
  start: number,
  closer: ')' | null,
  depth: number,
): { tokens: JqToken[]; end: number } {
  if (depth > LIMITS.nesting) throw new Fault('the jq program is nested too deeply');
  const tokens: JqToken[] = [];
  let open = 0;
  for (let at = start; ; ) {
    SKIPPED.lastIndex = at;
    at += SKIPPED.exec(program)?.[0].length ?? 0;
    if (at >= program.length) {
      if (closer !== null) throw new Fault('"\\(" in the jq program is never closed');
      tokens.push({ type: 'end' });
      return { tokens, end: at };
    }
    if (program[at] === '"') {
      const text = scanText(program, at, depth);
      tokens.push(text.token);
      at = text.end;
      continue;
    }
    PIECE.lastIndex = at;
    const found = PIECE.exec(program);
    if (found === null) throw new Fault(`"${program.charAt(at)}" is not part of a jq program`);
    if (found[0] === '(') open++;
    if (found[0] === ')' && open-- === 0) {
      if (closer === null) return { tokens, end: at };
      tokens.push({ type: 'end' });
      return { tokens, end: at + 1 };
    }
    tokens.push(tokenOf(found.groups ?? {}));
    at += found[0].length;
  }
}

function tokenOf(groups: Record<string, string | undefined>): JqToken {
  const { number, field, variable, format, name, symbol = '' } = groups;
  if (number !== undefined) return { type: 'number', value: Number(number) };
  if (field !== undefined) return { type: 'field', value: field };
  if (variable !== undefined) return { type: 'variable', value: variable };
  if (format !== undefined) return { type: 'format', value: format };
  return name === undefined ? { type: 'symbol', value: symbol } : { type: 'name', value: name };
}

function scanText(program: string, start: number, depth: number): { token: JqToken; end: number } {
  const parts: (string | readonly JqToken[])[] = [];
  let text = '';
  for (let at = start + 1; at < program.length; ) {
    const character = program.charAt(at);
    if (character === '"') {
      parts.push(text);
      return { token: { type: 'text', parts }, end: at + 1 };
    }
    if (character !== '\\') {
      text += character;
      at++;
    } else if (program[at + 1] === '(') {
      const inner = scanUntil(program, at + 2, ')', depth + 1);
      parts.push(text, inner.tokens);
      text = '';
      at = inner.end;
    } else {
      const escaped = readEscape(program, at + 1);
      text += escaped.text;
      at += escaped.length + 1;
    }
  }
  throw new Fault('a string in the jq program is never closed');
}

function readEscape(program: string, at: number): { text: string; length: number } {
  const letter = program.charAt(at);
  const code = /^u([0-9a-fA-F]{4})/.exec(program.slice(at, at + 5))?.[1];
  if (code !== undefined) return { text: String.fromCharCode(Number.parseInt(code, 16)), length: 5 };
  const text = letter === '"' || letter === '\\' ? letter : ESCAPES[letter];
  if (text === undefined) throw new Fault(`"\\${letter}" is not an escape in a jq string`);
  return { text, length: 1 };
}

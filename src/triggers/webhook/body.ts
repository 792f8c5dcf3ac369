import { InvalidWebhookError } from '../../errors.js';

/** Nothing that is sent on purpose comes near; what reads the value later may go down by recursion. */
const maxDepth = 100;

/**
 * A body as expressions see it: a map or a list when it is JSON of one, otherwise its text; base64 of what is no text.
 * @throws InvalidWebhookError when it is nested too deeply
 */
export function readBody(bytes: Uint8Array): unknown {
  const text = textOf(bytes);
  if (text === null) return Buffer.from(bytes).toString('base64');
  return /^\s*[[{]/.test(text) ? (parseJson(text) ?? text) : text;
}

/**
 * The value of a JSON text, undefined when it is none. Keys that could reach an object's prototype are left out.
 * @throws InvalidWebhookError when it is nested too deeply, or holds a text that no database keeps
 */
export function parseJson(text: string): unknown {
  refuseDeep(text);
  // Any character may be written as an escape.
  const isHarmless = !text.includes('__proto__') && !text.includes('\\u');
  try {
    return isHarmless ? JSON.parse(text) : JSON.parse(text, checked);
  } catch (error) {
    if (error instanceof InvalidWebhookError) throw error;
    return undefined;
  }
}

/** Null when the bytes are no UTF-8, or hold a NUL. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}

function checked(key: string, value: unknown): unknown {
  refuseUnstorable(key);
  if (typeof value === 'string') refuseUnstorable(value);
  return key === '__proto__' ? undefined : value;
}

/** PostgreSQL keeps neither NUL nor half of a surrogate pair. */
export function refuseUnstorable(text: string): void {
  if (!/\0|\p{Surrogate}/u.test(text)) return;
  throw new InvalidWebhookError('The request holds a NUL character, or half of a surrogate pair.');
}

/** Counts brackets outside of strings, before a parser sees the text. */
function refuseDeep(text: string): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (inString && character === '\\') at++;
    else if (character === '"') inString = !inString;
    else if (inString) continue;
    else if (character === '[' || character === '{') depth++;
    else if (character === ']' || character === '}') depth--;
    if (depth > maxDepth) {
      throw new InvalidWebhookError(`The body is nested more than ${maxDepth} levels deep.`);
    }
  }
}

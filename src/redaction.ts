const mask = '******';
/** Shorter values would mask ordinary text everywhere; they are masked only where they are the whole value. */
const minPartialLength = 4;

/** User names that hosts prescribe for tokens and keys; they say nothing about anybody. */
const publicUserNames = new Set(['git', 'oauth2', 'x-access-token', 'x-token-auth']);

/**
 * What stands before the last `@` of a URL's authority. A password with an unescaped `/`, `?` or `#` ends the authority
 * too early; it is told by what follows the colon, which is no port.
 */
const userInfo = /([^/?#\s]*|[^/?#\s:@[]*:(?!\d*(?:[/?#]|$))\S*)@/.source;
const userInfoPattern = new RegExp(`^[a-z][a-z0-9+.-]*://${userInfo}`, 'i');
/** In a URL that was mistyped where it begins, as in `https//`, `https;//`, `postgres:/` or without a scheme. */
const mistypedPattern = new RegExp(
  `^["'\\s]*(?:(?:https?|postgres(?:ql)?|ssh)(?:[:;]/{0,3}|/{1,3})|//(?=[^/\\s]*:))${userInfo}`,
  'i',
);

/**
 * Knows the secrets of one run and masks them in whatever leaves it: logs, errors, outputs, diffs, progress.
 * Beside the value itself it masks its base64 (also inside a longer base64 text, as in an `Authorization` header),
 * URL-encoded and JSON-escaped forms, each line of a value that has several, and all of that in whatever letter case.
 */
export class Redactor {
  readonly #whole = new Set<string>();
  readonly #parts = new Set<string>();
  #pattern: RegExp | null = null;

  /** Whether anything is to be masked. */
  get hasSecrets(): boolean {
    return this.#whole.size > 0;
  }

  /** Takes a secret. Empty values are ignored. */
  register(secret: string): void {
    // Secrets that were read from files end with a line end that nobody sends.
    for (const value of [secret, secret.trim()]) {
      if (value === '' || this.#whole.has(value)) continue;
      this.#whole.add(value);
      for (const form of forms(value)) {
        if (form.length >= minPartialLength) this.#parts.add(form);
      }
      this.#pattern = null;
    }
  }

  /** Takes the user-info of a URL: the password, and the user name too, which may be a token. */
  registerUrl(text: string): void {
    const found = (userInfoPattern.exec(text) ?? mistypedPattern.exec(text))?.[1];
    if (found === undefined) return;
    const colon = found.indexOf(':');
    const parts = colon === -1 ? [found] : [found.slice(0, colon), found.slice(colon + 1)];
    for (const part of parts) {
      if (publicUserNames.has(part)) continue;
      this.register(part);
      this.register(decodePercent(part));
    }
  }

  redact(text: string): string {
    if (this.#whole.size === 0) return text;
    if (this.#whole.has(text)) return mask;
    this.#pattern ??= this.#compile();
    const pattern = this.#pattern;
    let masked = '';
    let end = 0;
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      if (match.index >= end) masked += text.slice(end, match.index) + mask;
      end = Math.max(end, match.index + match[0].length);
      // The next secret may begin inside this one and reach beyond it.
      pattern.lastIndex = match.index + 1;
    }
    return masked + text.slice(end);
  }

  /** A deep copy with every string masked, keys included. Errors become plain objects. */
  redactValue<T>(value: T): T {
    return this.#whole.size === 0 ? value : (this.#copy(value, new WeakMap()) as T);
  }

  #copy(value: unknown, seen: WeakMap<object, unknown>): unknown {
    if (typeof value === 'string') return this.redact(value);
    if (typeof value === 'number' || typeof value === 'bigint') {
      return this.#whole.has(String(value)) ? mask : value;
    }
    if (value === null || typeof value !== 'object' || value instanceof Date) return value;
    const known = seen.get(value);
    if (known !== undefined) return known;
    if (Array.isArray(value)) {
      const copy: unknown[] = [];
      seen.set(value, copy);
      for (const item of value) copy.push(this.#copy(item, seen));
      return copy;
    }
    if (value instanceof Uint8Array) return value;
    if (value instanceof Map) {
      const copy = new Map<unknown, unknown>();
      seen.set(value, copy);
      for (const [key, item] of value) copy.set(this.#copy(key, seen), this.#copy(item, seen));
      return copy;
    }
    if (value instanceof Set) {
      const copy = new Set<unknown>();
      seen.set(value, copy);
      for (const item of value) copy.add(this.#copy(item, seen));
      return copy;
    }
    const copy: Record<string, unknown> = {};
    seen.set(value, copy);
    for (const name of namesOf(value)) {
      Object.defineProperty(copy, this.redact(name), {
        value: this.#copy((value as Record<string, unknown>)[name], seen),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return copy;
  }

  #compile(): RegExp {
    // Longest first, so that a secret which contains another is masked whole.
    const parts = [...this.#parts].sort((a, b) => b.length - a.length);
    if (parts.length === 0) return /(?!)/g;
    return new RegExp(parts.map(asPattern).join('|'), 'gi');
  }
}

/**
 * What JSON may escape is found in either form: encoders differ in what they do escape. Other than ASCII stands in
 * classes: V8 puts alternatives together that begin alike in any letter case, takes the Kelvin sign for a k there, and
 * then does not find it as one.
 */
function asPattern(part: string): string {
  return part.replace(/[^a-z\d_ ]/gi, (char) => {
    const literal = /[!-~]/.test(char) ? `\\${char}` : `[${char}]`;
    if (/[-.~]/.test(char)) return literal;
    return `(?:\\\\?${literal}|\\\\u${char.charCodeAt(0).toString(16).padStart(4, '0')})`;
  });
}

/** What of an error is worth keeping is not enumerable. */
function namesOf(value: object): string[] {
  if (!(value instanceof Error)) return Object.keys(value);
  const hidden = ['name', 'message', 'stack', 'cause', 'errors'].filter((name) => name in value);
  return [...new Set([...hidden, ...Object.keys(value)])];
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function forms(secret: string): Set<string> {
  const plain = [secret];
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  // A line of a key is as secret as the key; "-----BEGIN …-----" is not.
  if (lines.length > 1) plain.push(...lines.filter((line) => line.length >= 8 && !line.startsWith('-----')));
  const all = new Set<string>();
  for (const text of plain) {
    all.add(text);
    for (const encoded of percentForms(text.toWellFormed())) all.add(encoded);
    all.add(JSON.stringify(text).slice(1, -1));
    for (const encoded of base64Forms(text)) all.add(encoded);
  }
  return all;
}

/** The text as encoders differ in what they leave alone: for whole URLs, components, RFC 3986, forms, user-info. */
function percentForms(text: string): string[] {
  const component = encodeURIComponent(text);
  const url = new URL('http://host');
  url.password = text;
  return [
    encodeURI(text),
    component,
    component.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`),
    new URLSearchParams({ v: text }).toString().slice(2),
    url.password,
  ];
}

/**
 * Base64 of the text on its own, and the middle that stays the same wherever the text stands inside a longer
 * encoded one (three alignments; the characters shared with its neighbours are left out).
 */
function base64Forms(text: string): string[] {
  const bytes = Buffer.from(text);
  const found = [bytes.toString('base64'), bytes.toString('base64').replace(/=+$/, '')];
  for (const offset of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const start = offset === 0 ? 0 : offset + 1;
    const complete = Math.floor(((offset + bytes.length) * 8) / 6);
    const middle = encoded.slice(start, complete);
    // Fewer characters would match ordinary text.
    if (middle.length >= 6) found.push(middle);
  }
  return found.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}

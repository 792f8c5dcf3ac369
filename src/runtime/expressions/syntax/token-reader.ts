import { Fault } from '../fault.js';
import { LIMITS } from '../limits.js';
import type { Expression } from './nodes.js';
import type { Token } from './scan-expression.js';

/** Reads one tag's tokens from left to right and holds the parser to its bounds. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #index = 0;
  #nesting: number;

  constructor(tokens: readonly Token[], nesting = 0) {
    this.#tokens = tokens;
    this.#nesting = nesting;
  }

  get nesting(): number {
    return this.#nesting;
  }

  peek(ahead = 0): Token {
    const last = this.#tokens.length - 1;
    return this.#tokens[Math.min(this.#index + ahead, last)] ?? { type: 'end', start: 0 };
  }

  next(): Token {
    const token = this.peek();
    this.#index++;
    return token;
  }

  /** Whether the token is this symbol; names never are. */
  isSymbol(value: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.type === 'symbol' && token.value === value;
  }

  isName(value: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.type === 'name' && token.value === value;
  }

  /** Steps over the symbol when it is there. */
  takeSymbol(value: string): boolean {
    if (!this.isSymbol(value)) return false;
    this.#index++;
    return true;
  }

  expectSymbol(value: string): void {
    if (!this.takeSymbol(value)) throw this.unexpected(`"${value}"`);
  }

  expectName(what: string): { value: string; start: number } {
    const token = this.peek();
    if (token.type !== 'name') throw this.unexpected(what);
    this.#index++;
    return { value: token.value, start: token.start };
  }

  expectEnd(): void {
    if (this.peek().type !== 'end') throw this.unexpected('the end of the tag');
  }

  unexpected(expected: string): Fault {
    const token = this.peek();
    return new Fault(`${expected} is expected, not ${describeToken(token)}`, { offset: token.start });
  }

  /** Runs `parse` one level deeper. */
  nested<T>(parse: () => T): T {
    this.#nesting++;
    if (this.#nesting > LIMITS.nesting) {
      throw new Fault('it is nested too deeply', { offset: this.peek().start });
    }
    const result = parse();
    this.#nesting--;
    return result;
  }

  /** The height of a node above `children`. */
  heightOver(...children: readonly Expression[]): number {
    let height = 1;
    for (const child of children) height = Math.max(height, child.height + 1);
    if (height > LIMITS.treeHeight) {
      throw new Fault('it is too long a chain of operators', {
        offset: this.peek().start,
        hint: 'Split it with {% set %}.',
      });
    }
    return height;
  }
}

function describeToken(token: Token): string {
  if (token.type === 'end') return 'the end of the tag';
  if (token.type === 'interpolated') return 'a string';
  if (token.type === 'string') return 'a string';
  if (token.type === 'number') return 'a number';
  return `"${token.value}"`;
}

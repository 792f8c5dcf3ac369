export interface FaultOptions {
  /** Where in the template's source, as an offset in UTF-16 units. */
  offset?: number;
  hint?: string;
  cause?: unknown;
}

export interface Explanation {
  readonly detail: string;
  readonly hint: string | null;
}

/**
 * A failure inside an expression, raised where the property and the source are not known. The front door turns
 * it into an `ExpressionError`. Its detail continues the sentence `cannot evaluate "…" at column 4: …`.
 */
export class Fault extends Error {
  offset: number | null;
  readonly #hint: string | null;

  constructor(detail: string, options: FaultOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.offset = options.offset ?? null;
    this.#hint = options.hint ?? null;
  }

  explain(): Explanation {
    return { detail: this.message, hint: this.#hint };
  }

  /** The same fault, placed at `offset` unless it already has a place. */
  at(offset: number): this {
    this.offset ??= offset;
    return this;
  }
}

/**
 * A variable, an attribute or an element does not exist, which `??`, `default` and `is defined` forgive. They do so in
 * loops over large maps, so the search for a similar name waits until somebody reads it.
 */
export class UndefinedNameFault extends Fault {
  readonly #explain: () => Explanation;

  constructor(name: string, explain: () => Explanation) {
    super(`"${name}" is not defined`);
    this.#explain = explain;
  }

  override explain(): Explanation {
    return this.#explain();
  }
}

export interface FaultOptions {
  /** Where in the template's source, as an offset in UTF-16 units. */
  offset?: number;
  hint?: string;
  /** A variable or an attribute does not exist, which `??`, `default` and `is defined` forgive. */
  undefinedName?: boolean;
  cause?: unknown;
}

/**
 * A failure inside an expression, raised where the property and the source are not known. The front door turns
 * it into an `ExpressionError`. `message` continues the sentence `cannot evaluate "…" at column 4: …`.
 */
export class Fault extends Error {
  offset: number | null;
  readonly hint: string | null;
  readonly undefinedName: boolean;

  constructor(detail: string, options: FaultOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.offset = options.offset ?? null;
    this.hint = options.hint ?? null;
    this.undefinedName = options.undefinedName ?? false;
  }

  /** The same fault, placed at `offset` unless it already has a place. */
  at(offset: number): this {
    this.offset ??= offset;
    return this;
  }
}

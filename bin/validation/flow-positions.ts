import { isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml';

export interface Position {
  line: number;
  column: number;
}

/** Finds where things stand in a flow's source. */
export class FlowPositions {
  readonly #lines = new LineCounter();
  readonly #root: Node | null;

  constructor(source: string) {
    this.#root = parseDocument(source, {
      lineCounter: this.#lines,
      merge: true,
      prettyErrors: false,
    }).contents;
  }

  /** Where the value at `path` begins, or the nearest thing around it that exists. 1-based. */
  of(path: readonly PropertyKey[]): Position {
    for (let length = path.length; length > 0; length--) {
      const offset = this.#offset(path.slice(0, length));
      if (offset !== null) return this.#position(offset);
    }
    return this.#position(this.#root?.range?.[0] ?? 0);
  }

  /** Where the key that ends `path` stands. */
  ofKey(path: readonly PropertyKey[]): Position {
    const parent = this.#node(path.slice(0, -1));
    const key = path.at(-1);
    const pair = isMap(parent)
      ? parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
      : undefined;
    return isScalar(pair?.key) && pair.key.range ? this.#position(pair.key.range[0]) : this.of(path);
  }

  #offset(path: readonly PropertyKey[]): number | null {
    const node = this.#node(path);
    return isNode(node) && node.range ? node.range[0] : null;
  }

  #node(path: readonly PropertyKey[]): unknown {
    if (path.length === 0) return this.#root;
    const root = this.#root;
    return root !== null && 'getIn' in root ? root.getIn(path, true) : null;
  }

  #position(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}
